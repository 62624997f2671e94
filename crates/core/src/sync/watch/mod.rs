//! A channel for one value that changes, such as a setting, a state or a progress. A receiver sees
//! the latest value only.
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
//!     sender.send("ready"); // It replaces "loading", which the watcher never sees.
//! });
//! assert_eq!(EventLoop::new()?.block_on(join(watcher, worker))?, (true, ()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod recv;
mod send;

pub use recv::{Changed, Receiver, RecvError};
pub use send::{Closed, Sender};

use std::{cell::RefCell, panic::Location, rc::Rc};

use crate::{
    inspect::{Object, ObjectKind, Side},
    sync::wait_queue::WaitQueue,
};

/// Makes a channel that holds the latest value, `value` at first. The receiver has seen that one.
#[track_caller]
pub fn channel<T>(value: T) -> (Sender<T>, Receiver<T>) {
    let object = Object::new(ObjectKind::Watch, Location::caller());
    object.end(Side::Sending).add();
    let state = Rc::new(RefCell::new(State {
        value: Rc::new(value),
        version: 0,
        awaiting_change: WaitQueue::default(),
        awaiting_close: WaitQueue::default(),
        object,
    }));
    (Sender::new(Rc::clone(&state)), Receiver::new(state))
}

/// The state that all ends of a channel share.
struct State<T> {
    /// In an `Rc`, so that nothing is borrowed while a task looks at the value.
    value: Rc<T>,
    /// The number of values before this one.
    version: u64,
    /// The leaves that wait for another value.
    awaiting_change: WaitQueue,
    /// The leaves that wait until all receivers are dropped.
    awaiting_close: WaitQueue,
    /// Counts the ends.
    object: Object,
}
