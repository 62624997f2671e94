//! The [`Task`] trait: a computation that can be suspended and resumed.

use std::{ops::DerefMut, pin::Pin};

use crate::{Context, Wait, inspect::Style};

/// A computation that can be suspended and resumed.
///
/// A *host*, such as an event loop, drives the task: it calls [`resume`](Task::resume) again and
/// again. Each call runs the task to the next point at which it has to wait, and returns a
/// [`Step`]. Between two calls the task is *suspended*: it keeps its state and runs nothing.
///
/// A task is lazy: building one runs nothing, and only the first `resume` starts it. A task never
/// calls its host in order to wait. It returns a value instead, a [`Wait`], which describes what it
/// waits for.
///
/// # The contract
///
/// * After [`Step::Done`] a task is never resumed again. If it is, styles and combinators panic
///   with [`RESUMED_AFTER_DONE`]. A leaf (a task that contains no other task) may do anything safe.
/// * A task may be resumed before its wait is over. Such a resume is called *spurious*. The task
///   then suspends again, or goes on if it can. Nothing is lost.
/// * Dropping a suspended task runs the destructors of all its values before `drop` returns.
///
/// # Examples
///
/// A leaf, written by hand. It counts down and lets the other tasks run in between:
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
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a task",
    label = "not a task",
    note = "wrap a future in `future(..)`, and a closure in `callback(..)`, `generator(..)` or \
            `green(..)`",
    note = "inside a task, the `perform` of the style around it takes a task and returns its output"
)]
#[must_use = "a task is lazy: it runs only when a host resumes it (spawn, perform or block_on)"]
pub trait Task {
    /// The value that the task returns when it is done.
    type Output;

    /// Runs the task to its next suspension point, or to its end.
    ///
    /// # Panics
    ///
    /// When the body (the user's code inside the task) panics. A task may also panic when it has
    /// already returned [`Step::Done`].
    fn resume(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output>;

    /// Returns the style in which the task is written, for reports. By default, it is
    /// [`Style::Other`].
    fn style(&self) -> Style {
        Style::Other
    }
}

/// The result of one [`resume`](Task::resume).
#[derive(Debug)]
#[must_use]
pub enum Step<T> {
    /// The task is suspended until this wait is over.
    Suspended(Wait),
    /// The task is done, and this is its output.
    Done(T),
}

/// A boxed task without its concrete type, for collections of tasks of several styles.
pub type BoxTask<T> = Pin<Box<dyn Task<Output = T>>>;

/// The message of the panic when a task of any style is resumed after its end.
pub const RESUMED_AFTER_DONE: &str =
    "a task was resumed after it was done: a host must drop a task that is done";

// The compiler names the whole type that is not a task, and not what is in the box.
#[diagnostic::do_not_recommend]
impl<P> Task for Pin<P>
where
    P: DerefMut,
    P::Target: Task,
{
    type Output = <P::Target as Task>::Output;

    fn resume(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        self.as_deref_mut().resume(cx)
    }

    fn style(&self) -> Style {
        (**self).style()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Task + Unpin + ?Sized> Task for Box<T> {
    type Output = T::Output;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        Pin::new(&mut **self).resume(cx)
    }

    fn style(&self) -> Style {
        (**self).style()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Task + Unpin + ?Sized> Task for &mut T {
    type Output = T::Output;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        Pin::new(&mut **self).resume(cx)
    }

    fn style(&self) -> Style {
        (**self).style()
    }
}
