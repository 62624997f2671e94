//! The receiving end of a channel.

use std::{
    error::Error,
    fmt,
    mem::{self, ManuallyDrop},
    panic::Location,
    pin::Pin,
    rc::Rc,
};

use super::state::Shared;
use crate::{
    Context, LocalWaker, RESUMED_AFTER_DONE, Step, Task,
    inspect::{LeafKind, ObjectNumber, Side},
    sync::{
        deferred::{update, update_with},
        wait_queue::QueuePlace,
        waiter::{self, Waiter},
    },
};

/// The receiving end. Dropping it closes the channel and drops the values that were not received.
pub struct Receiver<T> {
    shared: Rc<Shared<T>>,
}

impl<T> Receiver<T> {
    pub(super) fn new(shared: &Rc<Shared<T>>) -> Self {
        shared.object.end(Side::Receiving).add();
        Self { shared: Rc::clone(shared) }
    }

    /// Gives the channel a name, which reports show.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        self.shared.object.rename(name);
        self
    }

    /// Receives the next value, and waits if there is none. The output is an error when the channel
    /// is empty and its last sender was dropped.
    ///
    /// Until this task is done or dropped it counts as the receiver: it keeps the channel open.
    #[track_caller]
    pub fn recv(&self) -> Recv<T> {
        let receiver = ManuallyDrop::new(Some(Self::new(&self.shared)));
        Recv { receiver, place: QueuePlace::new() }
    }

    /// Receives the next value if there is one. Does not wait.
    ///
    /// # Errors
    ///
    /// When there is no value now or the values belong to waiting receives, and when there will
    /// never be a value.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        match self.receive(&mut QueuePlace::new()) {
            Some(received) => received.map_err(|RecvError| TryRecvError::Closed),
            None => Err(TryRecvError::Empty),
        }
    }

    /// Receives the first value if this place is the first. Returns `None` if there may be a value
    /// later.
    #[inline]
    fn receive(&self, place: &mut QueuePlace) -> Option<Result<T, RecvError>> {
        let is_closed = || self.shared.has_no_sender();
        update(self.shared.state.borrow_mut(), |state, deferred| {
            // The receives in the queue of a closed channel were all notified, to receive the
            // values that are left.
            if !state.receiving.is_first(place) && !is_closed() {
                return None;
            }
            let Some(value) = state.take(deferred) else {
                return is_closed().then_some(Err(RecvError));
            };
            self.shared.object.end(Side::Receiving).is_used();
            state.receiving.leave(place, deferred);
            state.notify_next_receive(deferred);
            Some(Ok(value))
        })
    }

    #[cold]
    fn close(&self) {
        // Dropped last and outside the borrow, because the destructor of a value may use this
        // channel.
        drop(update(self.shared.state.borrow_mut(), |state, deferred| {
            state.sending.notify_and_remove_from(0, deferred);
            mem::take(&mut state.values)
        }));
    }
}

impl<T> Drop for Receiver<T> {
    #[inline]
    fn drop(&mut self) {
        if self.shared.object.end(Side::Receiving).remove() == 0 {
            self.close();
        }
    }
}

/// A task that receives a value. Made by [`Receiver::recv`].
#[must_use = "a task is lazy: perform it"]
pub struct Recv<T> {
    /// `None` when the leaf is done. `Drop` takes it out, so the drop of a leaf that is done is one
    /// comparison.
    receiver: ManuallyDrop<Option<Receiver<T>>>,
    place: QueuePlace,
}

impl<T> Waiter for Recv<T> {
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
        let receiver = self.receiver.as_ref().expect(RESUMED_AFTER_DONE);
        let received = receiver.receive(&mut self.place)?;
        drop(self.receiver.take());
        Some(received)
    }

    #[inline]
    fn wait(&mut self, waker: LocalWaker) -> ObjectNumber {
        let receiver = self.receiver.as_ref().expect(RESUMED_AFTER_DONE);
        update_with(waker, receiver.shared.state.borrow_mut(), |state, deferred| {
            state.receiving.wait(&mut self.place, deferred);
        });
        receiver.shared.object.number()
    }
}

impl<T> Task for Recv<T> {
    type Output = Result<T, RecvError>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        waiter::resume(&mut *self, cx)
    }
}

impl<T> Drop for Recv<T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(receiver) = self.receiver.take() {
            self.leave(receiver);
        }
    }
}

impl<T> Recv<T> {
    /// Leaves the queue. A value that was meant for this leaf goes to the next one.
    #[cold]
    fn leave(&mut self, receiver: Receiver<T>) {
        if !self.place.has_waited() {
            return;
        }
        update(receiver.shared.state.borrow_mut(), |state, deferred| {
            state.receiving.leave(&mut self.place, deferred);
            state.notify_next_receive(deferred);
        });
    }
}

/// The error of [`Receiver::recv`]: the channel is empty, and its last sender was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecvError;

/// The reason why [`Receiver::try_recv`] received nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryRecvError {
    /// There is no value now.
    Empty,
    /// There is no value, and the last sender was dropped.
    Closed,
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the channel is closed: its last sender was dropped")
    }
}

impl Error for RecvError {}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TryRecvError::Empty => "the channel is empty: use recv to wait for a value",
            TryRecvError::Closed => "the channel is closed: its last sender was dropped",
        })
    }
}

impl Error for TryRecvError {}
