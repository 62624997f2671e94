//! The receiving end of a broadcast.

use std::{cell::Cell, error::Error, fmt, pin::Pin, rc::Rc};

use super::Shared;
use crate::{Context, RESUMED_AFTER_DONE, Step, Task, Wait, fairness, sync::waiters::Ticket};

/// The end that receives every value that is sent while it is there.
pub struct Receiver<T> {
    place: Rc<Place<T>>,
}

/// How far one receiver has come: it, and those of its receives that have not ended, share it.
struct Place<T> {
    state: Shared<T>,
    next: Cell<u64>,
}

impl<T> Receiver<T> {
    /// A receiver of what is sent from now on.
    pub(super) fn new(shared: Shared<T>) -> Self {
        let mut state = shared.borrow_mut();
        state.receivers += 1;
        let next = Cell::new(state.ring.end());
        drop(state);
        Self { place: Rc::new(Place { state: shared, next }) }
    }
}

impl<T: Clone> Receiver<T> {
    /// Receives the next value, waiting for one. The output is an error when values were lost,
    /// because this receiver lags too far behind, and when all are received and the senders are
    /// gone.
    ///
    /// Dropped before it is done, it has received nothing. Until then it counts as the receiver.
    pub fn recv(&self) -> Recv<T> {
        Recv { place: Some(Rc::clone(&self.place)), ticket: None }
    }

    /// Receives the next value if there is one. Does not wait.
    ///
    /// # Errors
    ///
    /// When there is none now or there will never be one, and when values were lost.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        match self.place.receive() {
            Some(received) => received.map(Rc::unwrap_or_clone).map_err(|error| match error {
                RecvError::Lagged(n) => TryRecvError::Lagged(n),
                RecvError::Closed => TryRecvError::Closed,
            }),
            None => Err(TryRecvError::Empty),
        }
    }
}

impl<T> Place<T> {
    /// What there is to receive now.
    fn receive(&self) -> Option<Result<Rc<T>, RecvError>> {
        let mut state = self.state.borrow_mut();
        let mut next = self.next.get();
        let missed = state.ring.skip_missed(&mut next);
        let received = match missed {
            0 => state.ring.receive(&mut next).map(Ok),
            _ => Some(Err(RecvError::Lagged(missed))),
        };
        self.next.set(next);
        let is_closed = state.senders == 0;
        received.or_else(|| is_closed.then_some(Err(RecvError::Closed)))
    }
}

impl<T> Drop for Place<T> {
    fn drop(&mut self) {
        let mut state = self.state.borrow_mut();
        state.receivers -= 1;
        let gone = state.ring.leave(self.next.get());
        drop(state);
        // Outside the borrow: a destructor may use this channel.
        drop(gone);
    }
}

/// A task that receives a value. Made by [`Receiver::recv`].
#[must_use = "a task is lazy: perform it"]
pub struct Recv<T> {
    /// Gone when it is done.
    place: Option<Rc<Place<T>>>,
    ticket: Option<Ticket>,
}

impl<T: Clone> Task for Recv<T> {
    type Output = Result<T, RecvError>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        let this = &mut *self;
        let place = this.place.as_ref().expect(RESUMED_AFTER_DONE);
        // First: another executor's waker is user code when it is cloned, and may send.
        let waker = cx.local_waker();
        let gives_way = fairness::gives_way(this.ticket.is_some());
        let received = if gives_way { None } else { place.receive() };
        let Some(received) = received else {
            let former = place.state.borrow_mut().receiving.wait(&mut this.ticket, waker);
            drop(former);
            return Step::Suspended(if gives_way { Wait::Turn } else { Wait::Wake });
        };
        let own = this.ticket.take();
        let left = own.and_then(|ticket| place.state.borrow_mut().receiving.leave(ticket));
        drop(left);
        this.place = None;
        fairness::done(received.map(Rc::unwrap_or_clone))
    }
}

impl<T> Drop for Recv<T> {
    fn drop(&mut self) {
        let (Some(place), Some(ticket)) = (&self.place, self.ticket.take()) else { return };
        let left = place.state.borrow_mut().receiving.leave(ticket);
        drop(left);
    }
}

/// Why [`Receiver::recv`] has received nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecvError {
    /// So many values are lost, because there was no room for them any more. The next receive goes
    /// on with the oldest that is left.
    Lagged(u64),
    /// All is received, and the last sender is gone.
    Closed,
}

/// Why [`Receiver::try_recv`] has received nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryRecvError {
    /// There is no value now.
    Empty,
    /// So many values are lost. The next receive goes on with the oldest that is left.
    Lagged(u64),
    /// All is received, and the last sender is gone.
    Closed,
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecvError::Lagged(n) => {
                write!(f, "{n} values are lost: receive faster, or give the channel more room")
            }
            RecvError::Closed => f.write_str("the channel is closed: its last sender was dropped"),
        }
    }
}

impl Error for RecvError {}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TryRecvError::Empty => {
                f.write_str("the channel is empty: use recv to wait for a value")
            }
            TryRecvError::Lagged(n) => RecvError::Lagged(*n).fmt(f),
            TryRecvError::Closed => RecvError::Closed.fmt(f),
        }
    }
}

impl Error for TryRecvError {}
