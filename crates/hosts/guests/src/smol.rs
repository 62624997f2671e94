//! [`on_smol`]: tasks as futures for smol, and for other executors that can use `async-io`.

use std::{
    future::Future,
    io,
    os::fd::OwnedFd,
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use async_io::{Async, Timer};
use quadrivium_core::Task;
use quadrivium_event_loop::{Executor, Guest};

/// Makes a future for smol out of a task of any style.
///
/// It also runs on `async-executor` and on the executors of `futures`. Its timers and sockets are
/// those of `async-io`, which serves them from a thread of its own.
///
/// ```
/// use quadrivium::{executor::on_smol, green::perform, prelude::*};
/// use std::time::Duration;
///
/// let answer = on_smol(green(|| {
///     perform(sleep(Duration::from_millis(1)));
///     42
/// }));
/// assert_eq!(futures::executor::block_on(answer), 42);
/// ```
///
/// # Panics
///
/// The same as for [`Guest`]. The thread of `async-io` is started with the first timer or socket.
/// If the operating system refuses the thread, `async-io` panics in the task that needs it.
#[track_caller]
pub fn on_smol<T: Task>(task: T) -> Guest<T, Smol> {
    Guest::new(task, Smol::default())
}

/// The timer and the reactor of `async-io`, for a loop inside smol.
#[derive(Debug, Default)]
pub struct Smol {
    timer: Option<(Instant, Timer)>,
    sources: Option<Async<OwnedFd>>,
}

impl Executor for Smol {
    fn now() -> Instant {
        Instant::now()
    }

    fn poll_deadline(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let new = || (deadline, Timer::at(deadline));
        let (set_to, timer) = self.timer.get_or_insert_with(new);
        if *set_to != deadline {
            *set_to = deadline;
            timer.set_at(deadline);
        }
        Pin::new(timer).poll(cx).map(|_| self.timer = None)
    }

    fn watch(&mut self, fd: OwnedFd) -> io::Result<()> {
        self.sources = Some(Async::new_nonblocking(fd)?);
        Ok(())
    }

    fn poll_readable(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.sources
            .as_ref()
            .expect("a loop calls `watch` before `poll_readable`")
            .poll_readable(cx)
    }
}
