//! [`MioReactor`]: where the loop's thread sleeps, and what the operating
//! system has to say about descriptors.

pub(crate) mod sources;

use std::{
    cell::{Cell, RefCell},
    io,
    os::fd::{AsFd, OwnedFd},
    sync::Arc,
    task::Waker,
    time::Duration,
};

use mio::{Token, event::Event};
use quadrivium_core::{Interest, host};

use crate::{reactor::sources::Sources, wake::unparker::Unparker};

const UNPARK: Token = Token(usize::MAX);

/// What one look at the descriptors can find.
const EVENTS: usize = 256;

/// Turns what the operating system says about descriptors into wakes.
///
/// Each [`EventLoop`](crate::EventLoop) has one. This is for hosts that have none of their own.
/// They hand out its [`sources`](MioReactor::sources). Their thread sleeps in
/// [`wait`](MioReactor::wait). If it sleeps elsewhere, they call [`look`](MioReactor::look)
/// whenever the reactor's [`descriptor`](MioReactor::descriptor) becomes readable.
#[derive(Debug)]
pub struct MioReactor {
    poll: RefCell<PollState>,
    pub(crate) sources: Arc<Sources>,
    /// What the last poll found. Taken out while tasks are woken, so that nothing is borrowed then.
    edges: RefCell<Vec<Edges>>,
    /// The last poll found as much as it can hold.
    has_more: Cell<bool>,
}

#[derive(Debug)]
enum PollState {
    /// The loop sleeps elsewhere, and no descriptor has been registered.
    NotYet,
    Open(OpenPoll),
    /// The loop is closed: a handle that outlives it holds no descriptor.
    Closed,
}

#[derive(Debug)]
struct OpenPoll {
    poll: mio::Poll,
    events: mio::Events,
}

/// What became ready about a descriptor.
#[derive(Debug)]
struct Edges {
    token: Token,
    readable: bool,
    writable: bool,
    /// From now on a short read does not say that nothing is left.
    spoils_short_reads: bool,
}

impl MioReactor {
    /// A reactor without a loop.
    ///
    /// # Errors
    ///
    /// When the operating system refuses the descriptor it needs.
    pub fn new() -> io::Result<Self> {
        Ok(Self::with(PollState::Open(OpenPoll::new()?)))
    }

    /// Tells those whose descriptors have become ready. Never waits. True when there may be more:
    /// no edge of the [`descriptor`](MioReactor::descriptor) will tell of that.
    pub fn look(&self) -> bool {
        self.wait(Some(Duration::ZERO));
        self.has_more()
    }

    /// A reactor in which a thread can [wait](MioReactor::wait), and the waker that ends the wait,
    /// from any thread.
    ///
    /// # Errors
    ///
    /// When the operating system refuses the descriptors it needs.
    pub fn with_waker() -> io::Result<(Self, Waker)> {
        let (reactor, unparker) = Self::of_a_loop()?;
        Ok((reactor, Waker::from(Arc::new(unparker))))
    }

    /// Waits until a descriptor is ready, the waker wakes, or `timeout` is over, and tells those
    /// whose descriptors have become ready. It may return early for no reason.
    pub fn wait(&self, timeout: Option<Duration>) {
        self.poll(timeout);
        self.tell();
    }

    /// Whether a task waits for one of the descriptors.
    pub fn is_waited_for(&self) -> bool {
        self.sources.any_is_waited_for()
    }

    pub(crate) fn of_a_loop() -> io::Result<(Self, Unparker)> {
        let poll = OpenPoll::new()?;
        let unparker = Unparker::Reactor(mio::Waker::new(poll.poll.registry(), UNPARK)?);
        Ok((Self::with(PollState::Open(poll)), unparker))
    }

    /// The loop sleeps elsewhere: it has no descriptors before one of its tasks waits for one.
    pub(crate) fn of_a_guest() -> Self {
        Self::with(PollState::NotYet)
    }

