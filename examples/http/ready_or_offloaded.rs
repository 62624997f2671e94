//! [`ReadyOrOffloaded`]: a task that is done at once, or on another OS thread.

use std::{io, pin::Pin};

use quadrivium::{
    task::{Context, Perform, RESUMED_AFTER_DONE, Step, Task},
    thread::{Offload, offload_checked},
};

/// An operation that was first tried without blocking. If that was not
/// possible, it runs on a thread that may block.
#[must_use = "a task is lazy: perform it"]
pub enum ReadyOrOffloaded<T> {
    /// The output, until it is returned.
    Ready(Option<T>),
    Offloaded(Offload<T>),
}

impl<T: Send + 'static> ReadyOrOffloaded<T> {
    pub fn ready(output: T) -> Self {
        ReadyOrOffloaded::Ready(Some(output))
    }

    /// Runs `run` on another thread. If no thread can be started, `run` gets
    /// an error, and must not block.
    pub fn offload(
        run: impl FnOnce(io::Result<()>) -> T + Send + 'static,
    ) -> Self {
        ReadyOrOffloaded::Offloaded(offload_checked(run))
    }
}

// Nothing in it is ever pinned.
impl<T> Unpin for ReadyOrOffloaded<T> {}

impl<T: Send + 'static> Task for ReadyOrOffloaded<T> {
    type Output = T;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<T> {
        match &mut *self {
            ReadyOrOffloaded::Ready(output) => {
                Step::Done(output.take().expect(RESUMED_AFTER_DONE))
            }
            ReadyOrOffloaded::Offloaded(offload) => {
                Pin::new(offload).resume(cx)
            }
        }
    }
}

impl<T: Send + 'static> IntoFuture for ReadyOrOffloaded<T> {
    type Output = T;
    type IntoFuture = Perform<Self>;

    fn into_future(self) -> Self::IntoFuture {
        Perform::new(self)
    }
}

#[cfg(test)]
mod tests {
    use quadrivium::prelude::*;

    use super::*;

    /// The task that performs it panics, which ends one connection.
    #[test]
    fn a_panic_on_the_other_thread_reaches_the_task() {
        let mut event_loop =
            EventLoop::new().expect("the OS lets us make a loop");
        let offload = event_loop.spawn(ReadyOrOffloaded::<()>::offload(|_| {
            panic!("on the other thread")
        }));
        let output =
            event_loop.block_on(offload).expect("the loop has no deadlock");
        assert!(matches!(output, Err(JoinError::Panicked(_))), "{output:?}");
    }
}
