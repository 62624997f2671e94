//! [`ThreadPool`]: OS threads that come and go with the work there is. One pool is for files, one
//! for names, and neither starves the other.

use std::{
    collections::BTreeMap,
    env, io, mem,
    num::NonZero,
    panic::{AssertUnwindSafe, catch_unwind},
    process,
    sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use quadrivium_core::host::refused;

use super::work::AnyWork;

/// Files, and whatever else users offload.
pub(crate) static FILES: LazyLock<ThreadPool> = LazyLock::new(|| {
    let most = env::var(MOST_FILE_THREADS).ok().and_then(|most| most.parse().ok());
    ThreadPool::new("files", most.map_or(500, NonZero::get))
});

/// Names: a few threads of their own. A name server that does not answer takes only these, and a
/// slow disk none of them.
pub(crate) static NAMES: LazyLock<ThreadPool> = LazyLock::new(|| ThreadPool::new("names", 4));

/// An environment variable: the limit of [`FILES`], a number from 1 on.
const MOST_FILE_THREADS: &str = "QUADRIVIUM_OFFLOAD_THREADS";

/// How long a thread without work waits for more before it ends.
const IDLE_TIME: Duration = Duration::from_millis(500);

/// OS threads, and the work that waits for one of them, in the order in which it came.
///
/// Everything is decided under one mutex. When more work is queued than threads are idle, a thread
/// is started, after the mutex was released: by the task that brings work, or by the thread that
/// takes some. Only one thread is started at a time, and it looks whether another one is needed. So
/// a task that brings much work at once starts one thread, and the threads start the others.
///
/// When the OS refuses a thread, the work waits for the threads there are. Each of them looks at
/// the queue before it sleeps or ends. When there is no thread at all, all queued work is refused.
pub(crate) struct ThreadPool {
    /// What the threads are for, which is also their name.
    name: &'static str,
    /// At most this many threads.
    most: usize,
    /// The process they are in: a fork has none of them.
    process: u32,
    /// How a thread is started that [`work`](ThreadPool::work)s.
    start: fn(&'static ThreadPool) -> io::Result<()>,
    state: Mutex<State>,
    comes: Condvar,
}

#[derive(Default)]
struct State {
    /// By [`WorkId`]: sorted, and so in the order in which it came.
    waiting: BTreeMap<u64, Arc<dyn AnyWork>>,
    next: u64,
    /// All threads, with the one that is being started.
    threads: usize,
    /// Threads that wait for work. They look at the queue before they end.
    idle: usize,
    is_starting: bool,
}

/// The number of work in the queue. Numbers grow.
#[derive(Clone, Copy, Debug)]
pub(super) struct WorkId(u64);

impl ThreadPool {
    fn new(name: &'static str, most: usize) -> Self {
        let state = Mutex::new(State::default());
        let (process, start) = (process::id(), ThreadPool::start_thread as _);
        Self { name, most, process, start, state, comes: Condvar::new() }
    }

    /// Queues work. It may be refused before this returns.
    pub(super) fn begin(&'static self, work: Arc<dyn AnyWork>) -> WorkId {
        if process::id() != self.process {
            work.refuse(self.is_of_another_process());
            return WorkId(u64::MAX);
        }
        let mut state = self.lock();
        let id = WorkId(state.next);
        state.next += 1;
        state.waiting.insert(id.0, work);
        let is_awaited = state.idle > 0;
        let grows = state.grows(self.most);
        drop(state);
        if is_awaited {
            self.comes.notify_one();
        }
        if grows {
            self.grow();
        }
        id
    }

    /// The queue is not looked at: the fork may have copied it while it was locked.
    fn is_of_another_process(&self) -> io::Error {
        let message = format!(
            "the threads for {} are in the process that this one was forked from: fork before the \
             first of them is started, or start another program instead",
            self.name
        );
        io::Error::new(io::ErrorKind::Unsupported, message)
    }

    /// Takes work out of the queue, if it is there.
    pub(super) fn forget(&self, id: WorkId) -> Option<Arc<dyn AnyWork>> {
        self.lock().waiting.remove(&id.0)
    }

    /// Starts the thread that [`State::grows`] has counted.
    fn grow(&'static self) {
        let Err(error) = (self.start)(self) else { return };
        let mut state = self.lock();
        state.is_starting = false;
        state.threads -= 1;
        let left = match state.threads {
            0 => mem::take(&mut state.waiting),
            _ => BTreeMap::new(),
        };
        drop(state);
        for work in left.into_values() {
            contain(|| work.refuse(refused(&format!("a thread for {}", self.name), &error)));
        }
    }

    fn start_thread(&'static self) -> io::Result<()> {
        thread::Builder::new().name(self.name.into()).spawn(|| self.work()).map(drop)
    }

    /// The life of a thread.
    fn work(&'static self) {
        let mut state = self.lock();
        state.is_starting = false;
        loop {
            while let Some((_, work)) = state.waiting.pop_first() {
                let grows = state.grows(self.most);
                drop(state);
                if grows {
                    self.grow();
                }
                contain(|| work.run());
                contain(|| drop(work));
                state = self.lock();
            }
            state.idle += 1;
            state = self.wait(state);
            state.idle -= 1;
            if state.waiting.is_empty() {
                state.threads -= 1;
                return;
            }
        }
    }

    /// Waits until there is work, or for [`IDLE_TIME`].
    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let is_idle = |state: &mut State| state.waiting.is_empty();
        let waited = self.comes.wait_timeout_while(state, IDLE_TIME, is_idle);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// No user code runs under this lock, so a poisoned one holds nothing half done.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether a thread is to be started now. It is then counted.
    fn grows(&mut self, most: usize) -> bool {
        let grows = self.waiting.len() > self.idle && !self.is_starting && self.threads < most;
        if grows {
            self.is_starting = true;
            self.threads += 1;
        }
        grows
    }
}

/// Keeps a panic from ending a thread of the pool, or from reaching an unrelated task. Such a panic
/// comes from a foreign waker, or from the destructor of an output whose task is gone.
///
/// The payload is kept for ever: its destructor might panic again.
fn contain(something: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(something)) {
        mem::forget(payload);
    }
}

#[cfg(test)]
mod tests;
