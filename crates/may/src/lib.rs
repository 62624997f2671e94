//! More cores: tasks on may's work-stealing scheduler, and may's own green threads as tasks.

// `unsafe` stands where may's own functions are called that ask for it.
#![deny(unsafe_code)]

#[allow(unsafe_code)]
mod green;

pub use green::{Builder, DEFAULT_STACK_SIZE, GreenTask, green, perform, perform_with};
