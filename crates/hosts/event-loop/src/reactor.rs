//! [`Reactor`]: where the loop's thread sleeps, the bell that wakes it, and what the operating
//! system has to say about descriptors.

use std::{
    cell::{Cell, RefCell},
    io,
    os::fd::{AsFd, OwnedFd},
    sync::{Arc, Mutex, PoisonError},
    task::{Wake, Waker},
    time::Duration,
};

use mio::{Token, event::Event};
use quadrivium_core::{Interest, host};

use crate::{shared::Shared, sources::Sources};

const BELL: Token = Token(usize::MAX);

/// Steps between two looks at the descriptors, while tasks are ready all the time: a look is a
/// system call, which costs as much as ten steps or more.
const STEPS: usize = 32;

/// What one look at the descriptors can find.
const EVENTS: usize = 256;

/// Turns what the operating system says about descriptors into wakes.
///
/// Each [`EventLoop`](crate::EventLoop) has one. This is for hosts that have none of their own: they
/// hand out its [`sources`](Reactor::sources) and have it [`look`](Reactor::look) whenever its
/// [`descriptor`](Reactor::descriptor) becomes readable.
#[derive(Debug)]
pub struct Reactor {
    poll: RefCell<Polled>,
    pub(crate) sources: Arc<Sources>,
    /// What the last poll found. Taken out while tasks are woken, so that nothing is borrowed then.
    edges: RefCell<Vec<Edges>>,
    /// The last poll found as much as it can hold.
    has_more: Cell<bool>,
}

#[derive(Debug)]
enum Polled {
    /// The loop sleeps elsewhere, and no descriptor has been registered.
    NotYet,
    Open(Poll),
    /// The loop is closed: a handle that outlives it holds no descriptor.
    Closed,
}

#[derive(Debug)]
struct Poll {
    poll: mio::Poll,
    events: mio::Events,
}

/// Wakes the loop that sleeps.
#[derive(Debug)]
pub(crate) enum Bell {
    /// Its thread sleeps in the reactor.
    Reactor(mio::Waker),
    /// It is a guest of another executor, which sleeps.
    Executor(Arc<ExecutorBell>),
}

/// How a guest asks the executor around it for a poll.
#[derive(Debug)]
pub(crate) struct ExecutorBell(Mutex<Waker>);

/// What became ready about a descriptor.
#[derive(Debug)]
struct Edges {
    token: Token,
    readable: bool,
    writable: bool,
    /// From now on a short read does not say that nothing is left.
    spoils_short_reads: bool,
}

impl Reactor {
    /// A reactor without a loop.
    ///
    /// # Errors
    ///
    /// When the operating system refuses the descriptor it needs.
    pub fn new() -> io::Result<Self> {
        Ok(Self::with(Polled::Open(Poll::new()?)))
    }

    /// Tells those whose descriptors have become ready. Never waits. True when there may be more: no
    /// edge of the [`descriptor`](Reactor::descriptor) will tell of that.
    pub fn look(&self) -> bool {
        self.poll(Some(Duration::ZERO));
        self.tell();
        self.has_more()
    }

    /// A reactor in which a thread can [wait](Reactor::wait), and the waker that ends the wait, from any
    /// thread.
    ///
    /// # Errors
    ///
    /// When the operating system refuses the descriptors it needs.
    pub fn with_waker() -> io::Result<(Self, Waker)> {
        let (reactor, bell) = Self::of_a_loop()?;
        Ok((reactor, Waker::from(Arc::new(bell))))
    }

    /// Waits until a descriptor is ready, the waker wakes, or `timeout` is over, and tells those whose
    /// descriptors have become ready. It may return early for no reason.
    pub fn wait(&self, timeout: Option<Duration>) {
        self.poll(timeout);
        self.tell();
    }

    /// Whether a task waits for one of the descriptors.
    pub fn is_waited_for(&self) -> bool {
        self.sources.any_is_waited_for()
    }

