//! [`TaskWaker`]: wakes a task from any thread. [`ReadyKeys`]: the ready queue.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Wake, Waker},
    thread::{self, ThreadId},
};

use quadrivium::host::TaskKey;

/// The keys of the ready tasks, in the order of their wakes. Any thread may add
/// one.
pub struct ReadyKeys {
    keys: Mutex<VecDeque<TaskKey>>,
    /// The thread of the host. Another thread has to unpark it.
    thread: ThreadId,
    unpark: Waker,
}

/// Wakes a task: adds it to the ready queue, unless it is already there.
pub struct TaskWaker {
    pub key: TaskKey,
    is_ready: AtomicBool,
    is_cancelled: AtomicBool,
    ready: Arc<ReadyKeys>,
}

impl ReadyKeys {
    pub fn new(unpark: Waker) -> Arc<Self> {
        let (keys, thread) = (Mutex::default(), thread::current().id());
        Arc::new(Self { keys, thread, unpark })
    }

    pub fn len(&self) -> usize {
        self.keys().len()
    }

    pub fn take(&self) -> TaskKey {
        self.keys().pop_front().expect("only the host takes tasks out")
    }

    fn keys(&self) -> MutexGuard<'_, VecDeque<TaskKey>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TaskWaker {
    pub fn new(key: TaskKey, ready: Arc<ReadyKeys>) -> Arc<Self> {
        let (is_ready, is_cancelled) = Default::default();
        Arc::new(Self { key, is_ready, is_cancelled, ready })
    }

    /// Records that the task has left the queue, so that the next wake adds it
    /// again.
    pub fn leave_queue(&self) {
        self.is_ready.store(false, SeqCst);
    }

    pub fn mark_cancelled(&self) {
        self.is_cancelled.store(true, SeqCst);
    }

    pub fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(SeqCst)
    }
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        if self.is_ready.swap(true, SeqCst) {
            return;
        }
        self.ready.keys().push_back(self.key);
        if thread::current().id() != self.ready.thread {
            self.ready.unpark.wake_by_ref();
        }
    }
}
