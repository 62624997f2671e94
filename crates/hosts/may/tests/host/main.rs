//! May as a host. The tests have a process of their own, because may is started once in a process.

use std::{
    num::NonZero,
    sync::{Mutex, Once},
    time::Duration,
};

use quadrivium::may;

mod cancels;
mod misuse;
mod pinned;
mod sockets;
mod styles;
mod tasks;
mod threads;
mod waits;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// Locked by a test whose tasks block their workers until its other tasks have run. Two such tests
/// would wait for each other's tasks.
static BLOCKS: Mutex<()> = Mutex::new(());

/// Starts may with two workers, on every machine.
fn two_workers() {
    static START: Once = Once::new();
    START.call_once(|| {
        let two = NonZero::new(2).unwrap();
        may::Config::new().workers(two).start().unwrap();
    });
}

/// Returns the message of a panic.
fn message(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| payload.downcast_ref::<String>().cloned()).expect("a panic has a message")
}
