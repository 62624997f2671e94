//! The sending end of a channel.

use std::{error::Error, fmt, mem::ManuallyDrop, panic::Location, pin::Pin, rc::Rc};

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

/// The sending end. A clone sends into the same channel. The channel is closed when the last sender
/// is dropped.
pub struct Sender<T> {
    shared: Rc<Shared<T>>,
}

impl<T> Sender<T> {
    pub(super) fn new(shared: &Rc<Shared<T>>) -> Self {
        shared.object.end(Side::Sending).add();
        Self { shared: Rc::clone(shared) }
    }

    /// Sends a value, and waits while the channel is full. The output is an error, with the value,
    /// when the receiver was dropped.
    ///
    /// Until this task is done or dropped it counts as a sender: it keeps the channel open.
    #[track_caller]
    pub fn send(&self, value: T) -> Send<T> {
        let sender = ManuallyDrop::new(Some(self.clone()));
        Send { sender, value: Some(value), place: QueuePlace::new() }
    }

    /// Sends a value if there is room. Does not wait.
    ///
    /// # Errors
    ///
    /// Returns the value in three cases: the channel is full, its room belongs to waiting sends, or
    /// the receiver was dropped.
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        update(self.shared.state.borrow_mut(), |state, deferred| {
            if self.shared.has_no_receiver() {
                return Err(TrySendError::Closed(value));
            }
            // In an unbounded channel no send waits for room. A send in its queue only lets other
            // tasks run.
            let is_bounded = state.capacity.is_some();
            if !state.has_room() || is_bounded && !state.sending.is_empty() {
                return Err(TrySendError::Full(value));
            }
            self.shared.object.end(Side::Sending).is_used();
            state.put(value, deferred);
            Ok(())
        })
    }

    /// Returns whether the receiver was dropped.
    pub fn is_closed(&self) -> bool {
        self.shared.has_no_receiver()
    }

    #[cold]
    fn close(&self) {
        update(self.shared.state.borrow_mut(), |state, deferred| {
            state.receiving.notify_and_remove_from(0, deferred);
        });
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self::new(&self.shared)
    }
}

impl<T> Drop for Sender<T> {
    #[inline]
    fn drop(&mut self) {
        if self.shared.object.end(Side::Sending).remove() == 0 {
            self.close();
        }
    }
}

/// A task that sends a value. Made by [`Sender::send`].
///
/// ```text
///             1. resume, room          4. resume, first in the queue
///   New ───────────────────────► Done ◄────────── Notified
///    └──2. resume, full──► Waiting ──3. recv───────┘
/// ```
#[must_use = "a task is lazy: perform it"]
pub struct Send<T> {
    /// `None` when the leaf is done. `Drop` takes it out, so the drop of a leaf that is done is one
    /// comparison.
    sender: ManuallyDrop<Option<Sender<T>>>,
    /// `None` when the value is sent.
    value: Option<T>,
    place: QueuePlace,
}

// The value is moved out, and never pinned.
impl<T> Unpin for Send<T> {}

impl<T> Waiter for Send<T> {
    type Output = Result<(), SendError<T>>;

    const KIND: LeafKind = LeafKind::Send;

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
        let shared = &self.sender.as_ref().expect(RESUMED_AFTER_DONE).shared;
        if shared.has_no_receiver() {
            return Some(Err(self.refuse()));
        }
        update(shared.state.borrow_mut(), |state, deferred| {
            if !state.sending.is_first(&self.place) || !state.has_room() {
                return None;
            }
            shared.object.leaves(&self.place);
            state.sending.leave(&mut self.place, deferred);
            shared.object.end(Side::Sending).is_used();
            state.put(self.value.take().expect(HAS_VALUE), deferred);
            state.notify_next_send(deferred);
            Some(())
        })?;
        drop(self.sender.take());
        Some(Ok(()))
    }

    #[inline]
    fn wait(&mut self, waker: LocalWaker) -> ObjectNumber {
        let sender = self.sender.as_ref().expect(RESUMED_AFTER_DONE);
        update_with(waker, sender.shared.state.borrow_mut(), |state, deferred| {
            state.sending.wait(&mut self.place, deferred);
        });
        sender.shared.object.waits_in(&self.place);
        sender.shared.object.number()
    }
}

impl<T> Task for Send<T> {
    type Output = Result<(), SendError<T>>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        waiter::resume(&mut *self, cx)
    }
}

impl<T> Drop for Send<T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(sender) = self.sender.take() {
            self.leave(sender);
        }
    }
}

const HAS_VALUE: &str = "a leaf that is not done has its value";

impl<T> Send<T> {
    /// Ends without having sent the value, because the receiver was dropped.
    #[cold]
    fn refuse(&mut self) -> SendError<T> {
        if let Some(sender) = self.sender.take() {
            update(sender.shared.state.borrow_mut(), |state, deferred| {
                sender.shared.object.leaves(&self.place);
                state.sending.leave(&mut self.place, deferred)
            });
        }
        SendError(self.value.take().expect(HAS_VALUE))
    }

    /// Leaves the queue. Room that was meant for this leaf goes to the next one.
    #[cold]
    fn leave(&mut self, sender: Sender<T>) {
        if !self.place.has_waited() {
            return;
        }
        sender.shared.object.leaves(&self.place);
        update(sender.shared.state.borrow_mut(), |state, deferred| {
            state.sending.leave(&mut self.place, deferred);
            state.notify_next_send(deferred);
        });
    }
}

/// The error of [`Sender::send`]: the receiver was dropped. It contains the value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SendError<T>(pub T);

/// The reason why [`Sender::try_send`] sent nothing, with the value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum TrySendError<T> {
    /// The channel is full, or its room belongs to waiting sends.
    Full(T),
    /// The receiver was dropped.
    Closed(T),
}

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the channel is closed: its receiver was dropped")
    }
}

impl<T> fmt::Debug for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SendError(..)")
    }
}

impl<T> Error for SendError<T> {}

impl<T> fmt::Display for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TrySendError::Full(_) => "the channel is full: use send to wait for room",
            TrySendError::Closed(_) => "the channel is closed: its receiver was dropped",
        })
    }
}

impl<T> fmt::Debug for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TrySendError::Full(_) => "Full(..)",
            TrySendError::Closed(_) => "Closed(..)",
        })
    }
}

impl<T> Error for TrySendError<T> {}
