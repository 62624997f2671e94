//! [`offload`]: a call that blocks, made on another OS thread.

mod pool;

use std::{
    fmt,
    future::{Future, IntoFuture},
    mem,
    pin::Pin,
    task,
};

use async_task::Task as AtWork;
use quadrivium_core::{
    Context, Perform, RESUMED_AFTER_DONE, SendHold, Step, Task, Wait, fairness, send_hold,
};

pub(crate) use pool::Pool;

/// Runs `work` on another OS thread, and is worth what it returns: for calls that block, and for
/// long computations, either of which would keep all other tasks waiting.
///
/// It is lazy: the work begins when it is resumed first. Threads come and go with the load, 500 at
/// most, or as many as the environment variable `BLOCKING_MAX_THREADS` says; what comes when all of
/// them are busy waits in line. A panic of the work goes on in the task that performs this.
///
/// Dropped before it is done: work that has not begun never runs; work that has runs to its end,
/// and its output is dropped on its thread. A virtual clock stands still as long as it is at work
/// (see [`hold`](quadrivium_core::hold)).
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
    Offload::to(Pool::Shared, work)
}

/// A task that waits for work on another OS thread. Made by [`offload`], and by all of
/// [`fs`](crate::fs).
#[must_use = "a task is lazy: perform it"]
pub struct Offload<T> {
    state: State<T>,
}

enum State<T> {
    /// Not resumed yet.
    Lazy(Pool, Box<dyn FnOnce() -> T + Send>),
    /// Time is held here, on the loop's side: so it is from before the work begins until its output
    /// is taken, whatever the other thread does in between.
    AtWork(AtWork<T>, SendHold),
    Done,
}

impl<T: Send + 'static> Offload<T> {
    pub(crate) fn to(pool: Pool, work: impl FnOnce() -> T + Send + 'static) -> Self {
        Self { state: State::Lazy(pool, Box::new(work)) }
    }
}

impl<T: Send + 'static> Task for Offload<T> {
    type Output = T;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<T> {
        // A panic of the work goes through here, and leaves it done.
        let mut at_work = match mem::replace(&mut self.state, State::Done) {
            State::Lazy(pool, work) if fairness::gives_way(false) => {
                // Only the output, which may be there already, has to wait for the others.
                self.state = State::AtWork(pool.begin(work), send_hold());
                return Step::Suspended(Wait::Turn);
            }
            State::Lazy(pool, work) => (pool.begin(work), send_hold()),
            State::AtWork(work, hold) => (work, hold),
            State::Done => panic!("{RESUMED_AFTER_DONE}"),
        };
        match Pin::new(&mut at_work.0).poll(&mut task::Context::from_waker(cx.waker())) {
            task::Poll::Ready(output) => fairness::done(output),
            task::Poll::Pending => {
                self.state = State::AtWork(at_work.0, at_work.1);
                Step::Suspended(Wait::Wake)
            }
        }
    }
}

impl<T: Send + 'static> IntoFuture for Offload<T> {
    type Output = T;
    type IntoFuture = Perform<Self>;

    fn into_future(self) -> Self::IntoFuture {
        Perform::new(self)
    }
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
