//! [`JoinError`]: why a task has no output.

use std::{any::Any, error::Error, fmt};

use crate::{PanicPayload, host::Label};

/// Why a task has no output.
pub enum JoinError {
    /// The task was cancelled, or its host is gone.
    Cancelled,
    /// The body of the task panicked. This is the payload of the panic.
    Panicked(PanicPayload),
}

impl JoinError {
    /// Makes the error of a task that panicked with this payload. For hosts.
    pub fn panicked(payload: Box<dyn Any + Send>) -> Self {
        JoinError::Panicked(PanicPayload::new(payload))
    }

    /// Like [`panicked`](Self::panicked), with the task that has panicked.
    pub fn panicked_in(task: Label, payload: Box<dyn Any + Send>) -> Self {
        JoinError::Panicked(PanicPayload::new(payload).of_task(task))
    }

    /// Returns the message of the panic, if the task panicked and the panic had a message.
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
            JoinError::Panicked(payload) => {
                match payload.task() {
                    Some(task) => write!(f, "{task} panicked")?,
                    None => f.write_str("the task panicked")?,
                }
                match payload.message() {
                    Some(message) => write!(f, ": {message}"),
                    None => Ok(()),
                }
            }
        }
    }
}

impl Error for JoinError {}
