//! [`JoinError`]: why a task has no output.

use std::{any::Any, error::Error, fmt};

use crate::PanicPayload;

/// Why a task has no output.
pub enum JoinError {
    /// It was cancelled, or its host is gone.
    Cancelled,
    /// Its body panicked; this is the payload.
    Panicked(PanicPayload),
}

impl JoinError {
    /// The error of a task that panicked with this payload. For hosts.
    pub fn panicked(payload: Box<dyn Any + Send>) -> Self {
        JoinError::Panicked(PanicPayload::new(payload))
    }

    /// The message of the panic, when there was one and it had one.
    pub fn panic_message(&self) -> Option<&str> {
        match self {
            JoinError::Panicked(payload) => payload.message(),
            JoinError::Cancelled => None,
        }
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JoinError::Cancelled => f.write_str("the task was cancelled"),
            JoinError::Panicked(_) => match self.panic_message() {
                Some(message) => write!(f, "the task panicked: {message}"),
                None => f.write_str("the task panicked"),
            },
        }
    }
}

impl Error for JoinError {}
