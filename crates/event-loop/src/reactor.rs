//! [`Reactor`]: where the loop's thread sleeps, and the bell that wakes it.

use std::{io, time::Duration};

const BELL: mio::Token = mio::Token(usize::MAX);

#[derive(Debug)]
pub(crate) struct Reactor {
    poll: mio::Poll,
    events: mio::Events,
}

/// Wakes the thread that sleeps in the reactor.
#[derive(Debug)]
pub(crate) struct Bell(mio::Waker);

impl Reactor {
    pub(crate) fn new() -> io::Result<(Self, Bell)> {
        let poll = mio::Poll::new()?;
        let bell = Bell(mio::Waker::new(poll.registry(), BELL)?);
        Ok((Self { poll, events: mio::Events::with_capacity(64) }, bell))
    }

    /// Sleeps until the bell rings or `timeout` is over, or for no reason (a signal).
    pub(crate) fn park(&mut self, timeout: Option<Duration>) {
        // The kernel counts whole milliseconds; mio rounds up, so no timer fires early.
        match self.poll.poll(&mut self.events, timeout) {
            Ok(()) => {}
            // mio hands EINTR on; the loop looks around and parks again.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => panic!("the event loop cannot wait for events: {error}"),
        }
    }
}

impl Bell {
    pub(crate) fn ring(&self) {
        // A full counter means that it has rung already; there is no other way to fail.
        let _ = self.0.wake();
    }
}
