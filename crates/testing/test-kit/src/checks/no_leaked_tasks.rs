//! [`no_leaked_tasks`]: a check that all tasks that a task spawned have ended when it is done.
//!
//! While the task and the tasks that it spawned run, their host is a `NotingHost`. It notes each
//! task that is spawned, and passes everything on to the host around it:
//!
//! ```text
//!   loop ─ resume ─► NoLeakedTasks ─ enters NotingHost ─► task
//!     task ─ spawn ─► NotingHost ─ spawn a NotedTask ─► loop
//!   loop ─ resume ─► NotedTask ───── enters NotingHost ─► child ─ spawn ─► …
//! ```

use std::{
    any::Any,
    cell::RefCell,
    panic::Location,
    pin::Pin,
    rc::{Rc, Weak},
    sync::Arc,
};

use quadrivium_core::{
    Context, Step, Task, Wait,
    host::{self, Host, Hosted, HostedTask, Label, SpawnedTasks, TaskKey, Wrapper},
    inspect::Style,
};

/// Checks that all tasks that a task spawned have ended when it is done, and also the tasks that
/// they spawned in turn. A task that is cancelled is not checked.
///
/// ```
/// use quadrivium::{prelude::*, test::no_leaked_tasks};
///
/// let tidy = future(async {
///     let child = spawn(turn());
///     child.await
/// });
/// EventLoop::with_virtual_clock()?.block_on(no_leaked_tasks(tidy))??;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Panics
///
/// The check panics when the task in it is done before those tasks. The message names them. The
/// check also panics when no host drives this thread.
#[track_caller]
pub fn no_leaked_tasks<T: Task>(task: T) -> NoLeakedTasks<T> {
    NoLeakedTasks { task: Box::pin(task), noting: None, checked_at: Location::caller() }
}

/// A task that is done after all tasks that it spawned. Made by [`no_leaked_tasks`].
#[must_use = "a task is lazy: perform it"]
pub struct NoLeakedTasks<T> {
    task: Pin<Box<T>>,
    /// Made in the first resume.
    noting: Option<Rc<NotingHost>>,
    checked_at: &'static Location<'static>,
}

impl<T: Task> Task for NoLeakedTasks<T> {
    type Output = T::Output;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<T::Output> {
        let noting = Rc::clone(self.noting.get_or_insert_with(NotingHost::new));
        let entered = host::enter(Rc::clone(&noting) as _);
        let step = self.task.as_mut().resume(cx);
        drop(entered);
        if let Step::Done(_) = step {
            let unfinished = noting.unfinished();
            assert!(
                unfinished.is_empty(),
                "no_leaked_tasks at {}: the task is done, but these tasks that it spawned are not: \
                 {}; join or cancel them before the end",
                self.checked_at,
                unfinished.join(", ")
            );
        }
        step
    }
}

/// A host around another one, which also notes the tasks that are spawned.
struct NotingHost {
    this: Weak<NotingHost>,
    wrapped: Rc<dyn Host>,
    spawned: RefCell<Vec<(TaskKey, Label)>>,
}

/// A task that was spawned on a [`NotingHost`].
struct NotedTask {
    /// `None` only after the drop.
    task: Option<HostedTask>,
    noting: Rc<NotingHost>,
}

impl Hosted for NotedTask {
    fn resume_hosted(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Option<Wait> {
        let _entered = host::enter(Rc::clone(&self.noting) as _);
        self.task().resume_hosted(cx)
    }

    fn take_output(mut self: Pin<&mut Self>, output: &mut dyn Any) {
        self.task().take_output(output);
    }

    fn style(&self) -> Style {
        self.task.as_ref().map_or(Style::Other, |task| task.style())
    }
}

impl NotedTask {
    fn task(&mut self) -> Pin<&mut dyn Hosted> {
        self.task.as_mut().expect("it is not dropped").as_mut()
    }
}

impl Drop for NotedTask {
    /// Tasks that the destructors spawn are noted, too.
    fn drop(&mut self) {
        let _entered = host::enter(Rc::clone(&self.noting) as _);
        drop(self.task.take());
    }
}

impl NotingHost {
    fn new() -> Rc<Self> {
        let wrapped = host::current().expect(
            "no_leaked_tasks notes the tasks that are spawned on a host, and no host drives this \
             thread: run it with EventLoop::block_on or spawn it on a loop",
        );
        Rc::new_cyclic(|this| Self {
            this: Weak::clone(this),
            wrapped,
            spawned: RefCell::default(),
        })
    }

    fn wrapped_tasks(&self) -> Rc<dyn SpawnedTasks> {
        Rc::clone(&self.wrapped).tasks()
    }

    /// Returns the names of the tasks that have not ended.
    fn unfinished(&self) -> Vec<String> {
        let spawned = self.spawned.borrow();
        let unfinished = spawned.iter().filter(|(key, _)| !self.wrapped_tasks().is_finished(*key));
        unfinished.map(|(_, label)| label.to_string()).collect()
    }
}

impl Wrapper for NotingHost {
    fn wrapped(&self) -> &Rc<dyn Host> {
        &self.wrapped
    }

    fn spawn(
        &self,
        body: HostedTask,
        name: Option<&str>,
        spawned_at: &'static Location<'static>,
    ) -> TaskKey {
        let noting = self.this.upgrade().expect("the caller has a reference to this host");
        let noted = NotedTask { task: Some(body), noting };
        let key = self.wrapped.spawn(Box::pin(noted), name, spawned_at);
        let id = self.wrapped_tasks().id(key);
        let label = Label { id, name: name.map(Arc::from), spawned_at };
        self.spawned.borrow_mut().push((key, label));
        key
    }
}
