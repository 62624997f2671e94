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

use std::{cell::RefCell, panic::Location, pin::Pin, rc::Rc};

use crate::{
    Context, Step, Task, Wait, fairness,
    inspect::{LeafKind, Object, ObjectKind, note},
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
    state: Rc<RefCell<State>>,
}

#[derive(Debug)]
struct State {
    waiting: WaitQueue,
    object: Object,
}

impl Barrier {
    /// Makes a barrier for `n` tasks. If `n` is 0 or 1, no task ever waits.
    #[track_caller]
    pub fn new(n: usize) -> Self {
        let object = Object::new(ObjectKind::Barrier, Location::caller());
        Self { n, state: Rc::new(RefCell::new(State { waiting: WaitQueue::default(), object })) }
    }

    /// Gives the barrier a name, which reports show.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        self.state.borrow().object.rename(name);
        self
    }

    /// Waits until all tasks have arrived. The output shows whether this task is the leader.
    ///
    /// The task has arrived when it is first resumed. If it is dropped while it waits, it does not
    /// count. If it is dropped after all have arrived, it has counted.
    #[track_caller]
    pub fn wait(&self) -> BarrierWait {
        BarrierWait { barrier: self.clone(), place: QueuePlace::new(), is_leader: false }
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
        let state = this.barrier.state.borrow_mut();
        let number = state.object.number();
        let is_notified = update_with(waker, state, |State { waiting, .. }, deferred| {
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
            note(LeafKind::Wait, Some(this.place.line()), number);
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
        update(self.barrier.state.borrow_mut(), |state, deferred| {
            state.waiting.leave(&mut self.place, deferred);
        });
    }
}
