//! [`no_leaked_tasks`]: a task that is done when everything it spawned is.
//!
//! While the task and whatever it spawned run, the host is one that notes what is spawned, and
//! hands everything else on:
//!
//! ```text
//!   loop ─ resume ─► NoLeakedTasks ─ enters Noting ─► task ─ spawn ─► Noting ─ NotedTask ─► loop
//!   loop ─ resume ─► NotedTask ───── enters Noting ─► child ─ spawn ─► …
//! ```

use std::{any::Any, cell::RefCell, panic::Location, pin::Pin, rc::Rc, sync::Arc};

use quadrivium_core::{
    Context, Step, Task, Wait,
    host::{self, Host, Hosted, HostedTask, Label, Spawned, Wrapper},
};

/// Checks that whatever a task spawned has ended when the task is done, and so on for what those
/// spawned. A task that is cancelled is not checked.
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
/// The task panics when the one in it is done before those; the message names them. Also when no
/// host drives this thread.
#[track_caller]
pub fn no_leaked_tasks<T: Task>(task: T) -> NoLeakedTasks<T> {
    NoLeakedTasks { task: Box::pin(task), noting: None, checked_at: Location::caller() }
}

/// A task that is done when everything it spawned is. Made by [`no_leaked_tasks`].
#[must_use = "a task is lazy: perform it"]
pub struct NoLeakedTasks<T> {
    task: Pin<Box<T>>,
    /// Since the first resume.
    noting: Option<Rc<Noting>>,
    checked_at: &'static Location<'static>,
}

impl<T: Task> Task for NoLeakedTasks<T> {
    type Output = T::Output;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<T::Output> {
        let noting = Rc::clone(self.noting.get_or_insert_with(Noting::new));
        let entered = host::enter(Rc::clone(&noting) as _);
        let step = self.task.as_mut().resume(cx);
        drop(entered);
        if let Step::Done(_) = step {
            let left = noting.left();
            assert!(
                left.is_empty(),
                "no_leaked_tasks at {}: the task is done, and of what it spawned these are not: \
                 {}; join or cancel them before the end",
                self.checked_at,
                left.join(", ")
            );
        }
        step
    }
}

/// The host around, which also notes what is spawned.
struct Noting {
    wrapped: Rc<dyn Host>,
    spawned: RefCell<Vec<(Spawned, Label)>>,
}

/// A task that was spawned under it.
struct NotedTask {
    /// There until it is dropped.
    task: Option<HostedTask>,
    noting: Rc<Noting>,
}

impl Hosted for NotedTask {
    fn resume_hosted(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        output: &mut Option<Box<dyn Any>>,
    ) -> Option<Wait> {
        let _entered = host::enter(Rc::clone(&self.noting) as _);
        let task = self.task.as_mut().expect("it is not dropped");
        task.as_mut().resume_hosted(cx, output)
    }
}

impl Drop for NotedTask {
    /// What its destructors spawn is noted too.
    fn drop(&mut self) {
        let _entered = host::enter(Rc::clone(&self.noting) as _);
        drop(self.task.take());
    }
}

impl Noting {
    fn new() -> Rc<Self> {
        let wrapped = host::current().expect(
            "no_leaked_tasks notes what is spawned on a host, and none drives this thread: run it \
             with EventLoop::block_on or spawn it on a loop",
        );
        Rc::new(Self { wrapped, spawned: RefCell::default() })
    }

    /// Who has not ended.
    fn left(&self) -> Vec<String> {
        let spawned = self.spawned.borrow();
        let left = spawned.iter().filter(|(it, _)| !it.tasks.is_finished(it.key));
        left.map(|(_, label)| label.to_string()).collect()
    }
}

impl Wrapper for Noting {
    fn wrapped(&self) -> &Rc<dyn Host> {
        &self.wrapped
    }

    fn spawn(
        self: Rc<Self>,
        body: HostedTask,
        name: Option<&str>,
        spawned_at: &'static Location<'static>,
    ) -> Spawned {
        let noted = NotedTask { task: Some(body), noting: Rc::clone(&self) };
        let spawned = Rc::clone(&self.wrapped).spawn(Box::pin(noted), name, spawned_at);
        let label = Label { id: spawned.id, name: name.map(Arc::from), spawned_at };
        self.spawned.borrow_mut().push((spawned.clone(), label));
        spawned
    }
}
