//! [`Barrier`]: a number of tasks wait until all of them have arrived.
//!
//! ```
//! use quadrivium::{prelude::*, sync::Barrier};
//!
//! let barrier = Barrier::new(2);
//! let both = join(barrier.wait(), barrier.wait());
//! let (one, other) = EventLoop::new()?.block_on(both)?;
//! assert!(one.is_leader() != other.is_leader(), "one of them is the leader");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::{cell::RefCell, pin::Pin, rc::Rc};

use crate::{
    Context, Step, Task, Wait, fairness,
    sync::{
        deferred::{update, update_with},
        wait_queue::{QueuePlace, WaitQueue},
    },
};

/// A point in a program at which `n` tasks wait for each other. A clone refers to the same barrier.
///
/// When the last task arrives, all of them go on. The last task is the leader. After that the
/// barrier can be used again.
#[derive(Clone, Debug)]
pub struct Barrier {
    n: usize,
    waiting: Rc<RefCell<WaitQueue>>,
}

impl Barrier {
    /// Makes a barrier for `n` tasks. If `n` is 0 or 1, no task ever waits.
    pub fn new(n: usize) -> Self {
        Self { n, waiting: Rc::default() }
    }

    /// Waits until all tasks have arrived. The output shows whether this task is the leader.
    ///
    /// The task has arrived when it is first resumed. If it is dropped while it waits, it does not
    /// count. If it is dropped after all have arrived, it has counted.
    pub fn wait(&self) -> BarrierWait {
        BarrierWait { barrier: self.clone(), place: QueuePlace::default(), is_leader: false }
    }
}

/// A task that waits at a barrier. Made by [`Barrier::wait`].
#[derive(Debug)]
#[must_use = "a task is lazy: perform it"]
pub struct BarrierWait {
    barrier: Barrier,
    place: QueuePlace,
    /// It was the last to arrive, and lets the other tasks run before it is done.
    is_leader: bool,
}

/// The output of [`Barrier::wait`]: whether the task is the leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BarrierWaitResult {
    is_leader: bool,
}

impl BarrierWaitResult {
    /// Returns whether this task arrived last. In each round that is true for one task.
    pub fn is_leader(&self) -> bool {
        self.is_leader
    }
}

impl Task for BarrierWait {
    type Output = BarrierWaitResult;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        let this = &mut *self;
        if this.is_leader {
            return fairness::done(BarrierWaitResult { is_leader: true });
        }
        // This comes first, because the clone of another executor's waker is user code, which may
        // let another task arrive.
        let waker = cx.local_waker();
        let queue = this.barrier.waiting.borrow_mut();
        let is_notified = update_with(waker, queue, |waiting, deferred| {
            let is_notified = waiting.is_notified(&this.place);
            this.is_leader = !this.place.has_waited() && waiting.len() + 1 >= this.barrier.n;
            if is_notified {
                waiting.leave(&mut this.place, deferred);
            } else if this.is_leader {
                waiting.notify_and_remove_from(0, deferred);
            } else {
                waiting.wait(&mut this.place, deferred);
            }
            is_notified
        });
        if !is_notified && !this.is_leader {
            return Step::Suspended(Wait::Wake);
        }
        if this.is_leader && fairness::gives_way(false) {
            return Step::Suspended(Wait::Turn);
        }
        fairness::done(BarrierWaitResult { is_leader: this.is_leader })
    }
}

impl Drop for BarrierWait {
    fn drop(&mut self) {
        update(self.barrier.waiting.borrow_mut(), |waiting, deferred| {
            waiting.leave(&mut self.place, deferred);
        });
    }
}
