//! One value, of which only the latest counts: a setting, a state, a progress.
//!
//! ```
//! use quadrivium::{prelude::*, sync::watch};
//!
//! let (sender, receiver) = watch::channel("starting");
//! let watcher = future(async move {
//!     while let Ok(state) = receiver.changed().await {
//!         if *state == "ready" {
//!             return true;
//!         }
//!     }
//!     false
//! });
//! let worker = future(async move {
//!     sender.send("loading");
//!     sender.send("ready"); // Nobody has seen the one before, and nobody will.
//! });
//! assert_eq!(EventLoop::new()?.block_on(join(watcher, worker))?, (true, ()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod recv;
mod send;

pub use recv::{Changed, Receiver, RecvError};
pub use send::{Closed, Sender};

use std::{cell::RefCell, rc::Rc};

use crate::sync::wait_queue::WaitQueue;

/// A channel that holds the latest value, this one to begin with. The receiver has seen that.
pub fn channel<T>(value: T) -> (Sender<T>, Receiver<T>) {
    let state = Rc::new(RefCell::new(State {
        value: Rc::new(value),
        version: 0,
        senders: 1,
        receivers: 0,
        changing: WaitQueue::default(),
        closing: WaitQueue::default(),
    }));
    (Sender::new(Rc::clone(&state)), Receiver::new(state))
}

/// What all ends of a channel share.
struct State<T> {
    /// Shared with those who look at it, so that nothing is borrowed meanwhile.
    value: Rc<T>,
    /// How many values there were before this one.
    version: u64,
    senders: usize,
    receivers: usize,
    /// Those who wait for another value.
    changing: WaitQueue,
    /// Those who wait until the receivers are gone.
    closing: WaitQueue,
}
