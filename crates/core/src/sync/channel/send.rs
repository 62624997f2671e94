//! The sending end of a channel.

use std::{error::Error, fmt, pin::Pin, rc::Rc};

use super::state::Shared;
use crate::{
    Context, LocalWaker, Step, Task, Wait, fairness,
    sync::waiters::{self, Ticket},
};

/// The sending end. Clones send into the same channel; the last one to go closes it.
pub struct Sender<T> {
    state: Shared<T>,
}

impl<T> Sender<T> {
    pub(super) fn new(state: Shared<T>) -> Self {
        Self { state }
    }

    /// Sends a value, waiting while the channel is full. The output is an error, with the value,
    /// when the receiver is gone.
    ///
    /// Until it is done or dropped, the send counts as a sender: it keeps the channel open.
    pub fn send(&self, value: T) -> Send<T> {
        Send { sender: Some((self.clone(), value)), ticket: None }
    }

    /// Sends a value if there is room. Does not wait.
    ///
    /// # Errors
    ///
    /// Gives the value back when the channel is full or the room in it belongs to sends that wait,
    /// and when the receiver is gone.
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        let mut state = self.state.borrow_mut();
        if state.receivers == 0 {
            return Err(TrySendError::Closed(value));
        }
        // Without a bound nobody waits for room; a send in line only lets the others run first.
        let is_bounded = state.capacity.is_some();
        if !state.has_room() || is_bounded && !state.sending.is_empty() {
            return Err(TrySendError::Full(value));
        }
        let receiver = state.put(value);
        drop(state);
        waiters::wake([receiver]);
        Ok(())
    }

    /// Whether the receiver is gone.
    pub fn is_closed(&self) -> bool {
        self.state.borrow().receivers == 0
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.state.borrow_mut().senders += 1;
        Self::new(Rc::clone(&self.state))
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut state = self.state.borrow_mut();
        state.senders -= 1;
        if state.senders == 0 {
            let receiving = state.receiving.all();
            drop(state);
            receiving.wake();
        }
    }
}

/// A task that sends a value. Made by [`Sender::send`].
///
/// ```text
///             1. resume, room          4. resume, first in line
///   New ───────────────────────► Done ◄────────── Woken
///    └──2. resume, full──► In line ──3. recv────────┘
/// ```
#[must_use = "a task is lazy: perform it"]
pub struct Send<T> {
    /// And what it sends. Gone when that is done.
    sender: Option<(Sender<T>, T)>,
    ticket: Option<Ticket>,
}

// The value is moved out, never pinned.
impl<T> Unpin for Send<T> {}

impl<T> Send<T> {
    fn try_now(&mut self) -> Option<Result<(), SendError<T>>> {
        let (sender, value) = self.sender.take().expect(crate::RESUMED_AFTER_DONE);
        let mut state = sender.state.borrow_mut();
        if state.receivers == 0 {
            self.ticket = None;
            return Some(Err(SendError(value)));
        }
        let is_next = match self.ticket {
            None => state.sending.is_empty(),
            Some(ticket) => state.sending.is_first(ticket),
        };
        if !is_next || !state.has_room() {
            drop(state);
            self.sender = Some((sender, value));
            return None;
        }
        let own = self.ticket.take().and_then(|ticket| state.sending.leave(ticket));
        let receiver = state.put(value);
        let next = state.next_to_send();
        drop(state);
        drop(own);
        waiters::wake([receiver, next]);
        Some(Ok(()))
    }

    fn get_in_line(&mut self, waker: LocalWaker) {
        let (sender, _) = self.sender.as_ref().expect(crate::RESUMED_AFTER_DONE);
        let former = sender.state.borrow_mut().sending.wait(&mut self.ticket, waker);
        drop(former);
    }
}

impl<T> Task for Send<T> {
    type Output = Result<(), SendError<T>>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        if fairness::gives_way(self.ticket.is_some()) {
            self.get_in_line(cx.local_waker());
            return Step::Suspended(Wait::Turn);
        }
        if let Some(sent) = self.try_now() {
            return fairness::done(sent);
        }
        let waker = cx.local_waker();
        // Another executor's waker is user code, also when it is cloned: it may have received.
        if let Some(sent) = self.try_now() {
            return fairness::done(sent);
        }
        self.get_in_line(waker);
        Step::Suspended(Wait::Wake)
    }
}

impl<T> Drop for Send<T> {
    /// Leaves the line; room that was meant for this send goes to the next in it.
    fn drop(&mut self) {
        let (Some((sender, _)), Some(ticket)) = (&self.sender, self.ticket.take()) else { return };
        let mut state = sender.state.borrow_mut();
        let left = state.sending.leave(ticket);
        let next = state.next_to_send();
        drop(state);
        drop(left);
        waiters::wake([next]);
    }
}

/// The receiver is gone; the value comes back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SendError<T>(pub T);

/// Why [`Sender::try_send`] sent nothing; the value comes back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum TrySendError<T> {
    /// The channel holds as many values as it may.
    Full(T),
    /// The receiver is gone.
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
