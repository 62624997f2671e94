//! [`Exchange`]: the state that a body on may's workers shares with its task on the loop. Through
//! it the body asks for sub-tasks, and the task answers.
//!
//! ```text
//!            2 ask            3 poll_body
//!   Running ───────► Asked ─────────────► Performing
//!    │   ▲                                     │
//!    │   └─── 5 go on ──── Answered ◄──────────┘
//!    │                               4 answer
//!    │  6 end            7 poll_body
//!    └────────────► Ended ─────────► Over ◄────────── Cancelled
//!                                           6 end         ▲
//!                        8 cancel: whatever is not Over ──┘
//! ```
//!
//! The body makes 2 and 5 in `perform`, and 6 in `end`. The task makes 1 in `new`, 3 and 7 in
//! `poll_body`, 4 in `answer`, and 8 in `cancel`.
//!
//! Every transition is made under one lock. Wakes, destructors and other user code run after it is
//! released.

use std::{any::Any, mem, pin::Pin, sync::Mutex, task::Waker, thread};

use may::coroutine;
use quadrivium_core::{Context, Step, Task};

use crate::lock::lock;

pub(super) struct Exchange {
    state: Mutex<State>,
}

enum State {
    /// The body runs, or is about to. It wakes the task when it asks or ends.
    Running(Waker),
    /// The body is parked, or is about to be, until the sub-task that this makes is done.
    Asked(MakeSubTask),
    /// The body is parked, and the task performs the sub-task.
    Performing,
    /// The sub-task is done with this result, and the body is about to run again.
    Answered(BoxResult, Waker),
    /// The body has ended with this result.
    Ended(BoxResult),
    /// The body has ended, and its result was taken or is no longer needed.
    Over,
    /// The task is being dropped, and the body unwinds. This counts how often the body was refused.
    Cancelled(u32),
}

/// The result of a body or a sub-task: its output, or the payload of its panic.
pub(super) type BoxResult = thread::Result<Box<dyn Any + Send>>;

/// Makes a sub-task. It goes to the loop's thread, and the sub-task stays there.
pub(super) type MakeSubTask = Box<dyn FnOnce() -> BoxSubTask + Send>;

/// A sub-task, on the loop's thread.
pub(super) type BoxSubTask = Pin<Box<dyn SubTask>>;

/// [`Task`] with the output type erased. Every task whose output is `Send` implements it.
pub(super) trait SubTask {
    fn resume_sub_task(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Box<dyn Any + Send>>;
}

impl<P> SubTask for P
where
    P: Task,
    P::Output: Send + 'static,
{
    fn resume_sub_task(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Box<dyn Any + Send>> {
        match self.resume(cx) {
            Step::Suspended(wait) => Step::Suspended(wait),
            Step::Done(output) => Step::Done(Box::new(output)),
        }
    }
}

/// The state of the body, as the task sees it.
pub(super) enum BodyState {
    /// The body is still running.
    Running,
    /// The body asks for the sub-task that this makes.
    Asked(MakeSubTask),
    /// The body has ended with this result.
    Ended(BoxResult),
}

/// The task has been dropped, so the body gets no answer. Counts how often the body was refused.
pub(super) struct TaskDropped(pub(crate) u32);

impl Exchange {
    /// A body is about to run, and will wake `waker`.
    pub(super) fn new(waker: Waker) -> Self {
        Self { state: Mutex::new(State::Running(waker)) }
    }
}

/// The task's side.
impl Exchange {
    /// Returns the body's request or result. If there is none yet, the body wakes `waker` later.
    pub(super) fn poll_body(&self, mut waker: Waker) -> BodyState {
        let mut state = lock(&self.state);
        match &mut *state {
            State::Running(former) | State::Answered(_, former) => {
                // The former waker is dropped at the end, when nothing is locked any more.
                mem::swap(former, &mut waker);
                BodyState::Running
            }
            State::Asked(_) | State::Ended(_) => match mem::replace(&mut *state, State::Over) {
                State::Asked(make) => {
                    *state = State::Performing;
                    BodyState::Asked(make)
                }
                State::Ended(outcome) => BodyState::Ended(outcome),
                _ => unreachable!("the outer match allows only these two"),
            },
            State::Performing | State::Over | State::Cancelled(_) => {
                unreachable!("the task polls the body only while the body runs")
            }
        }
    }

    /// Passes the result of the sub-task to the body. The caller then unparks the body.
    pub(super) fn answer(&self, outcome: BoxResult, waker: Waker) {
        let former = mem::replace(&mut *lock(&self.state), State::Answered(outcome, waker));
        debug_assert!(
            matches!(former, State::Performing),
            "a body is answered only after it has asked"
        );
    }

    /// From now on every request of the body is refused. Returns the former contents, for the
    /// caller to drop, or `None` when the body is over already.
    pub(super) fn cancel(&self) -> Option<impl Sized + use<>> {
        let mut state = lock(&self.state);
        match *state {
            State::Over => None,
            _ => Some(mem::replace(&mut *state, State::Cancelled(0))),
        }
    }

    /// Returns whether the body has ended.
    pub(super) fn has_ended(&self) -> bool {
        matches!(*lock(&self.state), State::Ended(_) | State::Over)
    }
}

/// The body's side.
impl Exchange {
    /// Asks the task to perform the sub-task that `make` makes, and parks the green thread until it
    /// is done.
    pub(super) fn perform(&self, make: MakeSubTask) -> Result<BoxResult, TaskDropped> {
        self.ask(make)?.wake();
        loop {
            if let Some(outcome) = self.answered()? {
                return Ok(outcome);
            }
            // `park` may return for no reason.
            coroutine::park();
        }
    }

    fn ask(&self, make: MakeSubTask) -> Result<Waker, TaskDropped> {
        let mut state = lock(&self.state);
        refuse_if_dropped(&mut state)?;
        match mem::replace(&mut *state, State::Asked(make)) {
            State::Running(waker) => Ok(waker),
            _ => unreachable!("a body that runs has taken every answer"),
        }
    }

    fn answered(&self) -> Result<Option<BoxResult>, TaskDropped> {
        let mut state = lock(&self.state);
        refuse_if_dropped(&mut state)?;
        match mem::replace(&mut *state, State::Over) {
            State::Answered(outcome, waker) => {
                *state = State::Running(waker);
                Ok(Some(outcome))
            }
            not_yet => {
                *state = not_yet;
                Ok(None)
            }
        }
    }

    /// Returns whether the task has been dropped.
    pub(super) fn is_cancelled(&self) -> bool {
        matches!(*lock(&self.state), State::Cancelled(_))
    }

    /// Stores the result of the body, whose destructors have run.
    pub(super) fn end(&self, outcome: BoxResult) {
        let mut state = lock(&self.state);
        match mem::replace(&mut *state, State::Over) {
            State::Running(waker) => {
                *state = State::Ended(outcome);
                drop(state);
                waker.wake();
            }
            State::Cancelled(_) => {}
            _ => unreachable!("a body ends while it runs"),
        }
    }

    /// Called when the coroutine is gone. A body that has not ended by then has overflowed its
    /// stack.
    pub(super) fn end_if_overflowed(&self) {
        if matches!(*lock(&self.state), State::Running(_) | State::Cancelled(_)) {
            let text =
                "a may green thread has overflowed its stack: make it larger with may::Builder";
            self.end(Err(Box::new(text)));
        }
    }
}

/// Returns an error if the task has been dropped.
fn refuse_if_dropped(state: &mut State) -> Result<(), TaskDropped> {
    let State::Cancelled(times) = state else { return Ok(()) };
    *times += 1;
    Err(TaskDropped(*times))
}
