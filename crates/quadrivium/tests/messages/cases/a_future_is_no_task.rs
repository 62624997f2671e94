//! A future is spawned without `future(..)`.

use quadrivium::prelude::*;

fn main() {
    drop(EventLoop::new().unwrap().spawn(async { 1 }));
}
