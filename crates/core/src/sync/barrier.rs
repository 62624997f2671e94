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
    sync::waiters::{Ticket, Waiters},
};

/// A place at which so many tasks wait for each other. Clones are the same one.
///
/// The last to come leads, and all go on; then it is as new, for the next round.
#[derive(Clone, Debug)]
pub struct Barrier {
    n: usize,
    waiters: Rc<RefCell<Waiters>>,
}

impl Barrier {
    /// For so many tasks. With none, as with one, nobody ever waits.
    pub fn new(n: usize) -> Self {
        Self { n, waiters: Rc::default() }
    }

    /// Waits until all have come. The output says who leads.
    ///
    /// It counts from the first resume. Dropped while it waits, it counts no more; dropped once all
    /// have come, it has counted.
    pub fn wait(&self) -> BarrierWait {
        BarrierWait { barrier: self.clone(), ticket: None, leads: false }
    }
}

/// A task that waits at a barrier. Made by [`Barrier::wait`].
#[derive(Debug)]
#[must_use = "a task is lazy: perform it"]
pub struct BarrierWait {
    barrier: Barrier,
    ticket: Option<Ticket>,
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
        // First: another executor's waker is user code when it is cloned, and may count one more.
        let waker = cx.local_waker();
        let mut waiters = this.barrier.waiters.borrow_mut();
        let is_waiting = this.ticket.is_some_and(|ticket| waiters.is_waiting(ticket));
        match this.ticket {
            Some(_) if !is_waiting => {
                this.ticket = None;
                return fairness::done(BarrierWaitResult { is_leader: false });
            }
            None if waiters.len() + 1 >= this.barrier.n => {
                let all = waiters.all();
                drop(waiters);
                this.leads = true;
                all.wake();
                if fairness::gives_way(false) {
                    return Step::Suspended(Wait::Turn);
                }
                return fairness::done(BarrierWaitResult { is_leader: true });
            }
            Some(_) | None => {}
        }
        let former = waiters.wait(&mut this.ticket, waker);
        drop(waiters);
        drop(former);
        Step::Suspended(Wait::Wake)
    }
}

impl Drop for BarrierWait {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket.take() else { return };
        let left = self.barrier.waiters.borrow_mut().leave(ticket);
        drop(left);
    }
}