    fn with(poll: PollState) -> Self {
        Self {
            poll: RefCell::new(poll),
            sources: Arc::new(Sources::new()),
            edges: RefCell::default(),
            has_more: Cell::new(false),
        }
    }

    /// What descriptors are registered with, from any thread.
    ///
    /// # Errors
    ///
    /// When the operating system refuses one more descriptor.
    pub fn sources(&self) -> io::Result<Arc<dyn host::Reactor>> {
        let mut poll = self.poll.borrow_mut();
        if let PollState::NotYet = *poll {
            *poll = PollState::Open(OpenPoll::new()?);
        }
        if let PollState::Open(OpenPoll { poll, .. }) = &*poll {
            // A loop that never waits for a descriptor does without this one.
            self.sources.open(|| poll.registry().try_clone())?;
        }
        Ok(Arc::clone(&self.sources) as _)
    }

    /// Whether another poll may find something at once. No edge of [`descriptor`](Self::descriptor)
    /// tells of what one poll has left over.
    pub(crate) fn has_more(&self) -> bool {
        self.has_more.get()
    }

    /// A descriptor that is readable when one of the sources is ready. It is to be watched for
    /// edges.
    ///
    /// # Errors
    ///
    /// When the operating system refuses one more descriptor.
    pub fn descriptor(&self) -> io::Result<OwnedFd> {
        match &*self.poll.borrow() {
            PollState::Open(OpenPoll { poll, .. }) => poll.registry().as_fd().try_clone_to_owned(),
            PollState::NotYet | PollState::Closed => Err(io::ErrorKind::NotFound.into()),
        }
    }

    pub(crate) fn close(&self) {
        self.poll.replace(PollState::Closed);
        self.sources.close();
    }

    /// Sleeps until it is unparked, a descriptor becomes ready or `timeout` is over, or for no
    /// reason (a signal).
    pub(crate) fn poll(&self, timeout: Option<Duration>) {
        let PollState::Open(OpenPoll { poll, events }) = &mut *self.poll.borrow_mut() else {
            return;
        };
        // The kernel counts whole milliseconds; mio rounds up, so no timer fires early.
        match poll.poll(events, timeout) {
            Ok(()) => {}
            // mio hands EINTR on, without events; the loop looks around and parks again.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return,
            Err(error) => panic!("the event loop cannot wait for events: {error}"),
        }
        self.has_more.set(events.iter().count() == EVENTS);
        let news = events.iter().filter(|event| event.token() != UNPARK).map(Edges::from);
        self.edges.borrow_mut().extend(news);
    }

    /// Tells those that wait. Their wakers may be user code.
    pub(crate) fn tell(&self) {
        let mut edges = self.edges.take();
        for it in edges.drain(..) {
            // Looked up one by one: a waker may drop a descriptor of the same batch.
            let Some(readiness) = self.sources.at(it.token) else { continue };
            if it.spoils_short_reads {
                readiness.distrust();
            }
            if it.readable {
                readiness.edge(Interest::Readable);
            }
            if it.writable {
                readiness.edge(Interest::Writable);
            }
        }
        self.edges.replace(edges);
    }
}

impl From<&Event> for Edges {
    fn from(event: &Event) -> Self {
        // A failed descriptor gives an answer to whatever is tried.
        let readable = event.is_readable() || event.is_read_closed() || event.is_error();
        let writable = event.is_writable() || event.is_write_closed() || event.is_error();
        // The end of a stream lies behind its last bytes, and no other edge tells of it. A read
        // stops at an urgent byte.
        let is_over = event.is_read_closed() || event.is_write_closed() || event.is_error();
        let spoils_short_reads = is_over || event.is_priority();
        Self { token: event.token(), readable, writable, spoils_short_reads }
    }
}

impl OpenPoll {
    fn new() -> io::Result<Self> {
        Ok(Self { poll: mio::Poll::new()?, events: mio::Events::with_capacity(EVENTS) })
    }
}
