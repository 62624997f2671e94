//! [`Verdict`]: whether a run of a program failed, as its return value says.

use std::fmt;

/// What a simulated program may return: nothing, or a `Result` whose error is a failure.
#[diagnostic::on_unimplemented(
    message = "a simulated program is worth nothing, or a `Result` whose error is a failure",
    label = "it is worth `{Self}`",
    note = "check the value in the program, and end that with a semicolon or `Ok(())`"
)]
pub trait Verdict {
    /// Why the run failed, if it did.
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
