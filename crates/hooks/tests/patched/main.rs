//! Blocking calls in patched green threads.

mod sleeping;
mod sockets;
mod descriptors;
mod files;
mod locks;
mod cancel;

use std::{cell::Cell, rc::Rc, time::Duration};

use quadrivium::prelude::*;
use quadrivium_hooks::{must_not_block, patch};

const MS: Duration = Duration::from_millis(1);

/// Runs a patched green thread on a loop of its own.
fn run<T: 'static>(body: impl FnOnce() -> T + 'static) -> T {
    EventLoop::new().unwrap().block_on(patch(body)).unwrap()
}

/// Runs a patched green thread, and beside it a task that counts its turns. Returns the output, and
/// asserts that no call has blocked the loop, and that the other task went on.
fn run_beside_others<T: 'static>(body: impl FnOnce() -> T + 'static) -> T {
    run_allowing(&[], body)
}

/// Like [`run_beside_others`], but the calls inside these functions may block.
fn run_allowing<T: 'static>(functions: &[&'static str], body: impl FnOnce() -> T + 'static) -> T {
    let turns = Rc::new(Cell::new(0));
    let counted = Rc::clone(&turns);
    let mut event_loop = EventLoop::new().unwrap();
    let _detached = event_loop.spawn(future(async move {
        loop {
            counted.set(counted.get() + 1);
            // Some waits of the other task take less than a millisecond.
            match counted.get() {
                ..100 => turn().await,
                _ => sleep(MS).await,
            }
        }
    }));
    // It fails at the first call that could block.
    let checked = must_not_block(patch(body));
    let checked = functions.iter().fold(checked, |checked, function| checked.allow(function));
    let output = event_loop.block_on(checked).unwrap();
    assert!(turns.get() > 1, "the other task went on");
    output
}
