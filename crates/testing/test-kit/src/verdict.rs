//! [`Verdict`]: the values that a simulated program may return, and whether they mean a failure.

use std::fmt;

/// A value that a simulated program may return: nothing, or a `Result` whose error is a failure.
#[diagnostic::on_unimplemented(
    message = "a simulated program returns nothing, or a `Result` whose error is a failure",
    label = "this one returns `{Self}`",
    note = "check the value in the program, and end the program with a semicolon or `Ok(())`"
)]
pub trait Verdict {
    /// Returns why the run failed, if it did.
    fn failure(self) -> Option<String>;
}

impl Verdict for () {
    fn failure(self) -> Option<String> {
        None
    }
}

impl<T: Verdict, E: fmt::Display> Verdict for Result<T, E> {
    fn failure(self) -> Option<String> {
        match self {
            Ok(inner) => inner.failure(),
            Err(error) => Some(error.to_string()),
        }
    }
}
