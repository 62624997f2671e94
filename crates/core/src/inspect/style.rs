//! [`Style`]: in which style a task is written.

use std::fmt;

/// In which style a task is written. See [`Task::style`](crate::Task::style).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Style {
    /// A leaf, a combinator, or a style of another crate.
    #[default]
    Other,
    /// Callbacks.
    Callback,
    /// A generator.
    Generator,
    /// An `async` block, or another future.
    Future,
    /// A green thread.
    Green,
}

impl Style {
    /// All styles.
    pub const ALL: [Self; 5] =
        [Self::Other, Self::Callback, Self::Generator, Self::Future, Self::Green];
}

impl fmt::Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Other => "other",
            Self::Callback => "callback",
            Self::Generator => "generator",
            Self::Future => "future",
            Self::Green => "green",
        })
    }
}
