//! A channel that sends every value to every receiver, with bounded memory. A receiver that is too
//! slow loses the oldest values, and gets an error with their number.
//!
//! ```
//! use quadrivium::{prelude::*, sync::broadcast::{self, RecvError}};
//!
//! let (sender, receiver) = broadcast::channel(2);
//! assert_eq!(sender.send("one"), 1, "to one receiver");
//! sender.send("two");
//! sender.send("three");
//! drop(sender);
//! let receiving = future(async move {
//!     assert_eq!(receiver.recv().await, Err(RecvError::Lagged(1)));
//!     assert_eq!(receiver.recv().await, Ok("two"));
//!     assert_eq!(receiver.recv().await, Ok("three"));
//!     assert_eq!(receiver.recv().await, Err(RecvError::Closed));
//! });
//! EventLoop::new()?.block_on(receiving)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod recv;
mod ring;
mod send;

pub use recv::{Receiver, Recv, RecvError, TryRecvError};
pub use send::Sender;

use std::{cell::RefCell, num::NonZeroUsize, panic::Location, rc::Rc};

use crate::{
    inspect::{Object, ObjectKind, Side},
    sync::{broadcast::ring::Ring, wait_queue::WaitQueue},
};

/// Makes a channel that keeps the latest `capacity` values for the receivers that have not received
/// them.
///
/// # Panics
///
/// When `capacity` is 0.
#[track_caller]
pub fn channel<T: Clone>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let capacity = NonZeroUsize::new(capacity)
        .expect("the capacity of a broadcast channel must be at least 1, or all values are lost");
    let object = Object::new(ObjectKind::Broadcast, Location::caller());
    object.end(Side::Sending).add();
    let state = State { ring: Ring::new(capacity), receiving: WaitQueue::default(), object };
    let state = Rc::new(RefCell::new(state));
    (Sender::new(Rc::clone(&state)), Receiver::new(state))
}

/// The state that all ends of a channel share.
struct State<T> {
    ring: Ring<T>,
    receiving: WaitQueue,
    /// Counts the ends.
    object: Object,
}
