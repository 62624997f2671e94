//! [`ScopeError`]: why a scope was cancelled, and what became of its children.

use std::{borrow::Cow, error::Error, fmt, panic::Location};

use crate::{PanicPayload, host::Label, inspect::Note};

/// The error of a scope that was cancelled: why, and what became of its children.
pub struct ScopeError<E> {
    /// Why the scope was cancelled. If there were several reasons, this is the first.
    pub reason: CancelReason,
    /// All failures of children, in the order in which they happened.
    pub errors: Vec<ChildError<E>>,
    /// The children that were cancelled, in the order of their cancels.
    pub cancelled: Vec<CancelledChild>,
}

/// Why a scope was cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CancelReason {
    /// A child has failed.
    ChildFailed,
    /// The deadline of the scope has passed.
    DeadlinePassed,
    /// A call of `cancel`.
    Requested {
        /// The reason that was passed to the call.
        why: Cow<'static, str>,
        /// The line of the call.
        at: &'static Location<'static>,
    },
    /// The scope was dropped.
    Dropped,
    /// All children have ended by themselves. Only tasks that are not awaited see this reason.
    Ended,
}

/// A child that has failed.
pub struct ChildError<E> {
    /// The task of the child.
    pub child: Label,
    /// How it has failed.
    pub failure: ChildFailure<E>,
}

/// How a child has failed.
pub enum ChildFailure<E> {
    /// Its output is an error.
    Error(E),
    /// It has panicked.
    Panicked(PanicPayload),
    /// It was cancelled, but not by its scope. Or its host is gone.
    Cancelled,
}

/// A child that was cancelled by its scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelledChild {
    /// The task of the child.
    pub child: Label,
    /// What it waited for. `None` if it was ready or running, or if its host does not know.
    pub waited_for: Option<Note>,
}

impl fmt::Display for CancelReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ChildFailed => f.write_str("a child has failed"),
            Self::DeadlinePassed => f.write_str("the deadline has passed"),
            Self::Requested { why, at } => write!(f, "{why} (cancelled at {at})"),
            Self::Dropped => f.write_str("the scope was dropped"),
            Self::Ended => f.write_str("all children have ended"),
        }
    }
}

impl<E: fmt::Display> fmt::Display for ChildFailure<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error(error) => error.fmt(f),
            Self::Panicked(payload) => match payload.message() {
                Some(message) => write!(f, "panicked: {message}"),
                None => f.write_str("panicked"),
            },
            Self::Cancelled => f.write_str("was cancelled, but not by its scope"),
        }
    }
}

impl<E: fmt::Display> fmt::Display for ChildError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.child, self.failure)
    }
}

/// The task, and what it waited for.
impl fmt::Display for CancelledChild {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.child.fmt(f)?;
        let Some(note) = self.waited_for else { return f.write_str(", which did not wait") };
        write!(f, ", which waited in {}", note.kind())?;
        match note.line() {
            Some(line) => write!(f, " at {line}"),
            None => Ok(()),
        }
    }
}

/// The reason, and a line for each child that has failed or was cancelled.
impl<E: fmt::Display> fmt::Display for ScopeError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the scope was cancelled: {}", self.reason)?;
        for error in &self.errors {
            write!(f, "\n  failed: {error}")?;
        }
        for child in &self.cancelled {
            write!(f, "\n  cancelled: {child}")?;
        }
        Ok(())
    }
}

impl<E: fmt::Display> Error for ScopeError<E> {}
impl<E: fmt::Display> Error for ChildError<E> {}

// `Debug` is what is printed when `main` returns the error.
impl<E: fmt::Display> fmt::Debug for ScopeError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<E: fmt::Display> fmt::Debug for ChildError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<E: fmt::Display> fmt::Debug for ChildFailure<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
