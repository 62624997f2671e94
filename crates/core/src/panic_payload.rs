//! [`PanicPayload`]: what a panic carried, in a form that any error may hold.

use std::{
    any::Any,
    fmt,
    sync::{Mutex, PoisonError},
};

/// What a task's panic carried: usually its message.
///
/// A payload is `Send` but need not be `Sync`. This type is both, because it gives shared access to
/// a message alone. So an error that holds it goes through `?` into `Box<dyn Error + Send + Sync>`,
/// and into the errors of crates such as `anyhow`.
///
/// ```
/// use quadrivium::{prelude::*, task::JoinError};
///
/// let mut event_loop = EventLoop::new()?;
/// let handle = event_loop.spawn(future(async { panic!("on purpose") }));
/// let joined: Result<(), JoinError> = event_loop.block_on(handle)?;
/// let Err(JoinError::Panicked(payload)) = joined else { unreachable!("it has panicked") };
/// assert_eq!(payload.message(), Some("on purpose"));
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
pub struct PanicPayload {
    // A box: a panic is rare, and the error of each join is a word shorter.
    message: Box<PanicMessage>,
}

enum PanicMessage {
    /// What `panic!` makes of a literal.
    Literal(&'static str),
    /// What `panic!` makes of arguments.
    Text(String),
    /// Never locked: only the owner of the payload gets at it.
    Other(Mutex<Box<dyn Any + Send>>),
}

impl PanicPayload {
    /// Of what `catch_unwind` or `JoinHandle::join` of a thread has returned.
    pub fn new(payload: Box<dyn Any + Send>) -> Self {
        let message = match payload.downcast() {
            Ok(literal) => PanicMessage::Literal(*literal),
            Err(payload) => match payload.downcast() {
                Ok(text) => PanicMessage::Text(*text),
                Err(other) => PanicMessage::Other(Mutex::new(other)),
            },
        };
        Self { message: Box::new(message) }
    }

    /// The message of the panic, when it had one: what `panic!` was called with.
    pub fn message(&self) -> Option<&str> {
        match &*self.message {
            PanicMessage::Literal(literal) => Some(literal),
            PanicMessage::Text(text) => Some(text),
            PanicMessage::Other(_) => None,
        }
    }

    /// The payload itself, for [`resume_unwind`](std::panic::resume_unwind) or to be downcast.
    pub fn into_inner(self) -> Box<dyn Any + Send> {
        match *self.message {
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
    fn it_is_given_back_as_it_was() {
        let literal = PanicPayload::new(Box::new("literal"));
        assert_eq!(literal.message(), Some("literal"));
        assert_eq!(literal.into_inner().downcast_ref(), Some(&"literal"));
        let text = PanicPayload::new(Box::new(String::from("text")));
        assert_eq!(text.message(), Some("text"));
        assert_eq!(text.into_inner().downcast_ref(), Some(&String::from("text")));
        // Not `Sync`, as a payload may be.
        let other = PanicPayload::new(Box::new(std::cell::Cell::new(7)));
        assert_eq!(other.message(), None);
        assert!(other.into_inner().downcast_ref() == Some(&std::cell::Cell::new(7)));
    }
}
