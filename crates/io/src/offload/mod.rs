//! [`offload`]: makes a blocking call on another OS thread.

mod pool;
mod work;

use std::{fmt, io, mem, panic::Location, pin::Pin};

use quadrivium_core::{
    Context, RESUMED_AFTER_DONE, SendHold, Step, Task, Wait, fairness,
    inspect::{LeafKind, ObjectNumber, note},
    send_hold,
};

use self::work::{AwaitedWork, BlockingCall};

pub(crate) use self::pool::{FILES, NAMES, ThreadPool};

/// Runs `work` on another OS thread, and returns its output. Calls that block and long computations
/// belong there, because in a task they would keep all other tasks waiting.
///
/// The work begins when the task is resumed for the first time. Threads are started when they are
/// needed, and end when they are idle. There are at most 500 of them. The environment variable
/// `QUADRIVIUM_OFFLOAD_THREADS` sets another limit, a number from 1 on. When all threads are busy,
/// work waits in a queue. So work must not wait for other work to begin. If the work panics, the
/// panic continues in the task that performs it.
///
/// If the task is dropped before it is done:
///
/// * Work that has not begun never runs, and is dropped together with the task.
/// * Work that has begun runs to its end, and its output is dropped on the other thread.
///
/// A virtual clock stands still until the output is taken (see [`hold`](quadrivium_core::hold)).
///
/// # Panics
///
/// Panics when the operating system refuses to start a thread and the pool has none.
/// [`offload_checked`] returns this as an error. If the pool has threads, the work waits for them.
///
/// # Examples
///
/// ```
/// use quadrivium::{prelude::*, thread::offload};
///
/// let sum = future(async {
///     // The other tasks run in the meantime.
///     offload(|| (1..=1_000_u64).sum::<u64>()).await
/// });
/// assert_eq!(EventLoop::new()?.block_on(sum)?, 500_500);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[track_caller]
pub fn offload<T, F>(work: F) -> Offload<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    offload_checked(|started| {
        if let Err(error) = started {
            panic!("{error}; `offload_checked` returns this as an error");
        }
        work()
    })
}

/// Like [`offload`], for programs that can continue when no thread can be started.
///
/// Normally `work` is called with `Ok` on another thread. If there is no thread, it is called with
/// the error, on the thread of the task, and must not block. There it can return an error of its
/// own and the values that it has captured. The kind of the error is
/// [`QuotaExceeded`](io::ErrorKind::QuotaExceeded). The next call tries again to start a thread.
///
/// # Examples
///
/// ```
/// use quadrivium::{prelude::*, thread::offload_checked};
///
/// let text = future(async {
///     offload_checked(|started| {
///         started?;
///         std::fs::read_to_string("/proc/self/status")
///     })
///     .await
/// });
/// assert!(EventLoop::new()?.block_on(text)??.starts_with("Name:"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[track_caller]
pub fn offload_checked<T, F>(work: F) -> Offload<T>
where
    F: FnOnce(io::Result<()>) -> T + Send + 'static,
    T: Send + 'static,
{
    Offload::to(&FILES, work)
}

/// A task that waits for work on another OS thread. Created by [`offload`], by [`offload_checked`],
/// and by the functions and methods of [`fs`](crate::fs).
#[must_use = "a task is lazy: perform it"]
pub struct Offload<T> {
    state: State<T>,
    kind: LeafKind,
    line: &'static Location<'static>,
}

enum State<T> {
    /// Not resumed yet.
    Lazy(&'static ThreadPool, BlockingCall<T>),
    /// The work is queued, running or done. The `SendHold` keeps a virtual clock from jumping. It
    /// is taken before the work begins and kept until the output is taken, so it does not depend on
    /// what the other thread does.
    AtWork(AwaitedWork<T>, SendHold),
    Done,
}

impl<T: Send + 'static> Offload<T> {
    #[track_caller]
    pub(crate) fn to(
        pool: &'static ThreadPool,
        work: impl FnOnce(io::Result<()>) -> T + Send + 'static,
    ) -> Self {
        let state = State::Lazy(pool, Box::new(work));
        Self { state, kind: LeafKind::Offload, line: Location::caller() }
    }

    /// Sets what reports call the work.
    pub(crate) fn of_kind(self, kind: LeafKind) -> Self {
        Self { kind, ..self }
    }
}

impl<T: Send + 'static> Task for Offload<T> {
    type Output = T;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<T> {
        // If the work panics, the panic passes through this function. The state is then `Done`.
        let (work, hold) = match mem::replace(&mut self.state, State::Done) {
            State::Lazy(pool, call) => {
                let hold = send_hold();
                let work = AwaitedWork::enqueue(pool, call);
                if fairness::gives_way(false) {
                    // The work begins now. Only its output, which may be there already, waits for
                    // the next turn.
                    self.state = State::AtWork(work, hold);
                    return Step::Suspended(Wait::Turn);
                }
                (work, hold)
            }
            State::AtWork(work, hold) => (work, hold),
            State::Done => panic!("{RESUMED_AFTER_DONE}"),
        };
        match work.poll(cx.waker()) {
            Some(output) => fairness::done(output),
            None => {
                self.state = State::AtWork(work, hold);
                note(self.kind, Some(self.line), ObjectNumber::NONE);
                Step::Suspended(Wait::Wake)
            }
        }
    }
}

quadrivium_core::leaf! {
    impl[T: Send + 'static] Offload<T>;
}

impl<T> fmt::Debug for Offload<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.state {
            State::Lazy(..) => "Offload(lazy)",
            State::AtWork(..) => "Offload(at work)",
            State::Done => "Offload(done)",
        })
    }
}
