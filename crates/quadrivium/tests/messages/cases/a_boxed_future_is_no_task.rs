//! A boxed future is performed without `future(..)`.

use std::pin::Pin;

use quadrivium::{green::perform, prelude::*};

fn main() {
    let boxed: Pin<Box<dyn Future<Output = u32>>> = Box::pin(async { 1 });
    drop(green(move || perform(boxed)));
}
