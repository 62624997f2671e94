//! [`Run`]: one run of a program. It decides the order, the faults and the answers of [`choose`].

use std::{
    any::Any,
    cell::{Cell, RefCell},
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    time::Duration,
};

use quadrivium_core::host::TaskId;
use quadrivium_event_loop::{EventLoop, Fault, Schedule};

use crate::{
    Faults, Order,
    choices::{Choices, Probability},
    ending,
    record::KeptTrace,
};

/// One run of a program.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    decisions: Rc<Decisions>,
}

#[derive(Debug)]
struct Decisions {
    choices: RefCell<Choices>,
    order: Order,
    faults: Faults,
    max_steps: u64,
    steps: Cell<u64>,
}

thread_local! {
    /// The run that this thread is in.
    static CURRENT: RefCell<Option<Run>> = const { RefCell::new(None) };
}

/// Returns a number below `n` that the simulation chooses.
///
/// The seed decides the number, or [`every_order`](crate::every_order) tries each one. Outside a
/// simulation it is 0.
///
/// ```
/// use quadrivium::test::{choose, every_order};
///
/// let mut seen = Vec::new();
/// every_order(|_| seen.push(["heads", "tails"][choose(2)]));
/// assert_eq!(seen, ["heads", "tails"]);
/// ```
///
/// # Panics
///
/// When `n` is 0: there is nothing to choose from.
pub fn choose(n: usize) -> usize {
    assert!(n > 0, "there is nothing to choose from: `n` must be at least 1");
    current().map_or(0, |run| run.decisions.choices.borrow_mut().choose(n))
}

/// Returns whether a fault happens to the present operation. Outside a simulation none does.
pub(crate) fn happens(which: impl FnOnce(&Faults) -> Probability) -> bool {
    current().is_some_and(|run| run.happens(which(&run.decisions.faults)))
}

/// Returns the delay of the bytes that are written now, if they arrive late.
pub(crate) fn slowness() -> Option<Duration> {
    let run = current()?;
    let faults = &run.decisions.faults;
    run.happens(faults.slow_writes).then(|| run.up_to(faults.slow_at_most))
}

fn current() -> Option<Run> {
    CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
}

/// Runs a program on a fresh loop. The error is the message of its panic.
pub(crate) fn execute<R>(
    run: &Run,
    record: &KeptTrace,
    program: impl FnOnce(&mut EventLoop) -> R,
) -> Result<R, String> {
    let mut event_loop = EventLoop::with_schedule(run.clone())
        .unwrap_or_else(|error| panic!("a simulation needs an event loop: {error}"));
    event_loop.trace(record.clone());
    let _guard = ending::begin(&run.decisions.choices.borrow());
    let _entered = InRun::enter(run);
    let result = catch_unwind(AssertUnwindSafe(|| program(&mut event_loop)));
    // The destructors of the tasks that are left are a part of the run.
    drop(event_loop);
    result.map_err(|payload| {
        let message = message(payload.as_ref());
        // The payload may panic when it is dropped, and then the seed would not be reported.
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(payload)));
        mem::forget(dropped);
        message
    })
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("the program panicked").to_string()
}

impl Run {
    pub(crate) fn new(choices: Choices, order: Order, faults: Faults, max_steps: u64) -> Self {
        let (choices, steps) = (RefCell::new(choices), Cell::new(0));
        Self { decisions: Rc::new(Decisions { choices, order, faults, max_steps, steps }) }
    }

    /// Returns the choices after the run.
    pub(crate) fn into_choices(self) -> Choices {
        let decisions = self.decisions;
        decisions.choices.replace(Choices::seeded(0))
    }

    fn happens(&self, probability: Probability) -> bool {
        self.decisions.choices.borrow_mut().happens(probability)
    }

    fn up_to(&self, most: Duration) -> Duration {
        self.decisions.choices.borrow_mut().up_to(most)
    }

    fn count_step(&self) {
        let Decisions { steps, max_steps, .. } = &*self.decisions;
        assert!(
            steps.get() < *max_steps,
            "the program has not ended after {max_steps} steps: look for tasks that wake each \
             other for ever, or raise Simulation::max_steps if the program is only long"
        );
        steps.set(steps.get() + 1);
    }
}

impl Schedule for Run {
    fn next(&mut self, ready: &[TaskId]) -> usize {
        self.count_step();
        match self.decisions.order {
            Order::Fifo => 0,
            Order::Any => self.decisions.choices.borrow_mut().choose(ready.len()),
        }
    }

    fn first_part(&mut self, n: usize) -> usize {
        self.decisions.choices.borrow_mut().choose(n)
    }

    fn suspended(&mut self, _: TaskId) -> Fault {
        let faults = &self.decisions.faults;
        if self.happens(faults.cancels) {
            Fault::Cancel
        } else if self.happens(faults.spurious_wakes) {
            Fault::Wake(self.up_to(faults.spurious_within))
        } else {
            Fault::None
        }
    }

    fn woken(&mut self, _: TaskId) -> Duration {
        let faults = &self.decisions.faults;
        match self.happens(faults.delayed_wakes) {
            true => self.up_to(faults.delayed_at_most),
            false => Duration::ZERO,
        }
    }
}

/// Marks this thread as being in a run, until this guard is dropped.
struct InRun {
    outer: Option<Run>,
}

impl InRun {
    fn enter(run: &Run) -> Self {
        Self { outer: CURRENT.replace(Some(run.clone())) }
    }
}

impl Drop for InRun {
    fn drop(&mut self) {
        let left = CURRENT.replace(self.outer.take());
        drop(left);
    }
}
