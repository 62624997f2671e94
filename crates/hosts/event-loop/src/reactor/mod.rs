//! [`MioReactor`]: the thread of a loop sleeps in it until a descriptor is ready.

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

/// The largest number of events that one poll returns.
const EVENTS_PER_POLL: usize = 256;

/// Wakes tasks when the operating system reports that their descriptors are ready.
///
/// Each [`EventLoop`](crate::EventLoop) has one. It is public for hosts that have no reactor of
/// their own. Such a host hands out the reactor's [`sources`](MioReactor::sources), with which
/// tasks register descriptors. Its thread sleeps in [`wait`](MioReactor::wait). A host that sleeps
/// elsewhere calls [`look`](MioReactor::look) whenever the reactor's
/// [`descriptor`](MioReactor::descriptor) becomes readable.
#[derive(Debug)]
pub struct MioReactor {
    poll: RefCell<PollState>,
    pub(crate) sources: Arc<Sources>,
    /// The edges that the last poll has found. They are taken out while tasks are woken, so that
    /// nothing is borrowed then.
    edges: RefCell<Vec<Edges>>,
    /// The last poll returned as many events as it can, so there may be more.
    has_more: Cell<bool>,
}

#[derive(Debug)]
enum PollState {
    /// The loop sleeps elsewhere, and no descriptor has been registered.
    NotYet,
    Open(OpenPoll),
    /// The loop is closed. A handle that outlives the loop keeps no descriptor open.
    Closed,
}

#[derive(Debug)]
struct OpenPoll {
    poll: mio::Poll,
    events: mio::Events,
}

/// The edges of one descriptor. An edge is the change from not ready to ready.
#[derive(Debug)]
struct Edges {
    token: Token,
    readable: bool,
    writable: bool,
    /// From now on a short read does not prove that nothing is left to read.
    spoils_short_reads: bool,
}

impl MioReactor {
    /// Makes a reactor without a loop.
    ///
    /// # Errors
    ///
    /// Fails when the operating system refuses the descriptor that the reactor needs.
    pub fn new() -> io::Result<Self> {
        Ok(Self::with(PollState::Open(OpenPoll::new()?)))
    }

    /// Wakes the tasks whose descriptors have become ready, and never waits. Returns true if there
    /// may be more. Then call it again, because no edge of the
    /// [`descriptor`](MioReactor::descriptor) reports them.
    pub fn look(&self) -> bool {
        self.wait(Some(Duration::ZERO));
        self.has_more()
    }

    /// Makes a reactor in which a thread can [wait](MioReactor::wait), and a waker that ends the
    /// wait, from any thread.
    ///
    /// # Errors
    ///
    /// Fails when the operating system refuses the descriptors that the reactor needs.
    pub fn with_waker() -> io::Result<(Self, Waker)> {
        let (reactor, unparker) = Self::of_a_loop()?;
        Ok((reactor, Waker::from(Arc::new(unparker))))
    }

    /// Waits until a descriptor is ready, the waker is woken, or `timeout` has passed. Then wakes
    /// the tasks whose descriptors have become ready. It may return early for no reason.
    pub fn wait(&self, timeout: Option<Duration>) {
        self.poll(timeout);
        self.wake_waiters();
    }

    /// Returns whether a task waits for one of the descriptors.
    pub fn is_waited_for(&self) -> bool {
        self.sources.any_is_waited_for()
    }

    pub(crate) fn of_a_loop() -> io::Result<(Self, Unparker)> {
        let poll = OpenPoll::new()?;
        let unparker = Unparker::Reactor(mio::Waker::new(poll.poll.registry(), UNPARK)?);
        Ok((Self::with(PollState::Open(poll)), unparker))
    }

    /// Makes the reactor of a loop that sleeps elsewhere. It has no descriptors of its own before a
    /// task of the loop waits for one.
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

    /// Returns the object with which descriptors are registered, from any thread.
    ///
    /// # Errors
    ///
    /// Fails when the operating system refuses one more descriptor.
    pub fn sources(&self) -> io::Result<Arc<dyn host::Reactor>> {
        let mut poll = self.poll.borrow_mut();
        if let PollState::NotYet = *poll {
            *poll = PollState::Open(OpenPoll::new()?);
        }
        if let PollState::Open(OpenPoll { poll, .. }) = &*poll {
            // A loop that never waits for a descriptor does not need this one.
            self.sources.open(|| poll.registry().try_clone())?;
        }
        Ok(Arc::clone(&self.sources) as _)
    }

    /// Returns whether another poll may find events at once. No edge of
    /// [`descriptor`](Self::descriptor) reports the events that one poll has left over.
    pub(crate) fn has_more(&self) -> bool {
        self.has_more.get()
    }

    /// Returns a descriptor that becomes readable when one of the sources becomes ready. Watch it
    /// for edges, because no code reads from it.
    ///
    /// # Errors
    ///
    /// Fails when the operating system refuses one more descriptor.
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

    /// Sleeps until the thread is unparked, a descriptor becomes ready or `timeout` has passed. A
    /// signal may end the sleep as well.
    pub(crate) fn poll(&self, timeout: Option<Duration>) {
        let PollState::Open(OpenPoll { poll, events }) = &mut *self.poll.borrow_mut() else {
            return;
        };
        // The kernel counts whole milliseconds; mio rounds up, so no timer fires early.
        match poll.poll(events, timeout) {
            Ok(()) => {}
            // mio returns EINTR without events. The loop runs another turn and parks again.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return,
            Err(error) => panic!("the event loop cannot wait for events: {error}"),
        }
        self.has_more.set(events.iter().count() == EVENTS_PER_POLL);
        let news = events.iter().filter(|event| event.token() != UNPARK).map(Edges::from);
        self.edges.borrow_mut().extend(news);
    }

    /// Wakes the tasks for which `poll` has found edges. Their wakers may be user code.
    pub(crate) fn wake_waiters(&self) {
        let mut edges = self.edges.take();
        for it in edges.drain(..) {
            // Each descriptor is looked up only now, because a waker may drop another descriptor of
            // the same poll.
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
        // On a failed descriptor every operation returns at once.
        let readable = event.is_readable() || event.is_read_closed() || event.is_error();
        let writable = event.is_writable() || event.is_write_closed() || event.is_error();
        // The end of a stream comes after its last bytes, and no other edge reports it. A read also
        // stops at an urgent byte.
        let is_over = event.is_read_closed() || event.is_write_closed() || event.is_error();
        let spoils_short_reads = is_over || event.is_priority();
        Self { token: event.token(), readable, writable, spoils_short_reads }
    }
}

impl OpenPoll {
    fn new() -> io::Result<Self> {
        Ok(Self { poll: mio::Poll::new()?, events: mio::Events::with_capacity(EVENTS_PER_POLL) })
    }
}
