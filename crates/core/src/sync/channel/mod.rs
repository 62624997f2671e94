//! Channels for many values, from many senders to one receiver, between tasks of one thread.
//!
//! A *bounded* channel holds a limited number of values. When it is full, a send waits until there
//! is room, which slows down a fast producer (backpressure). A send into an *unbounded* channel
//! never waits for room. It only [gives way](crate::fairness) to other tasks now and then.
//!
//! ```
//! use quadrivium_core::sync::channel;
//!
//! let (sender, receiver) = channel::bounded(1);
//! sender.try_send("first").unwrap();
//! assert!(sender.try_send("second").is_err(), "full");
//! assert_eq!(receiver.try_recv(), Ok("first"));
//! ```
//!
//! Values arrive in the order in which their sends began. A cancel loses no value that was sent. If
//! a waiting send is dropped, its value is dropped with it. If a waiting receive is dropped, the
//! value goes to the next receive.

mod recv;
mod send;
mod state;

pub use recv::{Receiver, Recv, RecvError, TryRecvError};
pub use send::{Send, SendError, Sender, TrySendError};

use std::{cell::RefCell, collections::VecDeque, num::NonZeroUsize, panic::Location, rc::Rc};

use crate::{
    inspect::{Object, ObjectKind},
    sync::{
        channel::state::{Shared, State},
        wait_queue::WaitQueue,
    },
};

/// Makes a channel that holds up to `capacity` values.
///
/// # Panics
///
/// When `capacity` is 0. If a send and a receive must meet, use a [`oneshot`](super::oneshot).
#[track_caller]
pub fn bounded<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let capacity = NonZeroUsize::new(capacity).expect(
        "the capacity of a bounded channel must be at least 1: use oneshot for a single value",
    );
    channel(Some(capacity))
}

/// Makes a channel that holds any number of values. Its memory grows with the values that are not
/// received.
#[track_caller]
pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
    channel(None)
}

#[track_caller]
fn channel<T>(capacity: Option<NonZeroUsize>) -> (Sender<T>, Receiver<T>) {
    let state = RefCell::new(State {
        values: VecDeque::new(),
        capacity,
        sending: WaitQueue::default(),
        receiving: WaitQueue::default(),
    });
    let object = Object::new(ObjectKind::Channel, Location::caller());
    let shared = Rc::new(Shared { object, state });
    (Sender::new(&shared), Receiver::new(&shared))
}
