//! Blocking calls in patched green threads.

mod sleeping;
mod sockets;
mod descriptors;
mod locks;
mod cancel;

use std::{
    cell::RefCell,
    rc::Rc,
    time::{Duration, Instant},
};

use quadrivium::prelude::*;
use quadrivium_hooks::patch;

const MS: Duration = Duration::from_millis(1);

/// Runs a patched green thread on a loop of its own.
fn run<T: 'static>(body: impl FnOnce() -> T + 'static) -> T {
    EventLoop::new().unwrap().block_on(patch(body)).unwrap()
}

/// Runs a patched green thread, and beside it a task that counts the milliseconds. Returns the
/// output, and asserts that the loop never stood still.
fn run_beside_others<T: 'static>(body: impl FnOnce() -> T + 'static) -> T {
    let longest = Rc::new(RefCell::new(Duration::ZERO));
    let noted = Rc::clone(&longest);
    let mut event_loop = EventLoop::new().unwrap();
    let _detached = event_loop.spawn(future(async move {
        loop {
            let start = Instant::now();
            sleep(MS).await;
            let mut longest = noted.borrow_mut();
            *longest = start.elapsed().max(*longest);
        }
    }));
    let output = event_loop.block_on(patch(body)).unwrap();
    let longest = *longest.borrow();
    assert!(longest < 60 * MS, "the loop stood still for {longest:?}");
    output
}
