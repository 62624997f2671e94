//! [`Barrier`]: tasks that wait for each other at the same place.
//!
//! ```
//! use quadrivium::{prelude::*, sync::Barrier};
//!
//! let barrier = Barrier::new(2);
//! let both = join(barrier.wait(), barrier.wait());
//! let (one, other) = EventLoop::new()?.block_on(both)?;
//! assert!(one.is_leader() != other.is_leader(), "one of them leads");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::{cell::RefCell, pin::Pin, rc::Rc};

use crate::{
    Context, Step, Task, Wait, fairness,
    sync::wait_queue::{QueuePlace, WaitQueue, update, update_with},
};

/// A place at which so many tasks wait for each other. Clones are the same one.
///
/// The last to come leads, and all go on; then it is as new, for the next round.
#[derive(Clone, Debug)]
pub struct Barrier {
    n: usize,
    waiting: Rc<RefCell<WaitQueue>>,
}

impl Barrier {
    /// For so many tasks. With none, as with one, nobody ever waits.
    pub fn new(n: usize) -> Self {
        Self { n, waiting: Rc::default() }
    }

    /// Waits until all have come. The output says who leads.
    ///
    /// It counts from the first resume. Dropped while it waits, it counts no more; dropped once all
    /// have come, it has counted.
    pub fn wait(&self) -> BarrierWait {
        BarrierWait { barrier: self.clone(), place: QueuePlace::default(), leads: false }
    }
}

/// A task that waits at a barrier. Made by [`Barrier::wait`].
#[derive(Debug)]
#[must_use = "a task is lazy: perform it"]
pub struct BarrierWait {
    barrier: Barrier,
    place: QueuePlace,
    /// It was the last to come, and lets the others run before it says so.
    leads: bool,
}

/// Who leads. The output of [`Barrier::wait`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BarrierWaitResult {
    is_leader: bool,
}

impl BarrierWaitResult {
    /// Whether this task came last: in each round it is true for one of them.
    pub fn is_leader(&self) -> bool {
        self.is_leader
    }
}

impl Task for BarrierWait {
    type Output = BarrierWaitResult;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        let this = &mut *self;
        if this.leads {
            return fairness::done(BarrierWaitResult { is_leader: true });
        }
        // First: the clone of a foreign waker is user code, and may count one more.
        let waker = cx.local_waker();
        let is_told = update_with(waker, this.barrier.waiting.borrow_mut(), |waiting, deferred| {
            let is_told = waiting.is_told(&this.place);
            this.leads = !this.place.is_taken() && waiting.len() + 1 >= this.barrier.n;
            if is_told {
                waiting.leave(&mut this.place, deferred);
            } else if this.leads {
                waiting.dismiss_from(0, deferred);
            } else {
                waiting.wait(&mut this.place, deferred);
            }
            is_told
        });
        if !is_told && !this.leads {
            return Step::Suspended(Wait::Wake);
        }
        if this.leads && fairness::gives_way(false) {
            return Step::Suspended(Wait::Turn);
        }
        fairness::done(BarrierWaitResult { is_leader: this.leads })
    }
}

impl Drop for BarrierWait {
    fn drop(&mut self) {
        update(self.barrier.waiting.borrow_mut(), |waiting, deferred| {
            waiting.leave(&mut self.place, deferred);
        });
    }
}
