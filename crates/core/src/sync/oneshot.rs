//! A channel for one value: [`Sender::send`] sends it, and the [`Receiver`] is a task that waits
//! for it.
//!
//! ```
//! use quadrivium_core::sync::oneshot;
//!
//! let (sender, receiver) = oneshot::channel();
//! sender.send(42).unwrap();
//! assert_eq!(receiver.try_recv(), Some(42));
//! ```

use std::{cell::RefCell, error::Error, fmt, mem, pin::Pin, rc::Rc, task::Waker};

use crate::{
    Context, Step, Task, Wait, fairness,
    sync::deferred::{update, update_with},
};

/// Makes a channel for one value, between tasks of one thread.
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let state = Rc::new(RefCell::new(State::Waiting(None)));
    (Sender { state: Rc::clone(&state) }, Receiver { state, has_suspended: false })
}

enum State<T> {
    Waiting(Option<Waker>),
    Sent(T),
    /// The other end was dropped, or the value has been received.
    Closed,
}

/// The end that sends the value. Dropping it closes the channel.
pub struct Sender<T> {
    state: Rc<RefCell<State<T>>>,
}

impl<T> Sender<T> {
    /// Sends the value. Does not wait.
    ///
    /// # Errors
    ///
    /// Returns the value when the receiver was dropped.
    pub fn send(self, value: T) -> Result<(), T> {
        update(self.state.borrow_mut(), |state, deferred| {
            let State::Waiting(waker) = state else { return Err(value) };
            deferred.wake_later(waker.take());
            *state = State::Sent(value);
            Ok(())
        })
    }

    /// Returns whether the receiver was dropped.
    pub fn is_closed(&self) -> bool {
        matches!(*self.state.borrow(), State::Closed)
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        update(self.state.borrow_mut(), |state, deferred| {
            if let State::Waiting(waker) = state {
                deferred.wake_later(waker.take());
                *state = State::Closed;
            }
        });
    }
}

/// The end that waits for the value: a task with the output `Result<T, Closed>`.
#[must_use = "a task is lazy: perform it"]
pub struct Receiver<T> {
    state: Rc<RefCell<State<T>>>,
    has_suspended: bool,
}

impl<T> Receiver<T> {
    /// Receives the value if it was sent already. Does not wait.
    pub fn try_recv(&self) -> Option<T> {
        self.state.borrow_mut().take()
    }
}

impl<T> State<T> {
    fn take(&mut self) -> Option<T> {
        match mem::replace(self, State::Closed) {
            State::Sent(value) => Some(value),
            other => {
                *self = other;
                None
            }
        }
    }
}

impl<T> Task for Receiver<T> {
    type Output = Result<T, Closed>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        if fairness::gives_way(self.has_suspended) {
            self.has_suspended = true;
            return Step::Suspended(Wait::Turn);
        }
        let waker = cx.local_waker();
        let received = update_with(waker, self.state.borrow_mut(), |state, deferred| {
            if let State::Waiting(waker) = state {
                deferred.store_own(waker);
                return None;
            }
            Some(state.take().ok_or(Closed))
        });
        match received {
            Some(received) => fairness::done(received),
            None => {
                self.has_suspended = true;
                Step::Suspended(Wait::Wake)
            }
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        // Ends the borrow first, because the destructor of the value may use the sender.
        let left = self.state.replace(State::Closed);
        drop(left);
    }
}

/// The error of a [`Receiver`]: the sender was dropped without sending a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the channel is closed: its sender was dropped without a value")
    }
}

impl Error for Closed {}
