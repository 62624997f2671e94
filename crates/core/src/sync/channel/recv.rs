//! The receiving end of a channel.

use std::{error::Error, fmt, pin::Pin, rc::Rc};

use super::state::{Shared, State};
use crate::{
    Context, LocalWaker, Step, Task, Wait, fairness,
    sync::waiters::{self, Ticket, Waiter},
};

/// The receiving end. Dropping it closes the channel and drops what was not received.
pub struct Receiver<T> {
    state: Shared<T>,
}

impl<T> Receiver<T> {
    pub(super) fn new(state: Shared<T>) -> Self {
        Self { state }
    }

    /// Receives the next value, waiting for one. The output is an error when the channel is empty
    /// and its last sender is gone.
    ///
    /// Until it is done or dropped, the receive counts as the receiver: it keeps the channel open.
    pub fn recv(&self) -> Recv<T> {
        self.state.borrow_mut().receivers += 1;
        Recv { receiver: Some(Self::new(Rc::clone(&self.state))), ticket: None }
    }

    /// Receives the next value if there is one. Does not wait.
    ///
    /// # Errors
    ///
    /// When there is none now or it belongs to receives that wait, and when there will never be one.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        let mut state = self.state.borrow_mut();
        let Some((value, sender)) = state.take(None) else {
            let closed = state.is_over();
            return Err(if closed { TryRecvError::Closed } else { TryRecvError::Empty });
        };
        drop(state);
        waiters::wake([sender]);
        Ok(value)
    }
}

impl<T> State<T> {
    /// Takes the first value out, if it is this one's turn; and the send that has the room now: as
    /// many are woken as there is room.
    fn take(&mut self, ticket: Option<Ticket>) -> Option<(T, Option<Waiter>)> {
        let is_next = match ticket {
            // All were sent away, to take what is left.
            _ if self.senders == 0 => true,
            None => self.receiving.is_empty(),
            Some(ticket) => self.receiving.is_first(ticket),
        };
        let value = if is_next { self.values.pop_front()? } else { return None };
        let room = self.capacity.map_or(1, |capacity| capacity.get() - self.values.len());
        let sender = self.sending.waiter_at(room - 1);
        Some((value, sender))
    }

    /// Whether there will never be another value.
    fn is_over(&self) -> bool {
        self.senders == 0 && self.values.is_empty()
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let mut state = self.state.borrow_mut();
        state.receivers -= 1;
        if state.receivers > 0 {
            return;
        }
        let values = std::mem::take(&mut state.values);
        let sending = state.sending.all();
        drop(state);
        sending.wake();
        // Last, and outside the borrow: the destructor of a value may use this channel.
        drop(values);
    }
}

/// A task that receives a value. Made by [`Receiver::recv`].
#[must_use = "a task is lazy: perform it"]
pub struct Recv<T> {
    /// Gone when it is done.
    receiver: Option<Receiver<T>>,
    ticket: Option<Ticket>,
}

impl<T> Recv<T> {
    fn try_now(&mut self) -> Option<Result<T, RecvError>> {
        let receiver = self.receiver.as_ref().expect(crate::RESUMED_AFTER_DONE);
        let mut state = receiver.state.borrow_mut();
        let Some((value, sender)) = state.take(self.ticket) else {
            let is_over = state.is_over();
            drop(state);
            return is_over.then(|| {
                self.receiver = None;
                Err(RecvError)
            });
        };
        let left = self.ticket.take().and_then(|ticket| state.receiving.leave(ticket));
        let next = state.next_to_receive();
        drop(state);
        self.receiver = None;
        drop(left);
        waiters::wake([sender, next]);
        Some(Ok(value))
    }

    fn get_in_line(&mut self, waker: LocalWaker) {
        let receiver = self.receiver.as_ref().expect(crate::RESUMED_AFTER_DONE);
        let former = receiver.state.borrow_mut().receiving.wait(&mut self.ticket, waker);
        drop(former);
    }
}

impl<T> Task for Recv<T> {
    type Output = Result<T, RecvError>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        if fairness::gives_way(self.ticket.is_some()) {
            self.get_in_line(cx.local_waker());
            return Step::Suspended(Wait::Turn);
        }
        if let Some(received) = self.try_now() {
            return fairness::done(received);
        }
        let waker = cx.local_waker();
        // Another executor's waker is user code, also when it is cloned: it may have sent.
        if let Some(received) = self.try_now() {
            return fairness::done(received);
        }
        self.get_in_line(waker);
        Step::Suspended(Wait::Wake)
    }
}

impl<T> Drop for Recv<T> {
    /// Leaves the line; a value that was meant for this one goes to the next in it.
    fn drop(&mut self) {
        let (Some(receiver), Some(ticket)) = (&self.receiver, self.ticket.take()) else { return };
        let mut state = receiver.state.borrow_mut();
        let left = state.receiving.leave(ticket);
        let next = state.next_to_receive();
        drop(state);
        drop(left);
        waiters::wake([next]);
    }
}

/// The channel is empty, and its last sender is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecvError;

/// Why [`Receiver::try_recv`] received nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryRecvError {
    /// There is no value now.
    Empty,
    /// There is no value, and the last sender is gone.
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
