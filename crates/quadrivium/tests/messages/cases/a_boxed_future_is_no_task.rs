//! A boxed future is performed without `future(..)`.
//!
//! The compiler says:
//! * `Pin<Box<dyn Future<Output = u32>>>` is not a task
//! * wrap a future in `future(..)`
//! * the `perform` of the style around it takes a task and returns its output

use std::pin::Pin;

use quadrivium::{green::perform, prelude::*};

fn main() {
    let boxed: Pin<Box<dyn Future<Output = u32>>> = Box::pin(async { 1 });
    drop(green(move || perform(boxed)));
}
