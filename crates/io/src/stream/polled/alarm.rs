//! [`Alarm`]: a small task that wakes a waker at a deadline.

use std::{pin::Pin, task::Waker, time::Instant};

use quadrivium_core::{Context, JoinHandle, Sleep, Step, Task, sleep_until, spawn};

/// Wakes a waker at a deadline, unless it is dropped before.
///
/// A stream in memory may deliver bytes at a later time. A leaf then waits for that deadline, but a
/// poll can leave only a waker behind.
#[derive(Debug)]
pub(super) struct Alarm {
    wakes: JoinHandle<()>,
}

struct Wakes {
    sleep: Sleep,
    waker: Waker,
}

impl Alarm {
    pub(super) fn new(deadline: Instant, waker: &Waker) -> Self {
        Self { wakes: spawn(Wakes { sleep: sleep_until(deadline), waker: waker.clone() }) }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.wakes.cancel();
    }
}

impl Task for Wakes {
    type Output = ();

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<()> {
        match Pin::new(&mut self.sleep).resume(cx) {
            Step::Suspended(wait) => Step::Suspended(wait),
            Step::Done(()) => {
                self.waker.wake_by_ref();
                Step::Done(())
            }
        }
    }
}
