//! [`ThreadPool`]: OS threads that are started when there is work and end when they are idle. One
//! pool is for files and one for names, so that neither delays the other.

use std::{
    collections::BTreeMap,
    env, io, mem,
    num::NonZero,
    process,
    sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use quadrivium_core::host::{contain, refused};

use super::work::AnyWork;

/// The pool for files, and for everything that users offload.
pub(crate) static FILES: LazyLock<ThreadPool> = LazyLock::new(|| {
    let max = env::var(MAX_FILE_THREADS).ok().and_then(|max| max.parse().ok());
    ThreadPool::new("files", max.map_or(500, NonZero::get))
});

/// The pool for names. A name server that does not answer blocks only these threads, and a slow
/// disk blocks none of them.
pub(crate) static NAMES: LazyLock<ThreadPool> = LazyLock::new(|| ThreadPool::new("names", 4));

/// The environment variable with the limit of [`FILES`], a number from 1 on.
const MAX_FILE_THREADS: &str = "QUADRIVIUM_OFFLOAD_THREADS";

/// How long a thread without work waits before it ends.
const IDLE_TIME: Duration = Duration::from_millis(500);

/// OS threads, and a queue of work in the order in which the work came.
///
/// One mutex protects all state. When more work is queued than threads are idle, a thread is
/// started, after the mutex was released. It is started by the task that brings work, or by the
/// thread that takes some. Only one thread is started at a time, and the new thread checks whether
/// another one is needed. So a task that brings much work at once starts one thread, and the
/// threads start the others.
///
/// When the OS refuses a thread, the work waits for the threads that exist. Each of them checks the
/// queue before it sleeps or ends. When no thread exists, all queued work is refused.
pub(crate) struct ThreadPool {
    /// The purpose of the threads, which is also their name.
    name: &'static str,
    /// The greatest number of threads.
    max_threads: usize,
    /// The process in which the threads run. A forked process has none of them.
    process: u32,
    /// Starts a thread that runs [`run_thread`](ThreadPool::run_thread). Tests replace it.
    start: fn(&'static ThreadPool) -> io::Result<()>,
    state: Mutex<State>,
    work_queued: Condvar,
}

#[derive(Default)]
struct State {
    /// The queue. [`WorkId`]s grow, so it is sorted by arrival.
    queue: BTreeMap<u64, Arc<dyn AnyWork>>,
    next_id: u64,
    /// The number of all threads, including a thread that is being started.
    threads: usize,
    /// The number of threads that wait for work. They check the queue before they end.
    idle: usize,
    is_starting: bool,
}

/// The number of an entry in the queue. Later entries have greater numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct WorkId(u64);

impl ThreadPool {
    fn new(name: &'static str, max_threads: usize) -> Self {
        let state = Mutex::new(State::default());
        let (process, start) = (process::id(), ThreadPool::start_thread as _);
        Self { name, max_threads, process, start, state, work_queued: Condvar::new() }
    }

    /// Queues work. The work may already be refused when this function returns.
    pub(super) fn enqueue(&'static self, work: Arc<dyn AnyWork>) -> WorkId {
        if process::id() != self.process {
            work.refuse(self.forked_error());
            return WorkId(u64::MAX);
        }
        let mut state = self.lock();
        let id = WorkId(state.next_id);
        state.next_id += 1;
        state.queue.insert(id.0, work);
        let has_idle_thread = state.idle > 0;
        let is_reserved = state.reserve_thread(self.max_threads);
        drop(state);
        if has_idle_thread {
            self.work_queued.notify_one();
        }
        if is_reserved {
            self.start_reserved_thread();
        }
        id
    }

    /// Returns the error for work in a forked process. The queue is not used there, because the
    /// fork may have copied it while it was locked.
    fn forked_error(&self) -> io::Error {
        let message = format!(
            "the threads for {} are in the process that this one was forked from: fork before the \
             first of them is started, or start another program instead",
            self.name
        );
        io::Error::new(io::ErrorKind::Unsupported, message)
    }

    /// Removes work from the queue, if it is still there.
    pub(super) fn remove(&self, id: WorkId) -> Option<Arc<dyn AnyWork>> {
        self.lock().queue.remove(&id.0)
    }

    /// Starts the thread that [`State::reserve_thread`] has counted.
    fn start_reserved_thread(&'static self) {
        let Err(error) = (self.start)(self) else { return };
        let mut state = self.lock();
        state.is_starting = false;
        state.threads -= 1;
        let refused_work = match state.threads {
            0 => mem::take(&mut state.queue),
            _ => BTreeMap::new(),
        };
        drop(state);
        for work in refused_work.into_values() {
            contain(|| work.refuse(refused(&format!("a thread for {}", self.name), &error)));
        }
    }

    fn start_thread(&'static self) -> io::Result<()> {
        thread::Builder::new().name(self.name.into()).spawn(|| self.run_thread()).map(drop)
    }

    /// The main function of a thread.
    fn run_thread(&'static self) {
        let mut state = self.lock();
        state.is_starting = false;
        loop {
            while let Some((_, work)) = state.queue.pop_first() {
                let is_reserved = state.reserve_thread(self.max_threads);
                drop(state);
                if is_reserved {
                    self.start_reserved_thread();
                }
                contain(|| work.run());
                contain(|| drop(work));
                state = self.lock();
            }
            state.idle += 1;
            state = self.wait_for_work(state);
            state.idle -= 1;
            if state.queue.is_empty() {
                state.threads -= 1;
                return;
            }
        }
    }

    /// Waits until there is work, but at most for [`IDLE_TIME`].
    fn wait_for_work<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let is_idle = |state: &mut State| state.queue.is_empty();
        let waited = self.work_queued.wait_timeout_while(state, IDLE_TIME, is_idle);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// No user code runs under this lock, so a poisoned lock cannot protect half-made changes.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Returns whether a thread must be started now. If so, the thread is counted.
    fn reserve_thread(&mut self, max_threads: usize) -> bool {
        let is_reserved =
            self.queue.len() > self.idle && !self.is_starting && self.threads < max_threads;
        if is_reserved {
            self.is_starting = true;
            self.threads += 1;
        }
        is_reserved
    }
}

#[cfg(test)]
mod tests;
