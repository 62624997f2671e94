//! [`Threads`]: on which threads a callback task may be resumed, and so what it may hold.

use crate::handle::Stage;

/// On which threads a callback task may be resumed: [`OneThread`] or [`AnyThread`], and no others.
pub trait Threads: Sized {
    /// A sub-task and what to call then, their types forgotten.
    #[doc(hidden)]
    type Stage<T>: Stage<T, Self> + ?Sized;
}

/// The thread on which the task was first resumed: so it may hold anything.
#[derive(Debug)]
pub enum OneThread {}

impl Threads for OneThread {
    type Stage<T> = dyn Stage<T, Self>;
}

/// Any, one after another: so the task holds only what is [`Send`], and [is](crate::send) it itself.
#[derive(Debug)]
pub enum AnyThread {}

impl Threads for AnyThread {
    type Stage<T> = dyn Stage<T, Self> + Send;
}
