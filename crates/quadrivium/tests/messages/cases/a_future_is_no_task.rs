//! A future is spawned without `future(..)`.
//!
//! The compiler says:
//! * is not a task
//! * wrap a future in `future(..)`, and a closure in `callback(..)`, `generator(..)` or

use quadrivium::prelude::*;

fn main() {
    drop(EventLoop::new().unwrap().spawn(async { 1 }));
}
