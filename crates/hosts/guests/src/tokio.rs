//! [`on_tokio`]: tasks as futures for tokio.

use std::{
    future::Future,
    io,
    os::fd::OwnedFd,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Instant,
};

use quadrivium_core::Task;
use quadrivium_event_loop::{Executor, Guest};
use tokio::{io::unix::AsyncFd, time};

/// Makes a future for tokio out of a task of any style: for example, of a green thread in the
/// middle of an `async fn`.
///
/// The future uses tokio's timer and reactor, so the runtime needs both (`enable_all`). It stays on
/// its thread: await it in `main`, in `block_on`, or in a `spawn_local` task. Futures that need
/// tokio work inside, in every style.
///
/// ```
/// use quadrivium::{executor::on_tokio, future, green::perform, prelude::*};
/// use std::time::Duration;
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() {
///     let answer = on_tokio(green(|| {
///         // A plain function, with no `async` up to here: it may be deep in a library.
///         perform(sleep(Duration::from_millis(1)));
///         perform(future(tokio::task::yield_now()));
///         42
///     }));
///     assert_eq!(answer.await, 42);
/// }
/// ```
///
/// # Panics
///
/// The same as for [`Guest`], and when it is polled outside a tokio runtime.
#[track_caller]
pub fn on_tokio<T: Task>(task: T) -> Guest<T, Tokio> {
    Guest::new(task, Tokio::default())
}

/// The timer and the reactor of tokio, for a loop inside it.
///
/// A [`GuestLoop`](quadrivium_event_loop::GuestLoop) with this executor keeps its tasks from one
/// future to the next:
///
/// ```
/// use quadrivium::{executor::{GuestLoop, Tokio}, prelude::*, sync::channel};
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let mut guest_loop = GuestLoop::new(Tokio::default())?;
///     let (sender, receiver) = channel::bounded(1);
///     let counts = guest_loop.spawn(generator(|mut co| async move {
///         let mut i = 1;
///         while co.perform(sender.send(i)).await.is_ok() {
///             i += 1;
///         }
///     }));
///     assert_eq!(guest_loop.perform(receiver.recv()).await?, Ok(1));
///     assert_eq!(guest_loop.perform(receiver.recv()).await?, Ok(2));
///     drop(receiver);
///     guest_loop.run().await?;
///     assert!(counts.is_finished());
///     Ok(())
/// }
/// ```
#[derive(Debug, Default)]
pub struct Tokio {
    timer: Option<Pin<Box<time::Sleep>>>,
    sources: Option<AsyncFd<OwnedFd>>,
}

impl Executor for Tokio {
    fn now() -> Instant {
        time::Instant::now().into_std()
    }

    fn poll_deadline(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = deadline.into();
        let timer = self.timer.get_or_insert_with(|| Box::pin(time::sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        timer.as_mut().poll(cx)
    }

    fn watch(&mut self, fd: OwnedFd) -> io::Result<()> {
        let readable = tokio::io::Interest::READABLE;
        // SAFETY: an owned descriptor is open until it is dropped, and its number never changes.
        self.sources = Some(unsafe { AsyncFd::register_with_interest(fd, readable) }?);
        Ok(())
    }

    fn poll_readable(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let sources = self.sources.as_ref().expect("a loop calls `watch` before `poll_readable`");
        // The loop handles every event up to now, so only later events count from here on.
        ready!(sources.poll_read_ready(cx))?.clear_ready();
        Poll::Ready(Ok(()))
    }
}
