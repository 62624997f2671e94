//! [`Socket`]: one end of a connection: its stage, the bytes for it, and the tasks that wait there.
//!
//! The stages are the states of TCP (RFC 9293, section 3.3.2) that a program can tell apart:
//!
//! ```text
//!          ┌─1─► Ended ───────2───────┐     1  this end closes its writing (end_writing)
//!          │       └──3───┐           ▼     2  the other end has closed its writing (other_ends)
//!   Open ──┼──────────3─► Reset ─4─► Closed 3  a reset comes (reset)
//!          │                          ▲     4  an operation fails with the reset (tell_reset)
//!          └─2─► OtherEnded ───1,3────┘     5  the end is dropped, in any stage (leave): Gone
//! ```

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

/// Bytes that are slower arrive after a hundred years: an instant has an end.
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
    /// When the other end's answer comes to bytes that it does not read any more: a reset.
    reset_comes: Option<Instant>,
    readers: Vec<LocalWaker>,
    writers: Vec<LocalWaker>,
    /// The operation under way has suspended.
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
    /// The connection was reset, and no operation has failed with it yet.
    Reset,
    /// Neither end writes any more, or a reset was told.
    Closed,
    /// This end was dropped.
    Gone,
}

/// What became of bytes that were sent to a socket.
pub(super) enum Sent {
    /// This many are on their way.
    Bytes(usize),
    NoRoom,
    /// This many were taken, and nobody reads them. A reset answers them then, or at once.
    ToNobody(usize, Option<Instant>),
}

impl Socket {
    pub(super) fn new(capacity: usize) -> Self {
        Self { state: RefCell::default(), capacity }
    }

    /// Takes up to `most` bytes that have arrived; none at the end.
    pub(super) fn read(&self, most: usize, cx: &Context<'_>) -> Step<io::Result<Vec<u8>>> {
        let mut state = self.state.borrow_mut();
        let wait = match (state.arrivals.take(most, cx), state.stage) {
            (Arrived::Bytes(bytes), _) => return Step::Done(Ok(bytes)),
            (Arrived::Late(arrives), _) => Wait::Until(arrives),
            (Arrived::Nothing, SocketStage::Open | SocketStage::Ended) => Wait::Wake,
            (Arrived::Nothing, SocketStage::Reset) => return Step::Done(Err(state.tell_reset())),
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

    /// Whether the operation lets the others run first.
    pub(super) fn gives_way(&self) -> bool {
        let mut state = self.state.borrow_mut();
        let gives_way = fairness::gives_way(state.has_suspended);
        state.has_suspended |= gives_way;
        gives_way
    }

    /// The last step of an operation.
    pub(super) fn done<T>(&self, output: T) -> Step<T> {
        self.state.borrow_mut().has_suspended = false;
        fairness::done(output)
    }

    /// Whether this end may write.
    pub(super) fn check_write(&self, cx: &Context<'_>) -> io::Result<()> {
        let reset_comes = self.state.borrow().reset_comes;
        if reset_comes.is_some_and(|comes| comes <= cx.now()) {
            self.reset();
        }
        let mut state = self.state.borrow_mut();
        match state.stage {
            SocketStage::Open | SocketStage::OtherEnded => Ok(()),
            SocketStage::Reset => Err(state.tell_reset()),
            SocketStage::Ended | SocketStage::Closed | SocketStage::Gone => {
                Err(ErrorKind::BrokenPipe.into())
            }
        }
    }

    /// Puts some bytes of the other end on their way to this one.
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
            return Sent::ToNobody(n, arrives);
        }
        state.arrivals.put(&bytes[..n], arrives);
        drop(state);
        self.wake_readers();
        Sent::Bytes(n)
    }

    /// Waits for room at the other end.
    pub(super) fn wait_for_room(&self, cx: &Context<'_>) {
        self.wait(cx, |state| &mut state.writers);
    }

    /// Nothing more is written here. False when that was so before, or the connection is over.
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

    /// The other end writes no more.
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

    /// A reset comes: what has not arrived is lost.
    pub(super) fn reset(&self) {
        self.state.borrow_mut().reset(now());
        self.wake_readers();
        self.wake_writers();
    }

    /// A reset comes to this end at that time, or at once.
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

    /// Nothing is done here any more. What the other end must be told.
    pub(super) fn leave(&self) -> Leaves {
        let mut state = self.state.borrow_mut();
        let stage = mem::replace(&mut state.stage, SocketStage::Gone);
        let arrivals = mem::take(&mut state.arrivals);
        match stage {
            SocketStage::Reset | SocketStage::Closed | SocketStage::Gone => Leaves::Silently,
            // An end that leaves bytes unread cannot have understood the other.
            _ if arrivals.has_unread(now()) => Leaves::WithReset,
            SocketStage::Open | SocketStage::Ended | SocketStage::OtherEnded => {
                Leaves::WithEnd { reset_comes: arrivals.next_arrival(now()) }
            }
        }
    }

    pub(super) fn wake_writers(&self) {
        self.wake(|state| &mut state.writers);
    }

    fn wake_readers(&self) {
        self.wake(|state| &mut state.readers);
    }

    fn wait(&self, cx: &Context<'_>, line: impl FnOnce(&mut State) -> &mut Vec<LocalWaker>) {
        // Made outside the borrow, as everything about wakers may be user code.
        let waker = cx.local_waker();
        let mut state = self.state.borrow_mut();
        state.has_suspended = true;
        let line = line(&mut state);
        if !line.iter().any(|waiting| waiting.will_wake(cx.waker())) {
            line.push(waker);
        }
    }

    fn wake(&self, line: impl FnOnce(&mut State) -> &mut Vec<LocalWaker>) {
        Waking(mem::take(line(&mut self.state.borrow_mut()))).wake_all();
    }
}

/// How an end goes, for the other.
pub(super) enum Leaves {
    /// The connection was over.
    Silently,
    WithReset,
    /// It writes no more. If bytes are on their way to it, they are answered with a reset.
    WithEnd {
        reset_comes: Option<Instant>,
    },
}

impl State {
    /// After the end of the stream no operation fails with a reset. (Linux notes EPIPE then, with
    /// which a write fails in any case.)
    fn reset(&mut self, now: Option<Instant>) {
        let lost = self.arrivals.lose_late(now);
        self.reset_comes = None;
        self.stage = match self.stage {
            SocketStage::Open | SocketStage::Ended => SocketStage::Reset,
            // The end stood behind what was lost.
            SocketStage::OtherEnded | SocketStage::Closed if lost => SocketStage::Reset,
            SocketStage::OtherEnded => SocketStage::Closed,
            stage @ (SocketStage::Reset | SocketStage::Closed | SocketStage::Gone) => stage,
        }
    }

    /// One operation is told of a reset. To the others the connection has ended.
    fn tell_reset(&mut self) -> io::Error {
        self.stage = SocketStage::Closed;
        ErrorKind::ConnectionReset.into()
    }
}

/// The time, where something tells it.
fn now() -> Option<Instant> {
    host::current().map(|host| host.now())
}

/// Those that are to be woken: if a foreign waker panics, the others are woken as that unwinds.
struct Waking(Vec<LocalWaker>);

impl Waking {
    fn wake_all(&mut self) {
        while !self.0.is_empty() {
            self.0.remove(0).wake();
        }
    }
}

impl Drop for Waking {
    fn drop(&mut self) {
        if !self.0.is_empty() {
            // A second panic would abort the process.
            let _ = catch_unwind(AssertUnwindSafe(|| self.wake_all()));
        }
    }
}
