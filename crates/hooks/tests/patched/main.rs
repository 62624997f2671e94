//! Blocking calls in patched green threads.

mod sleeping;
mod sockets;
mod descriptors;
mod files;
mod locks;
mod cancel;
mod faults;

use std::time::Duration;

use quadrivium::prelude::*;
use quadrivium_hooks::{must_not_block, patch};

const MS: Duration = Duration::from_millis(1);

/// Runs a patched green thread on a loop of its own.
fn run<T: 'static>(body: impl FnOnce() -> T + 'static) -> T {
    EventLoop::new().unwrap().block_on(patch(body)).unwrap()
}

/// Like [`run`]. Asserts that no call could block the OS thread.
fn run_checked<T: 'static>(body: impl FnOnce() -> T + 'static) -> T {
    run_allowing(&[], body)
}

/// Like [`run_checked`], but the calls inside these functions may block.
fn run_allowing<T: 'static>(functions: &[&'static str], body: impl FnOnce() -> T + 'static) -> T {
    let checked = must_not_block(patch(body));
    let checked = functions.iter().fold(checked, |checked, function| checked.allow(function));
    EventLoop::new().unwrap().block_on(checked).unwrap()
}
