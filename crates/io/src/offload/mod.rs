//! [`offload`]: a call that blocks, made on another OS thread.

mod pool;
mod work;

use std::{fmt, io, mem, pin::Pin};

use quadrivium_core::{
    Context, RESUMED_AFTER_DONE, SendHold, Step, Task, Wait, fairness, send_hold,
};

use self::work::{AwaitedWork, BlockingCall};

pub(crate) use self::pool::{FILES, NAMES, ThreadPool};

/// Runs `work` on another OS thread, and returns its output: for calls that block, and for long
/// computations, either of which would keep all other tasks waiting.
///
/// It is lazy: the work begins when the task is resumed first. Threads come and go with the load,
/// 500 at most. The environment variable `QUADRIVIUM_OFFLOAD_THREADS` sets another limit, a number
/// from 1 on. When all threads are busy, work waits in a queue. So work must not wait for other
/// work to begin. A panic of the work goes on in the task that performs this.
///
/// Dropped before it is done: work that has not begun never runs, and is dropped here; work that
/// has begun runs to its end, and its output is dropped on its thread. A virtual clock stands still
/// until the output is taken (see [`hold`](quadrivium_core::hold)).
///
/// # Panics
///
/// When the operating system refuses a thread and there is none yet; [`offload_checked`] returns
/// that as an error. When there are some, the work waits for them.
///
/// # Examples
///
/// ```
/// use quadrivium::{prelude::*, thread::offload};
///
/// let sum = future(async {
///     // The others run meanwhile.
///     offload(|| (1..=1_000_u64).sum::<u64>()).await
/// });
/// assert_eq!(EventLoop::new()?.block_on(sum)?, 500_500);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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

/// Like [`offload`], for programs that go on when no thread can be started.
///
/// Then `work` is called with the error, on the thread of the task. So it must not block: it
/// returns an error of its own, and what it has captured. Otherwise it is called with `Ok` on
/// another thread. The error is of the kind [`QuotaExceeded`](io::ErrorKind::QuotaExceeded), and
/// the next work tries again to start a thread.
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
pub fn offload_checked<T, F>(work: F) -> Offload<T>
where
    F: FnOnce(io::Result<()>) -> T + Send + 'static,
    T: Send + 'static,
{
    Offload::to(&FILES, work)
}

/// A task that waits for work on another OS thread. Made by [`offload`], by [`offload_checked`],
/// and by all of [`fs`](crate::fs).
#[must_use = "a task is lazy: perform it"]
pub struct Offload<T> {
    state: State<T>,
}

enum State<T> {
    /// Not resumed yet.
    Lazy(&'static ThreadPool, BlockingCall<T>),
    /// Time is held here, on the loop's side: from before the work begins until its output is
    /// taken, whatever the other thread does in between.
    AtWork(AwaitedWork<T>, SendHold),
    Done,
}

impl<T: Send + 'static> Offload<T> {
    pub(crate) fn to(
        pool: &'static ThreadPool,
        work: impl FnOnce(io::Result<()>) -> T + Send + 'static,
    ) -> Self {
        Self { state: State::Lazy(pool, Box::new(work)) }
    }
}

impl<T: Send + 'static> Task for Offload<T> {
    type Output = T;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<T> {
        // A panic of the work goes through here, and leaves it done.
        let (work, hold) = match mem::replace(&mut self.state, State::Done) {
            State::Lazy(pool, call) => {
                let hold = send_hold();
                let work = AwaitedWork::begin(pool, call);
                if fairness::gives_way(false) {
                    // Only the output, which may be there already, has to wait for the others.
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
