//! [`Hosted`]: a task in the form in which hosts store it, without its concrete type.
//!
//! ```text
//!   ┌──────────────┐  done: its destructors run  ┌──────────────┐  take_output   ┌──────────────┐
//!   │ the task     │ ──────────────────────────► │ its output   │ ─────────────► │ nothing      │
//!   └──────────────┘                             └──────────────┘                └──────────────┘
//!          ▲                                                         refill              │
//!          └─────────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! All three are in the same allocation, one after the other. So is the next task of the same type,
//! if the host keeps the empty allocation for it.

use std::{any::Any, hint::black_box, pin::Pin};

use pin_project_lite::pin_project;

use crate::{Context, JoinError, RESUMED_AFTER_DONE, Step, Task, Wait, inspect::Style};

/// A task in the form in which hosts store it: without its concrete type. Made by [`hosted`].
pub type HostedTask = Pin<Box<dyn Hosted>>;

/// The result of a task: the task itself, which is done and contains its output, or the reason why
/// there is no output.
pub type Joined = Result<HostedTask, JoinError>;

/// A [`Task`] without its output type.
pub trait Hosted {
    /// Runs the task to its next suspension point and returns its wait. When the task is done,
    /// drops it, puts its output in its place, and returns `None`. If a destructor panics, the
    /// output stays there.
    ///
    /// An `Option<Wait>` fits in registers. A [`Step`] with the output would not.
    fn resume_hosted(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Option<Wait>;

    /// Moves the output of a task that is done into `output`, which is an `Option` of the output's
    /// type. Does not change `output` if it has another type, or if the task contains no output.
    ///
    /// A host may call this while its state is borrowed. So this runs no code of users. Nor does a
    /// drop after this.
    fn take_output(self: Pin<&mut Self>, output: &mut dyn Any);

    /// Returns the style of a task that is not done.
    fn style(&self) -> Style;

    /// Reads some memory of the task, and does nothing with it. A host that does this for many
    /// tasks, and resumes them only then, waits for their memory once. By default this does
    /// nothing.
    fn touch(&self) {}

    /// Puts a new task in the place of a task whose output was taken. `task` is an `Option` of the
    /// task. Returns false and changes nothing if it has another type. By default this is always
    /// so.
    fn refill(self: Pin<&mut Self>, task: &mut dyn Any) -> bool {
        _ = task;
        false
    }
}

/// Returns the task in the form in which hosts store it.
#[inline]
pub fn hosted<T>(task: T) -> HostedTask
where
    T: Task + 'static,
    T::Output: 'static,
{
    Box::pin(TaskCell::Task { task })
}

/// Like [`hosted`], in the allocation of a task whose output was taken, if it has the same type.
#[inline]
pub(crate) fn hosted_in<T>(cell: Option<HostedTask>, task: T) -> HostedTask
where
    T: Task + 'static,
    T::Output: 'static,
{
    let mut task = Some(task);
    if let Some(mut cell) = cell
        && cell.as_mut().refill(&mut task)
    {
        return cell;
    }
    hosted(task.expect("only a refill takes it"))
}

pin_project! {
    #[project = TaskCellPin]
    #[project_replace = TaskCellTaken]
    enum TaskCell<T: Task> {
        Task {
            #[pin]
            task: T,
        },
        Output {
            output: T::Output,
        },
        Taken,
    }
}

impl<T> Hosted for TaskCell<T>
where
    T: Task + 'static,
    T::Output: 'static,
{
    fn resume_hosted(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Option<Wait> {
        let TaskCellPin::Task { task } = self.as_mut().project() else {
            panic!("{RESUMED_AFTER_DONE}")
        };
        match task.resume(cx) {
            Step::Suspended(wait) => Some(wait),
            Step::Done(output) => {
                self.set(TaskCell::Output { output });
                None
            }
        }
    }

    fn touch(&self) {
        black_box(matches!(self, Self::Task { .. }));
    }

    fn take_output(self: Pin<&mut Self>, output: &mut dyn Any) {
        if let Some(place) = output.downcast_mut()
            && let TaskCellTaken::Output { output } = self.project_replace(TaskCell::Taken)
        {
            *place = Some(output);
        }
    }

    fn style(&self) -> Style {
        match self {
            TaskCell::Task { task } => task.style(),
            TaskCell::Output { .. } | TaskCell::Taken => Style::Other,
        }
    }

    fn refill(mut self: Pin<&mut Self>, task: &mut dyn Any) -> bool {
        let task = task.downcast_mut::<Option<T>>().and_then(Option::take);
        task.map(|task| self.set(TaskCell::Task { task })).is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        cell::Cell,
        panic::{AssertUnwindSafe, catch_unwind},
        ptr,
        rc::Rc,
        task::Waker,
    };

    use super::*;
    use crate::turn;

    /// A value whose destructor panics while this cell contains true.
    struct Panics(Rc<Cell<bool>>);

    impl Drop for Panics {
        fn drop(&mut self) {
            assert!(!self.0.take(), "on purpose");
        }
    }

    struct OneStep {
        output: Option<&'static str>,
        _destructor: Panics,
    }

    impl Task for OneStep {
        type Output = &'static str;

        fn resume(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Step<&'static str> {
            Step::Done(self.output.take().expect("it is resumed once"))
        }
    }

    /// Resumes a task whose destructor panics, or does not.
    fn resumed(panics: bool) -> (HostedTask, bool) {
        let panics = Rc::new(Cell::new(panics));
        let mut task =
            hosted(OneStep { output: Some("output"), _destructor: Panics(Rc::clone(&panics)) });
        let resume = || task.as_mut().resume_hosted(&mut Context::new(Waker::noop()));
        let is_done = catch_unwind(AssertUnwindSafe(resume)).is_ok_and(|wait| wait.is_none());
        assert_eq!(Rc::strong_count(&panics), 1, "the destructor has run");
        (task, is_done)
    }

    fn output<T: 'static>(task: &mut HostedTask) -> Option<T> {
        let mut output = None;
        task.as_mut().take_output(&mut output);
        output
    }

    #[test]
    fn the_output_takes_the_place_of_the_task() {
        let (mut task, is_done) = resumed(false);
        assert!(is_done);
        assert_eq!(output::<u32>(&mut task), None, "the output has another type");
        assert_eq!(output::<&str>(&mut task), Some("output"));
        assert_eq!(output::<&str>(&mut task), None);
    }

    #[test]
    fn a_new_task_takes_the_place_of_a_task_of_the_same_type() {
        let (mut task, _) = resumed(false);
        let place = &raw const *task;
        assert_eq!(output::<&str>(&mut task), Some("output"));
        assert!(!task.as_mut().refill(&mut Some(turn())), "a turn is of another type");
        let next = OneStep { output: Some("next"), _destructor: Panics(Rc::default()) };
        let mut next = hosted_in(Some(task), next);
        assert!(ptr::addr_eq(place, &raw const *next));
        assert!(next.as_mut().resume_hosted(&mut Context::new(Waker::noop())).is_none());
        assert_eq!(output::<&str>(&mut next), Some("next"));
    }

    #[test]
    fn the_output_is_there_even_if_a_destructor_panics() {
        let (mut task, is_done) = resumed(true);
        assert!(!is_done);
        assert_eq!(output::<&str>(&mut task), Some("output"));
    }
}
