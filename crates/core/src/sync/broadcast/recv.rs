//! The receiving end of a broadcast channel.

use std::{
    cell::{Cell, RefCell},
    error::Error,
    fmt,
    panic::Location,
    pin::Pin,
    rc::Rc,
};

use super::State;
use crate::{
    Context, LocalWaker, RESUMED_AFTER_DONE, Step, Task,
    inspect::{LeafKind, ObjectNumber, Side},
    sync::{
        deferred::{update, update_with},
        wait_queue::QueuePlace,
        waiter::{self, Waiter},
    },
};

/// The end that receives every value that is sent while it exists.
pub struct Receiver<T> {
    position: Rc<Position<T>>,
}

/// The position of one receiver. The `recv` leaves of that receiver share it until they end.
struct Position<T> {
    state: Rc<RefCell<State<T>>>,
    next: Cell<u64>,
}

impl<T> Receiver<T> {
    /// Makes a receiver of the values that are sent from now on.
    pub(super) fn new(shared: Rc<RefCell<State<T>>>) -> Self {
        let state = shared.borrow();
        state.object.end(Side::Receiving).add();
        let next = Cell::new(state.ring.end());
        drop(state);
        Self { position: Rc::new(Position { state: shared, next }) }
    }
}

impl<T: Clone> Receiver<T> {
    /// Gives the channel a name, which reports show.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        self.position.state.borrow().object.rename(name);
        self
    }

    /// Receives the next value, and waits if there is none. The output is an error in two cases.
    /// Either values were lost, because this receiver was too slow. Or all values are received, and
    /// all senders were dropped.
    ///
    /// If the task is dropped before it is done, it has received nothing. Until then it counts as
    /// the receiver.
    #[track_caller]
    pub fn recv(&self) -> Recv<T> {
        Recv { position: Some(Rc::clone(&self.position)), place: QueuePlace::new() }
    }

    /// Receives the next value if there is one. Does not wait.
    ///
    /// # Errors
    ///
    /// When there is no value now, when there will never be one, and when values were lost.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        let received = self.position.receive(&mut self.position.state.borrow_mut());
        match received {
            Some(received) => received.map(Rc::unwrap_or_clone).map_err(|error| match error {
                RecvError::Lagged(n) => TryRecvError::Lagged(n),
                RecvError::Closed => TryRecvError::Closed,
            }),
            None => Err(TryRecvError::Empty),
        }
    }
}

impl<T> Position<T> {
    /// Returns the value or the error that can be received now, if there is one.
    #[inline]
    fn receive(&self, state: &mut State<T>) -> Option<Result<Rc<T>, RecvError>> {
        let mut next = self.next.get();
        let missed = state.ring.skip_missed(&mut next);
        let received = match missed {
            0 => state.ring.receive(&mut next).map(Ok),
            _ => Some(Err(RecvError::Lagged(missed))),
        };
        self.next.set(next);
        if received.is_some() {
            state.object.end(Side::Receiving).is_used();
        }
        let is_closed = state.object.end(Side::Sending).count() == 0;
        received.or_else(|| is_closed.then_some(Err(RecvError::Closed)))
    }
}

impl<T> Drop for Position<T> {
    fn drop(&mut self) {
        let mut state = self.state.borrow_mut();
        state.object.end(Side::Receiving).remove();
        let gone = state.ring.leave(self.next.get());
        drop(state);
        // Outside the borrow, because a destructor may use this channel.
        drop(gone);
    }
}

/// A task that receives a value. Made by [`Receiver::recv`].
#[must_use = "a task is lazy: perform it"]
pub struct Recv<T> {
    /// `None` when the leaf is done.
    position: Option<Rc<Position<T>>>,
    place: QueuePlace,
}

impl<T: Clone> Waiter for Recv<T> {
    type Output = Result<T, RecvError>;

    const KIND: LeafKind = LeafKind::Recv;

    #[inline]
    fn has_waited(&self) -> bool {
        self.place.has_waited()
    }

    #[inline]
    fn line(&self) -> Option<&'static Location<'static>> {
        Some(self.place.line())
    }

    #[inline]
    fn try_now(&mut self) -> Option<Self::Output> {
        let position = self.position.as_ref().expect(RESUMED_AFTER_DONE);
        let received = update(position.state.borrow_mut(), |state, deferred| {
            let received = position.receive(state)?;
            state.receiving.leave(&mut self.place, deferred);
            Some(received)
        })?;
        self.position = None;
        Some(received.map(Rc::unwrap_or_clone))
    }

    #[inline]
    fn wait(&mut self, waker: LocalWaker) -> ObjectNumber {
        let position = self.position.as_ref().expect(RESUMED_AFTER_DONE);
        update_with(waker, position.state.borrow_mut(), |state, deferred| {
            state.receiving.wait(&mut self.place, deferred);
            state.object.number()
        })
    }
}

impl<T: Clone> Task for Recv<T> {
    type Output = Result<T, RecvError>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        waiter::resume(&mut *self, cx)
    }
}

impl<T> Drop for Recv<T> {
    fn drop(&mut self) {
        if let Some(position) = &self.position {
            update(position.state.borrow_mut(), |state, deferred| {
                state.receiving.leave(&mut self.place, deferred);
            });
        }
    }
}

/// The reason why [`Receiver::recv`] has received nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecvError {
    /// This number of values was lost, because there was no room for them. The next receive returns
    /// the oldest value that is left.
    Lagged(u64),
    /// All values are received, and the last sender was dropped.
    Closed,
}

/// The reason why [`Receiver::try_recv`] has received nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryRecvError {
    /// There is no value now.
    Empty,
    /// This number of values was lost. The next receive returns the oldest value that is left.
    Lagged(u64),
    /// All values are received, and the last sender was dropped.
    Closed,
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecvError::Lagged(n) => {
                write!(f, "{n} values were lost: receive faster, or give the channel more capacity")
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
