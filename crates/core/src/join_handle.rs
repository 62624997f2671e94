//! [`spawn`] and [`JoinHandle`]: give a task to the host, and then wait for its output or cancel
//! it.

use std::{fmt, marker::PhantomData, panic::Location, pin::Pin, rc::Rc};

use crate::{
    Canceller, Context, JoinError, Step, Task, Wait, fairness,
    host::{self, Host, HostedTask, SpawnedTasks, TaskId, TaskKey, hosted},
};

/// Spawns a task: hands it to the host that drives this thread. The task starts in a later turn.
///
/// It works in the same way in the bodies of all styles. The calling task goes on at once.
///
/// # Panics
///
/// When no host drives this thread. Outside a task, use the loop's own `spawn`.
#[track_caller]
#[inline]
pub fn spawn<T>(task: T) -> JoinHandle<T::Output>
where
    T: Task + 'static,
    T::Output: 'static,
{
    JoinHandle::spawn(host::expect_current(), task, None, Location::caller())
}

/// Spawns a task with a name. The name appears in the trace, and in the messages of a deadlock and
/// of a stack overflow.
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
    JoinHandle::spawn(host::expect_current(), task, Some(name), Location::caller())
}

/// A handle to a spawned task, to wait for its output or to cancel it.
///
/// The handle is itself a task: `perform` it in any style to wait for the output. If the handle is
/// dropped, the spawned task runs on, and its output is dropped unread.
#[must_use = "join the task, or drop the handle on purpose to let it run on"]
pub struct JoinHandle<T> {
    tasks: Rc<dyn SpawnedTasks>,
    /// The key of the task. The bit [`HAS_SUSPENDED`] is set once the handle has suspended. So the
    /// handle is three words in size, and a program may have a million.
    key: u64,
    // This makes `T` invariant, because the handle expects an output of exactly this type.
    output: PhantomData<fn(T) -> T>,
}

const HAS_SUSPENDED: u64 = 1 << 63;

impl<T: 'static> JoinHandle<T> {
    /// Hands `task` to `host`. This is for hosts. Users call [`spawn`].
    #[inline]
    pub fn spawn(
        host: Rc<dyn Host>,
        task: impl Task<Output = T> + 'static,
        name: Option<&str>,
        spawned_at: &'static Location<'static>,
    ) -> Self {
        let TaskKey(key) = host.spawn(hosted(task), name, spawned_at);
        debug_assert!(key < HAS_SUSPENDED, "the topmost bit of a host's key must be zero");
        Self { tasks: host.tasks(), key, output: PhantomData }
    }
}

impl<T> JoinHandle<T> {
    /// Cancels the task. A suspended task is dropped at once: its destructors have run when this
    /// returns. A running task (the caller itself, perhaps) is dropped at its next suspension,
    /// unless it ends before. A call is harmless if the task has ended or was cancelled before.
    ///
    /// While the destructors run, the task's own host drives the thread, even if another host or no
    /// host drives it otherwise. So a destructor may spawn tasks and ask for the time.
    ///
    /// A destructor may also cancel other tasks, and their destructors may cancel further tasks. At
    /// most sixteen such cancels are nested. A cancel inside the sixteenth returns at once. Its
    /// destructors run as soon as the destructors of the sixteenth have run, and so before the
    /// outer cancels return.
    pub fn cancel(&self) {
        self.tasks.cancel(self.key());
    }

    /// Returns a handle that cancels the task from any thread. The host carries out such a cancel
    /// in its next turn.
    pub fn canceller(&self) -> Canceller {
        self.tasks.canceller(self.key())
    }

    /// Returns whether the task has ended: with an output, by a panic or by a cancel.
    pub fn is_finished(&self) -> bool {
        self.tasks.is_finished(self.key())
    }

    /// Returns the task's number on its host.
    pub fn id(&self) -> TaskId {
        self.tasks.id(self.key())
    }

    fn key(&self) -> TaskKey {
        TaskKey(self.key & !HAS_SUSPENDED)
    }
}

impl<T: 'static> Task for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        if fairness::gives_way(self.key & HAS_SUSPENDED != 0) {
            self.key |= HAS_SUSPENDED;
            return Step::Suspended(Wait::Turn);
        }
        match self.tasks.join(self.key(), cx) {
            None => {
                self.key |= HAS_SUSPENDED;
                Step::Suspended(Wait::Wake)
            }
            Some(joined) => fairness::done(joined.map(output_of::<T>)),
        }
    }
}

fn output_of<T: 'static>(mut done: HostedTask) -> T {
    let mut output = None;
    done.as_mut().take_output(&mut output);
    output.expect("the key of a handle belongs to a task with the output type of the handle")
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        self.tasks.detach(self.key());
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("id", &self.id()).finish_non_exhaustive()
    }
}