    pub(crate) fn of_a_loop() -> io::Result<(Self, Bell)> {
        let poll = Poll::new()?;
        let bell = Bell::Reactor(mio::Waker::new(poll.poll.registry(), BELL)?);
        Ok((Self::with(Polled::Open(poll)), bell))
    }

    /// The loop sleeps elsewhere: it has no descriptors before one of its tasks waits for one.
    pub(crate) fn of_a_guest() -> Self {
        Self::with(Polled::NotYet)
    }

    fn with(poll: Polled) -> Self {
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
        if let Polled::NotYet = *poll {
            *poll = Polled::Open(Poll::new()?);
        }
        if let Polled::Open(Poll { poll, .. }) = &*poll {
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

    /// A descriptor that is readable when one of the sources is ready. It is to be watched for edges.
    ///
    /// # Errors
    ///
    /// When the operating system refuses one more descriptor.
    pub fn descriptor(&self) -> io::Result<OwnedFd> {
        match &*self.poll.borrow() {
            Polled::Open(Poll { poll, .. }) => poll.registry().as_fd().try_clone_to_owned(),
            Polled::NotYet | Polled::Closed => Err(io::ErrorKind::NotFound.into()),
        }
    }

    pub(crate) fn close(&self) {
        self.poll.replace(Polled::Closed);
        self.sources.close();
    }

    /// Sleeps until the bell rings, a descriptor becomes ready or `timeout` is over, or for no
    /// reason (a signal).
    fn poll(&self, timeout: Option<Duration>) {
        let Polled::Open(Poll { poll, events }) = &mut *self.poll.borrow_mut() else { return };
        // The kernel counts whole milliseconds; mio rounds up, so no timer fires early.
        match poll.poll(events, timeout) {
            Ok(()) => {}
            // mio hands EINTR on, without events; the loop looks around and parks again.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return,
            Err(error) => panic!("the event loop cannot wait for events: {error}"),
        }
        self.has_more.set(events.iter().count() == EVENTS);
        let news = events.iter().filter(|event| event.token() != BELL).map(Edges::from);
        self.edges.borrow_mut().extend(news);
    }

    /// Tells those that wait. Their wakers may be user code.
    fn tell(&self) {
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

impl Poll {
    fn new() -> io::Result<Self> {
        Ok(Self { poll: mio::Poll::new()?, events: mio::Events::with_capacity(EVENTS) })
    }
}

impl Bell {
    pub(crate) fn ring(&self) {
        match self {
            // A full counter means that it has rung already; there is no other way to fail.
            Bell::Reactor(waker) => _ = waker.wake(),
            Bell::Executor(bell) => bell.ring(),
        }
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.ring();
    }
}

impl ExecutorBell {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Waker::noop().clone()))
    }

    /// Rings here from now on.
    pub(crate) fn hang(&self, waker: &Waker) {
        let mut hung = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !hung.will_wake(waker) {
            let former = std::mem::replace(&mut *hung, waker.clone());
            drop(hung);
            drop(former);
        }
    }

    /// The waker is somebody else's code: it runs while nothing is locked.
    fn ring(&self) {
        let waker = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        waker.wake();
    }
}

impl Shared {
    /// Polls the operating system and wakes who waits for what it says.
    pub(crate) fn react(&self, timeout: Option<Duration>) {
        self.steps_since_poll.set(0);
        self.reactor.poll(timeout);
        self.is_reacting.set(true);
        self.reactor.tell();
        self.is_reacting.set(false);
    }

    /// Polls at the start of a turn: when nothing is ready, and after a bounded number of steps, so
    /// that tasks that are always ready do not keep the others from their sockets.
    #[inline(never)]
    pub(crate) fn react_now_and_then(&self) {
        let ready = self.state.borrow().ready.len();
        let steps = self.steps_since_poll.get() + ready;
        self.steps_since_poll.set(steps);
        if ready == 0 || steps > STEPS {
            self.react(Some(Duration::ZERO));
        }
    }
}
