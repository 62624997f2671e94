//! [`spawn`] and [`JoinHandle`]: give a task to the host, and then wait for its output or cancel
//! it.

use std::{fmt, marker::PhantomData, panic::Location, pin::Pin, rc::Rc};

use crate::{
    Canceller, Context, JoinError, RESUMED_AFTER_DONE, Step, Task, Wait, fairness,
    host::{self, Host, SpawnedTasks, TaskId, TaskKey, hosted_in},
    inspect::Note,
    task_values::{inherit, visible},
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
    /// The key of the task. Once the task is joined, its id and the bit [`IS_JOINED`]. The bit
    /// [`HAS_SUSPENDED`] is set once the handle has suspended. All this is one word, so that the
    /// handle is three words in size. A program may have a million.
    word: u64,
    // This makes `T` invariant, because the handle expects an output of exactly this type.
    output: PhantomData<fn(T) -> T>,
}

const HAS_SUSPENDED: u64 = 1 << 63;
const IS_JOINED: u64 = 1 << 62;

impl<T: 'static> JoinHandle<T> {
    /// Hands `task` to `host`. This is for hosts. Users call [`spawn`].
    #[inline]
    pub fn spawn(
        host: Rc<dyn Host>,
        task: impl Task<Output = T> + 'static,
        name: Option<&str>,
        spawned_at: &'static Location<'static>,
    ) -> Self {
        let mut task = hosted_in(host.empty_cell(), task);
        if visible::has_inherited() {
            task = inherit(task);
        }
        let TaskKey(word) = host.spawn(task, name, spawned_at);
        debug_assert!(word < IS_JOINED, "the two topmost bits of a host's key must be zero");
        Self { tasks: host.tasks(), word, output: PhantomData }
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
        if let Some(key) = self.key() {
            self.tasks.cancel(key);
        }
    }

    /// Returns a handle that cancels the task from any thread. The host carries out such a cancel
    /// in its next turn.
    pub fn canceller(&self) -> Canceller {
        match self.key() {
            Some(key) => self.tasks.canceller(key),
            None => Canceller::new(|| ()),
        }
    }

    /// Returns whether the task has ended: with an output, by a panic or by a cancel.
    pub fn is_finished(&self) -> bool {
        self.key().is_none_or(|key| self.tasks.is_finished(key))
    }

    /// Returns the task's number on its host.
    pub fn id(&self) -> TaskId {
        match self.key() {
            Some(key) => self.tasks.id(key),
            None => TaskId(self.word & !(IS_JOINED | HAS_SUSPENDED)),
        }
    }

    /// Returns what the task waits for, if it is suspended and its host keeps that.
    pub(crate) fn note(&self) -> Option<Note> {
        self.tasks.note(self.key()?)
    }

    /// Returns the key of the task, unless it is joined.
    #[inline]
    fn key(&self) -> Option<TaskKey> {
        (self.word & IS_JOINED == 0).then_some(TaskKey(self.word & !HAS_SUSPENDED))
    }
}

impl<T: 'static> Task for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        if fairness::gives_way(self.word & HAS_SUSPENDED != 0) {
            self.word |= HAS_SUSPENDED;
            return Step::Suspended(Wait::Turn);
        }
        let key = self.key().expect(RESUMED_AFTER_DONE);
        let mut output = None::<T>;
        let Some((id, joined)) = self.tasks.join(key, cx, &mut output) else {
            self.word |= HAS_SUSPENDED;
            return Step::Suspended(Wait::Wake);
        };
        self.word = IS_JOINED | id.0;
        let output = || output.expect("the task at the key of a handle has its output type");
        fairness::done(joined.map(|()| output()))
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        if let Some(key) = self.key() {
            self.tasks.detach(key);
        }
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("id", &self.id()).finish_non_exhaustive()
    }
}
