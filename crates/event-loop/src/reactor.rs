//! [`Reactor`]: where the loop's thread sleeps, the bell that wakes it, and what the operating
//! system has to say about descriptors.

use std::{cell::RefCell, io, sync::Arc, time::Duration};

use mio::{Token, event::Event};
use quadrivium_core::Interest;

use crate::{shared::Shared, sources::Sources};

const BELL: Token = Token(usize::MAX);

/// Steps between two looks at the descriptors, while tasks are ready all the time: a look is a
/// system call, which costs as much as ten steps or more.
const STEPS: usize = 32;

#[derive(Debug)]
pub(crate) struct Reactor {
    /// Gone when the loop is closed: a handle that outlives it holds no descriptor.
    poll: RefCell<Option<Poll>>,
    pub(crate) sources: Arc<Sources>,
    /// What the last poll found. Taken out while tasks are woken, so that nothing is borrowed then.
    edges: RefCell<Vec<Edges>>,
}

#[derive(Debug)]
struct Poll {
    poll: mio::Poll,
    events: mio::Events,
}

/// Wakes the thread that sleeps in the reactor.
#[derive(Debug)]
pub(crate) struct Bell(mio::Waker);

/// What became ready about a descriptor.
#[derive(Debug)]
struct Edges {
    token: Token,
    readable: bool,
    writable: bool,
    hung_up: bool,
}

impl Reactor {
    pub(crate) fn new() -> io::Result<(Self, Bell)> {
        let poll = mio::Poll::new()?;
        let bell = Bell(mio::Waker::new(poll.registry(), BELL)?);
        let poll = Poll { poll, events: mio::Events::with_capacity(256) };
        let (sources, edges) = (Arc::default(), RefCell::default());
        Ok((Self { poll: RefCell::new(Some(poll)), sources, edges }, bell))
    }

    /// What descriptors are registered with.
    pub(crate) fn sources(&self) -> io::Result<Arc<Sources>> {
        if let Some(Poll { poll, .. }) = &*self.poll.borrow() {
            // A loop that never waits for a descriptor does without this one.
            self.sources.open(|| poll.registry().try_clone())?;
        }
        Ok(Arc::clone(&self.sources))
    }

    pub(crate) fn close(&self) {
        self.poll.replace(None);
        self.sources.close();
    }

    /// Sleeps until the bell rings, a descriptor becomes ready or `timeout` is over, or for no
    /// reason (a signal).
    fn poll(&self, timeout: Option<Duration>) {
        let Some(Poll { poll, events }) = &mut *self.poll.borrow_mut() else { return };
        // The kernel counts whole milliseconds; mio rounds up, so no timer fires early.
        match poll.poll(events, timeout) {
            Ok(()) => {}
            // mio hands EINTR on, without events; the loop looks around and parks again.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return,
            Err(error) => panic!("the event loop cannot wait for events: {error}"),
        }
        let news = events.iter().filter(|event| event.token() != BELL).map(Edges::from);
        self.edges.borrow_mut().extend(news);
    }

    /// Tells those that wait. Their wakers may be user code.
    fn tell(&self) {
        let mut edges = self.edges.take();
        for it in edges.drain(..) {
            // Looked up one by one: a waker may drop a descriptor of the same batch.
            let Some(readiness) = self.sources.at(it.token) else { continue };
            if it.readable {
                readiness.edge(Interest::Readable, it.hung_up);
            }
            if it.writable {
                readiness.edge(Interest::Writable, it.hung_up);
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
        let hung_up = event.is_read_closed() || event.is_write_closed() || event.is_error();
        Self { token: event.token(), readable, writable, hung_up }
    }
}

impl Bell {
    pub(crate) fn ring(&self) {
        // A full counter means that it has rung already; there is no other way to fail.
        let _ = self.0.wake();
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
