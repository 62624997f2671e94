//! Channels for many values, from many senders to one receiver, between tasks of one thread.
//!
//! A *bounded* channel holds so many values and no more: a send beyond that waits until there is
//! room, which is how a fast producer is held back (backpressure). A send into an
//! *unbounded* one never waits for room; it only [gives way](crate::fairness) now and then.
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
//! Order: values arrive in the order in which their sends began. Cancelling loses nothing: a send
//! that is dropped while it waits takes its value along, a recv that is dropped leaves the value to
//! the next one.

mod recv;
mod send;
mod state;

pub use recv::{Receiver, Recv, RecvError, TryRecvError};
pub use send::{Send, SendError, Sender, TrySendError};

use std::{cell::RefCell, collections::VecDeque, num::NonZeroUsize, rc::Rc};

use crate::sync::{channel::state::State, wait_queue::WaitQueue};

/// A channel that holds up to `capacity` values.
///
/// # Panics
///
/// When `capacity` is 0: a send and a recv that must meet are a [`oneshot`](super::oneshot).
pub fn bounded<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let capacity = NonZeroUsize::new(capacity).expect(
        "a bounded channel holds at least one value: use oneshot to hand over a single one",
    );
    channel(Some(capacity))
}

/// A channel that holds any number of values. Its memory grows with what is not received.
pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
    channel(None)
}

fn channel<T>(capacity: Option<NonZeroUsize>) -> (Sender<T>, Receiver<T>) {
    let state = Rc::new(RefCell::new(State {
        values: VecDeque::new(),
        capacity,
        senders: 1,
        receivers: 1,
        sending: WaitQueue::default(),
        receiving: WaitQueue::default(),
    }));
    (Sender::new(Rc::clone(&state)), Receiver::new(state))
}
