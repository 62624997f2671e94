//! [`Socket`]: one end of a connection. It has a stage, the bytes for this end, and waiting tasks.
//!
//! The stages are the states of TCP (RFC 9293, section 3.3.2) that a program can tell apart:
//!
//! ```text
//!          ┌─1─► Ended ───────2───────┐     1  this end closes its writing (end_writing)
//!          │       └──3───┐           ▼     2  the other end has closed its writing (other_ends)
//!   Open ──┼──────────3─► Reset ─4─► Closed 3  a reset comes (reset)
//!          │                          ▲     4  an operation fails with the reset (take_reset)
//!          └─2─► OtherEnded ───1,3────┘     5  the end is dropped, in any stage (leave): Gone
//! ```
//!
//! A reset that loses bytes also leads from `OtherEnded` and `Closed` to `Reset`.

use std::{
    cell::RefCell,
    io::{self, ErrorKind},
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use quadrivium_core::{Context, LocalWaker, Step, Wait, fairness, host};

use super::arrivals::{Arrivals, Arrived, split};
use crate::run;

/// The longest delay, a hundred years. An `Instant` cannot be arbitrarily late.
const SLOWEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

#[derive(Debug)]
pub(super) struct Socket {
    state: RefCell<State>,
    capacity: usize,
}

#[derive(Debug, Default)]
struct State {
    stage: SocketStage,
    arrivals: Arrivals,
    /// When the other end's reset comes, as its answer to bytes that it does not read any more.
    reset_comes: Option<Instant>,
    readers: Vec<LocalWaker>,
    writers: Vec<LocalWaker>,
    /// Whether the present operation has suspended.
    has_suspended: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum SocketStage {
    #[default]
    Open,
    /// This end writes no more.
    Ended,
    /// The other end writes no more.
    OtherEnded,
    /// The connection was reset, and no operation has failed with that error yet.
    Reset,
    /// Neither end writes any more, or an operation has failed with a reset.
    Closed,
    /// This end was dropped.
    Gone,
}

/// The result of sending bytes to a socket.
pub(super) enum Sent {
    /// This many are on their way.
    Bytes(usize),
    NoRoom,
    /// This many were taken, but this end is gone and no task reads them. A reset answers them at
    /// the given time, or at once if there is none.
    Unread(usize, Option<Instant>),
}

impl Socket {
    pub(super) fn new(capacity: usize) -> Self {
        Self { state: RefCell::default(), capacity }
    }

    /// Takes up to `most` bytes that have arrived. The output is empty at the end of the stream.
    pub(super) fn read(&self, most: usize, cx: &Context<'_>) -> Step<io::Result<Vec<u8>>> {
        let mut state = self.state.borrow_mut();
        let wait = match (state.arrivals.take(most, cx), state.stage) {
            (Arrived::Bytes(bytes), _) => return Step::Done(Ok(bytes)),
            (Arrived::Late(arrives), _) => Wait::Until(arrives),
            (Arrived::Nothing, SocketStage::Open | SocketStage::Ended) => Wait::Wake,
            (Arrived::Nothing, SocketStage::Reset) => return Step::Done(Err(state.take_reset())),
            (
                Arrived::Nothing,
                SocketStage::OtherEnded | SocketStage::Closed | SocketStage::Gone,
            ) => {
                return Step::Done(Ok(Vec::new()));
            }
        };
        drop(state);
        self.wait(cx, |state| &mut state.readers);
        Step::Suspended(wait)
    }

    /// Returns whether the operation must first let other tasks run.
    pub(super) fn gives_way(&self) -> bool {
        let mut state = self.state.borrow_mut();
        let gives_way = fairness::gives_way(state.has_suspended);
        state.has_suspended |= gives_way;
        gives_way
    }

    /// Ends an operation with this output.
    pub(super) fn done<T>(&self, output: T) -> Step<T> {
        self.state.borrow_mut().has_suspended = false;
        fairness::done(output)
    }

    /// Checks that this end may write.
    pub(super) fn check_write(&self, cx: &Context<'_>) -> io::Result<()> {
        let reset_comes = self.state.borrow().reset_comes;
        if reset_comes.is_some_and(|comes| comes <= cx.now()) {
            self.reset();
        }
        let mut state = self.state.borrow_mut();
        match state.stage {
            SocketStage::Open | SocketStage::OtherEnded => Ok(()),
            SocketStage::Reset => Err(state.take_reset()),
            SocketStage::Ended | SocketStage::Closed | SocketStage::Gone => {
                Err(ErrorKind::BrokenPipe.into())
            }
        }
    }

    /// Starts the transfer of some bytes that the other end has written to this end.
    pub(super) fn send(&self, bytes: &[u8], cx: &Context<'_>) -> Sent {
        let mut state = self.state.borrow_mut();
        let is_gone = state.stage == SocketStage::Gone;
        let room = if is_gone { bytes.len() } else { self.capacity - state.arrivals.len() };
        if room == 0 {
            return Sent::NoRoom;
        }
        let n = split(bytes.len().min(room));
        let arrives =
            run::slowness().and_then(|slowness| cx.now().checked_add(slowness.min(SLOWEST)));
        if is_gone {
            return Sent::Unread(n, arrives);
        }
        state.arrivals.put(&bytes[..n], arrives);
        drop(state);
        self.wake_readers();
        Sent::Bytes(n)
    }

    /// Registers the task to be woken when the other end has room.
    pub(super) fn wait_for_room(&self, cx: &Context<'_>) {
        self.wait(cx, |state| &mut state.writers);
    }

    /// Closes the writing of this end. Returns false when it was closed before, or the connection
    /// is over.
    pub(super) fn end_writing(&self) -> bool {
        let mut state = self.state.borrow_mut();
        let next = match state.stage {
            SocketStage::Open => SocketStage::Ended,
            SocketStage::OtherEnded => SocketStage::Closed,
            SocketStage::Ended | SocketStage::Reset | SocketStage::Closed | SocketStage::Gone => {
                return false;
            }
        };
        state.stage = next;
        drop(state);
        self.wake_writers();
        true
    }

    /// Notes that the other end writes no more.
    pub(super) fn other_ends(&self) {
        let mut state = self.state.borrow_mut();
        state.stage = match state.stage {
            SocketStage::Open => SocketStage::OtherEnded,
            SocketStage::Ended => SocketStage::Closed,
            stage @ (SocketStage::OtherEnded
            | SocketStage::Reset
            | SocketStage::Closed
            | SocketStage::Gone) => stage,
        };
        drop(state);
        self.wake_readers();
    }

    /// Resets the connection at this end. Bytes that have not arrived are lost.
    pub(super) fn reset(&self) {
        self.state.borrow_mut().reset(now());
        self.wake_readers();
        self.wake_writers();
    }

    /// Resets this end at once if `comes` is `None`. Otherwise the next write after that time finds
    /// the connection reset. The earliest time counts.
    pub(super) fn reset_at(&self, comes: Option<Instant>) {
        match comes {
            None => self.reset(),
            Some(comes) => {
                let mut state = self.state.borrow_mut();
                let first = state.reset_comes.map_or(comes, |before| before.min(comes));
                state.reset_comes = Some(first);
            }
        }
    }

    /// Drops this end. Returns how the other end learns of it.
    pub(super) fn leave(&self) -> Departure {
        let mut state = self.state.borrow_mut();
        let stage = mem::replace(&mut state.stage, SocketStage::Gone);
        let arrivals = mem::take(&mut state.arrivals);
        match stage {
            SocketStage::Reset | SocketStage::Closed | SocketStage::Gone => Departure::Silent,
            // Bytes were left unread. As in TCP, the other end must learn that they are lost.
            _ if arrivals.has_unread(now()) => Departure::WithReset,
            SocketStage::Open | SocketStage::Ended | SocketStage::OtherEnded => {
                Departure::WithEnd { reset_comes: arrivals.next_arrival(now()) }
            }
        }
    }

    pub(super) fn wake_writers(&self) {
        self.wake(|state| &mut state.writers);
    }

    fn wake_readers(&self) {
        self.wake(|state| &mut state.readers);
    }

    fn wait(&self, cx: &Context<'_>, queue: impl FnOnce(&mut State) -> &mut Vec<LocalWaker>) {
        // Made outside the borrow, because wakers may run user code.
        let waker = cx.local_waker();
        let mut state = self.state.borrow_mut();
        state.has_suspended = true;
        let queue = queue(&mut state);
        if !queue.iter().any(|waiting| waiting.will_wake(cx.waker())) {
            queue.push(waker);
        }
    }

    fn wake(&self, queue: impl FnOnce(&mut State) -> &mut Vec<LocalWaker>) {
        WakeAll(mem::take(queue(&mut self.state.borrow_mut()))).wake_in_order();
    }
}

/// How the other end learns that this one is gone.
pub(super) enum Departure {
    /// Not at all: the connection was already over.
    Silent,
    /// It is reset.
    WithReset,
    /// It finds the end of the stream. If bytes are on their way to the end that is gone, a reset
    /// answers them.
    WithEnd { reset_comes: Option<Instant> },
}

impl State {
    /// After the end of the stream no operation fails with a reset, unless the reset loses bytes.
    /// (Linux then sets the error EPIPE, which is also the error of a write after the end.)
    fn reset(&mut self, now: Option<Instant>) {
        let lost = self.arrivals.lose_late(now);
        self.reset_comes = None;
        self.stage = match self.stage {
            SocketStage::Open | SocketStage::Ended => SocketStage::Reset,
            // The end of the stream came after the bytes that were lost.
            SocketStage::OtherEnded | SocketStage::Closed if lost => SocketStage::Reset,
            SocketStage::OtherEnded => SocketStage::Closed,
            stage @ (SocketStage::Reset | SocketStage::Closed | SocketStage::Gone) => stage,
        }
    }

    /// Returns the error for the one operation that fails with a reset. For later operations the
    /// connection has ended.
    fn take_reset(&mut self) -> io::Error {
        self.stage = SocketStage::Closed;
        ErrorKind::ConnectionReset.into()
    }
}

/// Returns the time, if a host drives this thread.
fn now() -> Option<Instant> {
    host::current().map(|host| host.now())
}

/// Wakers that are to be woken. If a foreign waker panics, the others are woken while that panic
/// unwinds.
struct WakeAll(Vec<LocalWaker>);

impl WakeAll {
    fn wake_in_order(&mut self) {
        while !self.0.is_empty() {
            self.0.remove(0).wake();
        }
    }
}

impl Drop for WakeAll {
    fn drop(&mut self) {
        if !self.0.is_empty() {
            // A second panic would abort the process.
            let _ = catch_unwind(AssertUnwindSafe(|| self.wake_in_order()));
        }
    }
}
