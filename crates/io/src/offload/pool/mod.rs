//! [`Pool`]: OS threads that come and go with the work there is. One pool is for files, one for
//! names, and neither starves the other.

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

use super::work::InLine;

/// Files, and whatever else users offload.
pub(crate) static FILES: LazyLock<Pool> = LazyLock::new(|| {
    let most = env::var(MOST_FILE_THREADS).ok().and_then(|most| most.parse().ok());
    Pool::new("files", most.map_or(500, NonZero::get))
});

/// Names: a few threads of their own. A name server that does not answer takes only these, and a
/// slow disk none of them.
pub(crate) static NAMES: LazyLock<Pool> = LazyLock::new(|| Pool::new("names", 4));

/// An environment variable: the limit of [`FILES`], a number from 1 on.
const MOST_FILE_THREADS: &str = "QUADRIVIUM_OFFLOAD_THREADS";

/// How long a thread without work waits for more before it ends.
const IDLE_TIME: Duration = Duration::from_millis(500);

/// OS threads, and the work that waits for one of them, in the order in which it came.
///
/// Everything is decided under one mutex. When more work is in line than threads are idle, a thread
/// is started, after the mutex was released: by the task that brings work, or by the thread that
/// takes some. Only one thread is started at a time, and it looks whether another one is needed. So
/// a task that brings much work at once starts one thread, and the threads start the others.
///
/// When the OS refuses a thread, the work waits for the threads there are. Each of them looks at
/// the line before it sleeps or ends. When there is no thread at all, all work in line is refused.
pub(crate) struct Pool {
    /// What the threads are for, which is also their name.
    name: &'static str,
    /// At most this many threads.
    most: usize,
    /// The process they are in: a fork has none of them.
    process: u32,
    /// How a thread is started that [`work`](Pool::work)s.
    start: fn(&'static Pool) -> io::Result<()>,
    line: Mutex<Line>,
    comes: Condvar,
}

#[derive(Default)]
struct Line {
    /// By [`Place`]. Sorted, and so in the order in which they came.
    waiting: BTreeMap<u64, Arc<dyn InLine>>,
    next: u64,
    /// All threads, with the one that is being started.
    threads: usize,
    /// Threads that wait for work. They look at the line before they end.
    idle: usize,
    is_starting: bool,
}

/// Where in the line work is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place(u64);

impl Pool {
    fn new(name: &'static str, most: usize) -> Self {
        let line = Mutex::new(Line::default());
        let (process, start) = (process::id(), Pool::start_thread as _);
        Self { name, most, process, start, line, comes: Condvar::new() }
    }

    /// Puts work in line. It may be refused before this returns.
    pub(super) fn begin(&'static self, work: Arc<dyn InLine>) -> Place {
        if process::id() != self.process {
            work.refuse(self.is_of_another_process());
            return Place(u64::MAX);
        }
        let mut line = self.lock();
        let place = Place(line.next);
        line.next += 1;
        line.waiting.insert(place.0, work);
        let is_awaited = line.idle > 0;
        let grows = line.grows(self.most);
        drop(line);
        if is_awaited {
            self.comes.notify_one();
        }
        if grows {
            self.grow();
        }
        place
    }

    /// The line is not looked at: the fork may have copied it while it was locked.
    fn is_of_another_process(&self) -> io::Error {
        let message = format!(
            "the threads for {} are in the process that this one was forked from: fork before the first \
             of them is started, or start another program instead",
            self.name
        );
        io::Error::new(io::ErrorKind::Unsupported, message)
    }

    /// Takes work out of the line, if it is there.
    pub(super) fn forget(&self, place: Place) -> Option<Arc<dyn InLine>> {
        self.lock().waiting.remove(&place.0)
    }

    /// Starts the thread that [`Line::grows`] has counted.
    fn grow(&'static self) {
        let Err(error) = (self.start)(self) else { return };
        let mut line = self.lock();
        line.is_starting = false;
        line.threads -= 1;
        let left = match line.threads {
            0 => mem::take(&mut line.waiting),
            _ => BTreeMap::new(),
        };
        drop(line);
        for work in left.into_values() {
            contain(|| work.refuse(refused(&format!("a thread for {}", self.name), &error)));
        }
    }

    fn start_thread(&'static self) -> io::Result<()> {
        thread::Builder::new().name(self.name.into()).spawn(|| self.work()).map(drop)
    }

    /// The life of a thread.
    fn work(&'static self) {
        let mut line = self.lock();
        line.is_starting = false;
        loop {
            while let Some((_, work)) = line.waiting.pop_first() {
                let grows = line.grows(self.most);
                drop(line);
                if grows {
                    self.grow();
                }
                contain(|| work.run());
                contain(|| drop(work));
                line = self.lock();
            }
            line.idle += 1;
            line = self.wait(line);
            line.idle -= 1;
            if line.waiting.is_empty() {
                line.threads -= 1;
                return;
            }
        }
    }

    /// Waits until there is work, or for [`IDLE_TIME`].
    fn wait<'a>(&self, line: MutexGuard<'a, Line>) -> MutexGuard<'a, Line> {
        let is_idle = |line: &mut Line| line.waiting.is_empty();
        let waited = self.comes.wait_timeout_while(line, IDLE_TIME, is_idle);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// No user code runs under this lock, so a poisoned one holds nothing half done.
    fn lock(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
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
