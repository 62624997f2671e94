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

use std::{cell::RefCell, error::Error, fmt, mem, panic::Location, pin::Pin, rc::Rc, task::Waker};

use crate::{
    Context, LocalWaker, Step, Task,
    inspect::{LeafKind, Object, ObjectKind, ObjectNumber, Side},
    sync::{
        deferred::{update, update_with},
        waiter::{self, Waiter},
    },
};

/// Makes a channel for one value, between tasks of one thread.
#[track_caller]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let state = Rc::new(RefCell::new(State::Waiting(None)));
    let sender = Sender { state: Rc::clone(&state) };
    (sender, Receiver { state, has_waited: false, object: None, made_at: Location::caller() })
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
    #[inline]
    fn drop(&mut self) {
        if matches!(*self.state.borrow(), State::Waiting(_)) {
            self.close();
        }
    }
}

impl<T> Sender<T> {
    #[cold]
    fn close(&self) {
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
    has_waited: bool,
    /// Made when the receiver waits or gets a name, because most receivers do neither.
    object: Option<Object>,
    made_at: &'static Location<'static>,
}

impl<T> Receiver<T> {
    /// Gives the channel a name, which reports show.
    pub fn named(mut self, name: &str) -> Self {
        self.object().rename(name);
        self
    }

    /// Returns what reports show of the channel. It is only shown while the receiver waits. Then
    /// the sender exists.
    fn object(&mut self) -> &Object {
        self.object.get_or_insert_with(|| {
            let object = Object::new(ObjectKind::Oneshot, self.made_at);
            object.end(Side::Sending).add();
            object.end(Side::Receiving).add();
            object
        })
    }

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

impl<T> Waiter for Receiver<T> {
    type Output = Result<T, Closed>;

    const KIND: LeafKind = LeafKind::Recv;

    #[inline]
    fn line(&self) -> Option<&'static Location<'static>> {
        None
    }

    #[inline]
    fn has_waited(&self) -> bool {
        self.has_waited
    }

    #[inline]
    fn try_now(&mut self) -> Option<Self::Output> {
        let mut state = self.state.borrow_mut();
        match *state {
            State::Waiting(_) => None,
            State::Sent(_) | State::Closed => Some(state.take().ok_or(Closed)),
        }
    }

    #[inline]
    fn wait(&mut self, waker: LocalWaker) -> ObjectNumber {
        self.has_waited = true;
        update_with(waker, self.state.borrow_mut(), |state, deferred| {
            if let State::Waiting(waker) = state {
                deferred.store_own(waker);
            }
        });
        self.object().number()
    }
}

impl<T> Task for Receiver<T> {
    type Output = Result<T, Closed>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        waiter::resume(&mut *self, cx)
    }
}

impl<T> Drop for Receiver<T> {
    #[inline]
    fn drop(&mut self) {
        if !matches!(*self.state.borrow(), State::Closed) {
            self.close();
        }
    }
}

impl<T> Receiver<T> {
    #[cold]
    fn close(&self) {
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
