//! [`Attempt`]: a task that is done at once, or on another OS thread.

use std::{io, pin::Pin};

use quadrivium::{
    task::{Context, Perform, RESUMED_AFTER_DONE, Step, Task},
    thread::{Offload, offload_checked},
};

/// An operation that was first tried without blocking. If that was not
/// possible, it runs on a thread that may block.
#[must_use = "a task is lazy: perform it"]
pub enum Attempt<T> {
    /// The output, until it is returned.
    Found(Option<T>),
    Away(Offload<T>),
}

impl<T: Send + 'static> Attempt<T> {
    pub fn found(it: T) -> Self {
        Attempt::Found(Some(it))
    }

    /// Runs `find` on another thread. If no thread can be started, `find` gets
    /// an error, and must not block.
    pub fn away(
        find: impl FnOnce(io::Result<()>) -> T + Send + 'static,
    ) -> Self {
        Attempt::Away(offload_checked(find))
    }
}

// Nothing in it is ever pinned.
impl<T> Unpin for Attempt<T> {}

impl<T: Send + 'static> Task for Attempt<T> {
    type Output = T;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<T> {
        match &mut *self {
            Attempt::Found(it) => {
                Step::Done(it.take().expect(RESUMED_AFTER_DONE))
            }
            Attempt::Away(finding) => Pin::new(finding).resume(cx),
        }
    }
}

impl<T: Send + 'static> IntoFuture for Attempt<T> {
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

    /// The task that performs the attempt panics, which ends one connection.
    #[test]
    fn a_panic_elsewhere_comes_home() {
        let mut event_loop = EventLoop::new().expect("there is one");
        let finding =
            event_loop.spawn(Attempt::<()>::away(|_| panic!("there")));
        let found = event_loop.block_on(finding).expect("it ends");
        assert!(matches!(found, Err(JoinError::Panicked(_))), "{found:?}");
    }
}
