//! [`PanicPayload`]: the payload of a panic, in a form that any error type can contain.

use std::{
    any::Any,
    fmt,
    sync::{Mutex, PoisonError},
};

use crate::host::Label;

/// The payload of a task's panic. Usually it is a message.
///
/// A payload is `Send`, but not always `Sync`. This type is both, because it gives shared access to
/// a message only. So `?` converts an error with such a payload into `Box<dyn Error + Send +
/// Sync>`, and into the errors of crates such as `anyhow`.
///
/// ```
/// use quadrivium::{prelude::*, task::JoinError};
///
/// let mut event_loop = EventLoop::new()?;
/// let handle = event_loop.spawn(future(async { panic!("on purpose") }));
/// let joined: Result<(), JoinError> = event_loop.block_on(handle)?;
/// let Err(JoinError::Panicked(payload)) = joined else { unreachable!("it has panicked") };
/// assert_eq!(payload.message(), Some("on purpose"));
/// assert_eq!(payload.task().unwrap().id.to_string(), "task 1");
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
pub struct PanicPayload {
    // Boxed, so that the error of each join is one word smaller. A panic is rare.
    panic: Box<TaskPanic>,
}

struct TaskPanic {
    message: PanicMessage,
    /// The task that has panicked, if its host has said so.
    task: Option<Label>,
}

enum PanicMessage {
    /// The payload that `panic!` makes of a literal.
    Literal(&'static str),
    /// The payload that `panic!` makes of a format string with arguments.
    Text(String),
    /// Never locked, because only the owner of the payload has access to it.
    Other(Mutex<Box<dyn Any + Send>>),
}

impl PanicPayload {
    /// Wraps the payload that `catch_unwind`, or `JoinHandle::join` of a thread, has returned.
    pub fn new(payload: Box<dyn Any + Send>) -> Self {
        let message = match payload.downcast() {
            Ok(literal) => PanicMessage::Literal(*literal),
            Err(payload) => match payload.downcast() {
                Ok(text) => PanicMessage::Text(*text),
                Err(other) => PanicMessage::Other(Mutex::new(other)),
            },
        };
        Self { panic: Box::new(TaskPanic { message, task: None }) }
    }

    /// Adds the task that has panicked. For hosts.
    #[must_use]
    pub fn of_task(mut self, task: Label) -> Self {
        self.panic.task = Some(task);
        self
    }

    /// Returns the task that has panicked, if its host has said so.
    pub fn task(&self) -> Option<&Label> {
        self.panic.task.as_ref()
    }

    /// Returns the message that `panic!` was called with, if the payload is a message.
    pub fn message(&self) -> Option<&str> {
        match &self.panic.message {
            PanicMessage::Literal(literal) => Some(literal),
            PanicMessage::Text(text) => Some(text),
            PanicMessage::Other(_) => None,
        }
    }

    /// Returns the payload itself, to be downcast or passed to
    /// [`resume_unwind`](std::panic::resume_unwind).
    pub fn into_inner(self) -> Box<dyn Any + Send> {
        match self.panic.message {
            PanicMessage::Literal(literal) => Box::new(literal),
            PanicMessage::Text(text) => Box::new(text),
            PanicMessage::Other(other) => {
                other.into_inner().unwrap_or_else(PoisonError::into_inner)
            }
        }
    }
}

impl From<Box<dyn Any + Send>> for PanicPayload {
    fn from(payload: Box<dyn Any + Send>) -> Self {
        Self::new(payload)
    }
}

impl fmt::Debug for PanicPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PanicPayload").field(&self.message().unwrap_or("..")).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn into_inner_returns_the_same_payload() {
        let literal = PanicPayload::new(Box::new("literal"));
        assert_eq!(literal.message(), Some("literal"));
        assert_eq!(literal.into_inner().downcast_ref(), Some(&"literal"));
        let text = PanicPayload::new(Box::new(String::from("text")));
        assert_eq!(text.message(), Some("text"));
        assert_eq!(text.into_inner().downcast_ref(), Some(&String::from("text")));
        // A payload that is not `Sync`.
        let other = PanicPayload::new(Box::new(std::cell::Cell::new(7)));
        assert_eq!(other.message(), None);
        assert!(other.into_inner().downcast_ref() == Some(&std::cell::Cell::new(7)));
    }
}
