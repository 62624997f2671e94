//! [`select`]: makes one task of many. It is done when the first of them is done, and the others go
//! on later. The parts take turns at being the first.

use std::{fmt, ops::ControlFlow, pin::Pin};

use super::parts::{Combinator, Parts};
use crate::{Context, Step, Task, host, inspect::LeafKind};

/// Runs any number of tasks of one type side by side until the first of them is done. The output
/// has the output of that task, and the other tasks. They are suspended until they are performed
/// again. Drop them to cancel them. For tasks of several styles, [box](crate::BoxTask) the tasks.
///
/// If several tasks are done at once, each of them has the same chance, so no task starves another.
/// See [`Select::biased`] for a fixed order. Without tasks, the output is `None` at once.
///
/// ```
/// use quadrivium::{green::perform, prelude::*, task::BoxTask};
/// use std::time::Duration;
///
/// let ms = Duration::from_millis;
/// let tasks: [BoxTask<&str>; 3] = [
///     Box::pin(future(async move { sleep(ms(3)).await; "a future" })),
///     Box::pin(green(move || { perform(sleep(ms(1))); "a green thread" })),
///     Box::pin(callback(move |cb| cb.perform(sleep(ms(2)), |cb, ()| cb.done("a callback")))),
/// ];
/// let order = future(async {
///     let mut order = Vec::new();
///     let mut rest = select(tasks);
///     while let Some(first) = rest.await {
///         order.push((first.index, first.output));
///         rest = first.rest;
///     }
///     order
/// });
/// let order = EventLoop::with_virtual_clock()?.block_on(order)?;
/// assert_eq!(order, [(1, "a green thread"), (2, "a callback"), (0, "a future")]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[track_caller]
pub fn select<T: Task>(tasks: impl IntoIterator<Item = T>) -> Select<T> {
    Select::new(Combinator::new(LeafKind::Select), tasks)
}

/// A task that waits for the first of many tasks. Made by [`select`].
#[must_use = "a task is lazy: perform it"]
pub struct Select<T> {
    /// `None` when it is done.
    parts: Option<Parts<T>>,
    begin: Begin,
}

/// Which part is resumed first.
#[derive(Clone, Copy)]
enum Begin {
    /// The host chooses it in the first resume.
    NotChosen,
    /// The part with this index, and then the parts behind it. The other parts come last.
    At(usize),
    /// The part with the index 0, in every `select`.
    Biased,
}

impl<T: Task> Select<T> {
    /// If several tasks are done at once, the first in their order counts. So a task that is often
    /// done can starve the tasks behind it. Use it if the order has a meaning, such as a request to
    /// stop before the next piece of work.
    ///
    /// ```
    /// use quadrivium::{prelude::*, sync::channel};
    ///
    /// let mut event_loop = EventLoop::new()?;
    /// let (stop, work) = (channel::unbounded(), channel::unbounded());
    /// for _ in 0..10 {
    ///     stop.0.try_send("stop")?;
    ///     work.0.try_send("work")?;
    ///     let first = event_loop.block_on(select([stop.1.recv(), work.1.recv()]).biased())?;
    ///     assert_eq!(first.map(|first| first.output), Some(Ok("stop")));
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn biased(self) -> Self {
        Self { begin: Begin::Biased, ..self }
    }
}

impl Begin {
    /// Returns the index of the part that is resumed first. A choice is kept until a part is done.
    fn index(&mut self, parts: usize, left: usize) -> usize {
        if let Self::NotChosen = self
            && left > 1
        {
            *self = Self::At(host::first_part(parts));
        }
        match *self {
            Self::At(index) => index,
            Self::NotChosen | Self::Biased => 0,
        }
    }

    /// Returns the part with which the rest begins, after this part is done.
    fn after(self, index: usize, parts: usize) -> Self {
        match self {
            Self::NotChosen | Self::At(_) => Self::At((index + 1) % parts),
            Self::Biased => Self::Biased,
        }
    }
}

/// The first task of a [`select`] that is done, and the others.
pub struct Selected<T: Task> {
    /// The index of the task that is done, in the order in which the tasks were passed to
    /// [`select`]. The other tasks keep their indices.
    pub index: usize,
    /// The output of that task.
    pub output: T::Output,
    /// The other tasks. Perform it to wait for the next output.
    pub rest: Select<T>,
}

// Each task is in a box of its own.
impl<T> Unpin for Select<T> {}

impl<T: Task> Select<T> {
    pub(super) fn new(combinator: Combinator, tasks: impl IntoIterator<Item = T>) -> Self {
        Self { parts: Some(Parts::new(combinator, tasks)), begin: Begin::NotChosen }
    }
}

impl<T: Task> Task for Select<T> {
    type Output = Option<Selected<T>>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        let Self { parts, begin } = &mut *self;
        let running = parts.as_mut().expect(crate::RESUMED_AFTER_DONE);
        let begins_at = begin.index(running.len(), running.left());
        let mut first = None;
        let resumed = running.resume_from(begins_at, cx, |index, output| {
            first = Some((index, output));
            ControlFlow::Break(())
        });
        match resumed {
            ControlFlow::Continue(wait) if running.left() > 0 => Step::Suspended(wait),
            ControlFlow::Continue(_) | ControlFlow::Break(()) => {
                let (len, begin) = (running.len(), *begin);
                let parts = parts.take();
                Step::Done(first.map(|(index, output)| {
                    let rest = Self { parts, begin: begin.after(index, len) };
                    Selected { index, output, rest }
                }))
            }
        }
    }
}

impl<T: Task> fmt::Debug for Select<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = self.parts.as_ref().map(Parts::left);
        f.debug_struct("Select").field("left", &left).finish_non_exhaustive()
    }
}

impl<T: Task<Output: fmt::Debug>> fmt::Debug for Selected<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { index, output, rest } = self;
        let mut shown = f.debug_struct("Selected");
        shown.field("index", index).field("output", output).field("rest", rest).finish()
    }
}
