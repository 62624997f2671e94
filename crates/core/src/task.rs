//! The [`Task`] trait: a computation that can be suspended and resumed.

use std::{ops::DerefMut, pin::Pin};

use crate::{Context, Wait};

/// A computation that can be suspended and resumed.
///
/// A task is lazy: building one runs nothing, the first [`resume`](Task::resume) does. A task never
/// calls the loop: what it waits for is a value it returns.
///
/// # The contract
///
/// * After [`Step::Done`] a task is never resumed again. Styles and combinators panic then, with
///   [`RESUMED_AFTER_DONE`]; a leaf may do anything safe.
/// * A task may be resumed before what it waits for has happened (a *spurious* resume). It then
///   suspends again, or goes on if it may; nothing is lost.
/// * Dropping a suspended task runs the destructors of everything it holds before `drop` returns.
///
/// # Examples
///
/// A leaf, written by hand: it counts down, letting the others run in between.
///
/// ```
/// use quadrivium_core::{Context, Step, Task, Wait};
/// use std::pin::Pin;
///
/// struct Countdown(u32);
///
/// impl Task for Countdown {
///     type Output = &'static str;
///     fn resume(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Step<&'static str> {
///         match self.0 {
///             0 => Step::Done("lift-off"),
///             _ => {
///                 self.0 -= 1;
///                 Step::Suspended(Wait::Turn)
///             }
///         }
///     }
/// }
/// ```
#[must_use = "a task is lazy: it runs only when a host resumes it (spawn, perform or block_on)"]
pub trait Task {
    /// What the task is worth when it is done.
    type Output;

    /// Runs to the next suspension point, or to the end.
    ///
    /// # Panics
    ///
    /// When the body panics. It may panic when the task has already returned [`Step::Done`].
    fn resume(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output>;
}

/// What one [`resume`](Task::resume) came to.
#[derive(Debug)]
#[must_use]
pub enum Step<T> {
    /// The task is suspended until this wait is over.
    Suspended(Wait),
    /// The task is done, and this is its output.
    Done(T),
}

/// A task whose type is forgotten, for collections of tasks of several styles.
pub type BoxTask<T> = Pin<Box<dyn Task<Output = T>>>;

/// The message of the panic that a task of any style raises when it is resumed after its end.
pub const RESUMED_AFTER_DONE: &str =
    "a task was resumed after it was done: a host must drop it then";

impl<P> Task for Pin<P>
where
    P: DerefMut,
    P::Target: Task,
{
    type Output = <P::Target as Task>::Output;

    fn resume(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        self.as_deref_mut().resume(cx)
    }
}

impl<T: Task + Unpin + ?Sized> Task for Box<T> {
    type Output = T::Output;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        Pin::new(&mut **self).resume(cx)
    }
}

impl<T: Task + Unpin + ?Sized> Task for &mut T {
    type Output = T::Output;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        Pin::new(&mut **self).resume(cx)
    }
}
