//! [`spawn`] and [`JoinHandle`]: hand a task to the host, wait for its result or cancel it.

use std::{any::Any, fmt, marker::PhantomData, panic::Location, pin::Pin, rc::Rc};

use crate::{
    Canceller, Context, JoinError, Step, Task, Wait, fairness,
    host::{self, Host, HostedTask, Spawned, TaskId},
};

/// Hands a task to the host that drives this thread. It starts in a later turn.
///
/// Works the same in the body of every style.
///
/// # Panics
///
/// When no host drives this thread; outside a task, use the loop's own `spawn`.
#[track_caller]
pub fn spawn<T>(task: T) -> JoinHandle<T::Output>
where
    T: Task + 'static,
    T::Output: 'static,
{
    spawn_on_current(task, None, Location::caller())
}

/// [`spawn`] with a name, which the trace, a deadlock and a stack overflow show.
///
/// # Panics
///
/// When no host drives this thread.
#[track_caller]
pub fn spawn_named<T>(name: &str, task: T) -> JoinHandle<T::Output>
where
    T: Task + 'static,
    T::Output: 'static,
{
    spawn_on_current(task, Some(name), Location::caller())
}

fn spawn_on_current<T>(
    task: T,
    name: Option<&str>,
    spawned_at: &'static Location<'static>,
) -> JoinHandle<T::Output>
where
    T: Task + 'static,
    T::Output: 'static,
{
    JoinHandle::spawn(host::expect_current(), task, name, spawned_at)
}

/// The other end of a spawned task: waits for its output, or cancels it.
///
/// It is itself a task: `perform` it in any style to wait for the output. Dropping it leaves the
/// task running and its output unread.
#[must_use = "drop it on purpose if nobody waits for the task"]
pub struct JoinHandle<T> {
    spawned: Spawned,
    has_suspended: bool,
    // Invariant: the output is found by its exact type.
    output: PhantomData<fn(T) -> T>,
}

impl<T: 'static> JoinHandle<T> {
    /// Hands `task` to `host`. For hosts: users call [`spawn`].
    pub fn spawn(
        host: Rc<dyn Host>,
        task: impl Task<Output = T> + 'static,
        name: Option<&str>,
        spawned_at: &'static Location<'static>,
    ) -> Self {
        let body: HostedTask = Box::pin(task);
        let spawned = host.spawn(body, name, spawned_at);
        Self { spawned, has_suspended: false, output: PhantomData }
    }
}

impl<T> JoinHandle<T> {
    /// Takes the task away: it is dropped where it is suspended, and its destructors have run when
    /// this returns. A task that is running (it may be the caller) is dropped at its next
    /// suspension; if it ends before that, it has ended. Harmless when repeated or too late.
    ///
    /// The destructors have the task's own host, also where no host or another one drives this
    /// thread: they may spawn and ask for the time. They may cancel other tasks, and so may the
    /// destructors of those: sixteen cancels nest so. A call inside the sixteenth returns at once,
    /// and its destructors run when that of the sixteenth has run, so before the calls around it
    /// return.
    pub fn cancel(&self) {
        self.spawned.tasks.cancel(self.spawned.key);
    }

    /// The same for any thread; the loop acts on it in its next turn.
    pub fn canceller(&self) -> Canceller {
        self.spawned.tasks.canceller(self.spawned.key)
    }

    /// Whether the task has ended, in whatever way.
    pub fn is_finished(&self) -> bool {
        self.spawned.tasks.is_finished(self.spawned.key)
    }

    /// The task's number on its host.
    pub fn id(&self) -> TaskId {
        self.spawned.id
    }
}

impl<T: 'static> Task for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        if fairness::gives_way(self.has_suspended) {
            self.has_suspended = true;
            return Step::Suspended(Wait::Turn);
        }
        match self.spawned.tasks.join(self.spawned.key, cx) {
            None => {
                self.has_suspended = true;
                Step::Suspended(Wait::Wake)
            }
            Some(joined) => fairness::done(joined.map(output_of::<T>)),
        }
    }
}

fn output_of<T: 'static>(output: Box<dyn Any>) -> T {
    *output.downcast().expect("the key of this handle belongs to a task with this output")
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        self.spawned.tasks.detach(self.spawned.key);
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("id", &self.spawned.id).finish_non_exhaustive()
    }
}
