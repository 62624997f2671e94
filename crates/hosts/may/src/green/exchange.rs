//! [`Exchange`]: what a body on may's workers and its task on the loop ask and answer.
//!
//! ```text
//!            2 ask              3 hear
//!   Running ───────► Asked ─────────────► Performing
//!    │   ▲                                     │
//!    │   └─── 5 go on ──── Answered ◄──────────┘
//!    │                               4 answer
//!    │  6 end               7 hear
//!    └────────────► Ended ─────────► Over ◄────────── Cancelled
//!                                           6 end         ▲
//!                        8 cancel: whatever is not Over ──┘
//! ```
//!
//! The body: 2, 5 `perform`  6 `end`. The task: 1 `new`  3, 7 `hear`  4 `answer`  8 `cancel`
//!
//! All of it is decided under one lock, and nothing but that: wakes, destructors and whatever else
//! may be user code come after it.

use std::{any::Any, mem, pin::Pin, sync::Mutex, task::Waker, thread};

use may::coroutine;
use quadrivium_core::{Context, Step, Task};

use crate::panics::lock;

pub(super) struct Exchange {
    state: Mutex<State>,
}

enum State {
    /// The body runs, or is about to: it wakes the task when it has something to say.
    Running(Waker),
    /// The body is parked, or about to be, until what this makes is done.
    Asked(MakeSubTask),
    /// The same, and the task has it.
    Performing,
    /// It is done: the body is about to run again.
    Answered(BoxResult, Waker),
    /// The body is no more.
    Ended(BoxResult),
    /// Nobody has anything to say any more.
    Over,
    /// The task is being dropped: the body unwinds. It was told so this often.
    Cancelled(u32),
}

/// What a body or a sub-task came to: its output, or the payload of its panic.
pub(super) type BoxResult = thread::Result<Box<dyn Any + Send>>;

/// What crosses the threads: it makes a sub-task, which stays on the loop's.
pub(super) type MakeSubTask = Box<dyn FnOnce() -> BoxSubTask + Send>;

/// A sub-task, on the loop's thread.
pub(super) type BoxSubTask = Pin<Box<dyn SubTask>>;

/// [`Task`] with the output type forgotten. Every task whose output can be sent is one.
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

/// What the task hears from the body.
pub(super) enum Heard {
    /// It runs on.
    Nothing,
    /// It wants what this makes performed.
    Asked(MakeSubTask),
    /// It came to this.
    Ended(BoxResult),
}

/// Why a body does not get what it asked for: the task has been dropped. The body was told so this
/// often.
pub(super) struct TaskDropped(pub(crate) u32);

impl Exchange {
    /// A body is about to run, and wakes this.
    pub(super) fn new(waker: Waker) -> Self {
        Self { state: Mutex::new(State::Running(waker)) }
    }
}

/// The task's side.
impl Exchange {
    /// What the body has to say; while it has nothing, it wakes `waker` when it does.
    pub(super) fn hear(&self, mut waker: Waker) -> Heard {
        let mut state = lock(&self.state);
        match &mut *state {
            State::Running(former) | State::Answered(_, former) => {
                // The former is dropped last, when nothing is locked any more.
                mem::swap(former, &mut waker);
                Heard::Nothing
            }
            State::Asked(_) | State::Ended(_) => match mem::replace(&mut *state, State::Over) {
                State::Asked(make) => {
                    *state = State::Performing;
                    Heard::Asked(make)
                }
                State::Ended(outcome) => Heard::Ended(outcome),
                _ => unreachable!("it was one of these two"),
            },
            State::Performing | State::Over | State::Cancelled(_) => {
                unreachable!("the task knows that there is nothing to hear")
            }
        }
    }

    /// What the body asked for came to this. Whoever calls this unparks it.
    pub(super) fn answer(&self, outcome: BoxResult, waker: Waker) {
        let former = mem::replace(&mut *lock(&self.state), State::Answered(outcome, waker));
        debug_assert!(matches!(former, State::Performing), "a body is answered when it has asked");
    }

    /// From now on the body is refused whatever it asks for. What is left of what it has said; none
    /// when it is over already.
    pub(super) fn cancel(&self) -> Option<impl Sized + use<>> {
        let mut state = lock(&self.state);
        match *state {
            State::Over => None,
            _ => Some(mem::replace(&mut *state, State::Cancelled(0))),
        }
    }

    /// Whether the body has said its last word.
    pub(super) fn has_ended(&self) -> bool {
        matches!(*lock(&self.state), State::Ended(_) | State::Over)
    }
}

/// The body's side.
impl Exchange {
    /// Has the task perform what this makes, and parks the green thread until it has.
    pub(super) fn perform(&self, make: MakeSubTask) -> Result<BoxResult, TaskDropped> {
        self.ask(make)?.wake();
        loop {
            if let Some(outcome) = self.answered()? {
                return Ok(outcome);
            }
            // It may return for no reason.
            coroutine::park();
        }
    }

    fn ask(&self, make: MakeSubTask) -> Result<Waker, TaskDropped> {
        let mut state = lock(&self.state);
        refuse_if_dropped(&mut state)?;
        match mem::replace(&mut *state, State::Asked(make)) {
            State::Running(waker) => Ok(waker),
            _ => unreachable!("a body that runs has heard every answer"),
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

    /// Whether the task has been dropped.
    pub(super) fn is_cancelled(&self) -> bool {
        matches!(*lock(&self.state), State::Cancelled(_))
    }

    /// The body came to this, and its destructors have run.
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

    /// The coroutine is gone. A body that has not ended before has overflowed its stack.
    pub(super) fn end_without_a_word(&self) {
        if matches!(*lock(&self.state), State::Running(_) | State::Cancelled(_)) {
            let text = "a may green thread has overflowed its stack: give it more with Builder";
            self.end(Err(Box::new(text)));
        }
    }
}

/// An error if the task has been dropped.
fn refuse_if_dropped(state: &mut State) -> Result<(), TaskDropped> {
    let State::Cancelled(times) = state else { return Ok(()) };
    *times += 1;
    Err(TaskDropped(*times))
}
