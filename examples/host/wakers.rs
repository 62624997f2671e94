//! Who wakes a task, from whatever thread, and the queue of ready tasks.

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

/// The ready tasks, first come first served. Any thread may add one.
pub struct ReadyKeys {
    keys: Mutex<VecDeque<TaskKey>>,
    /// The host's, which sleeps until it is unparked.
    thread: ThreadId,
    unpark: Waker,
}

/// A wake adds the task to the queue, once.
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
        self.keys().pop_front().expect("the host alone takes tasks out")
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

    /// The task is out of the queue: a wake from now on adds it again.
    pub fn begin(&self) {
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
