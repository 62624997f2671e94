//! [`perform`]: the function by which the body of a green task performs other tasks. It needs no
//! handle to the task, because it suspends the stack on which it is called.
//!
//! ```text
//!   loop's stack                              green thread's stack
//!  ┌──────────────────────┐                  ┌──────────────────────┐ base
//!  │ EventLoop::run       │                  │ root                 │
//!  │ GreenTask::resume    │ ── 1. switch ──► │ Yielder ◄────────────┼── CURRENT, while it runs
//!  │                      │                  │ body                 │
//!  │                      │                  │  └ f                 │
//!  │                      │ ◄─ 2. suspend ── │     └ perform(task)  │
//!  └──────────────────────┘                  │          ▼           │
//!                                            │       (free)         │
//!                                            ├──────────────────────┤ guard page
//!                                            └──────────────────────┘ limit
//! ```

use std::{
    cell::Cell,
    marker::PhantomData,
    panic::{Location, resume_unwind},
    pin::pin,
    ptr, thread,
};

use corosensei::Yielder;
use quadrivium_core::{Context, Step, Task, Wait};

use crate::{
    GreenTask, cancelled,
    stack::{
        SMALLEST_STACK,
        overflow::{is_on_running_stack, running},
        pointer::stack_pointer,
    },
};

/// The value with which a green thread is resumed.
#[derive(Clone, Copy)]
pub(crate) enum Resume {
    Continue,
    /// Unwind the stack, because the task is being dropped.
    Cancel,
}

/// The panic payload with which a dropped green thread is unwound.
pub(crate) struct Cancelled;

/// An address that is less than this below a yielder is on the same stack. The yielder is in the
/// first frame, which is far smaller than the other half of the smallest stack. This check reads no
/// memory of the green thread.
const NEAR: usize = SMALLEST_STACK / 2;

type GreenYielder = Yielder<Resume, Wait>;

thread_local! {
    /// The yielder of the green thread whose body is running on this OS thread. It is null in a
    /// host, and inside a `perform`, because the code of a sub-task is no part of the body.
    static CURRENT: Cell<*const GreenYielder> = const { Cell::new(ptr::null()) };
}

/// Runs a task of any style to its end, and returns its output. Suspends whenever that task
/// suspends.
///
/// # Panics
///
/// * Outside the body of a green thread.
/// * On any stack but the green thread's own, such as the stack of a coroutine of another crate.
/// * When the task suspends while this thread is unwinding, in a destructor that runs because of a
///   panic or a cancel.
// Always inlined, or else it would be called before a switch and return after the next one. The
// processor predicts the target of a return from the calls that it has seen, and those were on the
// other stack.
#[inline(always)]
#[track_caller]
pub fn perform<P: Task>(task: P) -> P::Output {
    let line = Location::caller();
    let during_perform = DuringPerform::begin();
    // SAFETY: CURRENT is set only while the body of that green thread runs. The frames of the body
    // are below the frame of the yielder on the same stack, so it outlives this call.
    let yielder = unsafe { &*during_perform.yielder };
    let address = stack_pointer();
    let is_near = during_perform.yielder.addr().wrapping_sub(address) < NEAR;
    if !is_near && !is_on_running_stack(address) {
        refuse_another_stack();
    }
    // Dropped before `during_perform`, because the destructors of a task that panics are no part of
    // the body.
    let mut task = pin!(task);
    loop {
        // Each resume has a waker of its own.
        let waker = running().expect("the body of a green thread runs in a resume").waker;
        match task.as_mut().resume(&mut Context::performed_at(line, waker)) {
            Step::Done(output) => return output,
            Step::Suspended(wait) => suspend(yielder, wait),
        }
    }
}

/// Runs a task of any style to its end, like [`perform`], where the calls above must not be
/// unwound: in a function that C code calls, or that std declares as not unwinding.
///
/// If the green thread is cancelled meanwhile, this returns an error in place of unwinding. Then
/// the caller returns an error of its own, and calls [`return_cancelled`] before.
///
/// # Errors
///
/// See [`NotPerformed`].
pub fn perform_without_unwinding<P: Task>(task: P) -> Result<P::Output, NotPerformed> {
    may_suspend()?;
    let during_perform = DuringPerform::begin();
    // SAFETY: As in `perform`. `may_suspend` has checked the stack.
    let yielder = unsafe { &*during_perform.yielder };
    let mut task = pin!(task);
    loop {
        let waker = running().expect("the body of a green thread runs in a resume").waker;
        match task.as_mut().resume(&mut Context::new(waker)) {
            Step::Done(output) => return Ok(output),
            Step::Suspended(wait) => match yielder.suspend(wait) {
                Resume::Continue => {}
                Resume::Cancel => return Err(NotPerformed::Cancelled),
            },
        }
    }
}

/// Returns whether the code that calls this may suspend the green thread, with
/// [`perform_without_unwinding`].
///
/// # Errors
///
/// The reason why it may not.
pub fn may_suspend() -> Result<(), NotPerformed> {
    let yielder = CURRENT.get();
    if yielder.is_null() {
        return Err(NotPerformed::NoBody);
    }
    if thread::panicking() {
        return Err(NotPerformed::Unwinding);
    }
    let address = stack_pointer();
    if yielder.addr().wrapping_sub(address) >= NEAR && !is_on_running_stack(address) {
        return Err(NotPerformed::OtherStack);
    }
    if cancelled::is_cancelled() {
        return Err(NotPerformed::Cancelled);
    }
    Ok(())
}

/// Counts a call that returns early because its green thread is cancelled. The `most`-th of these
/// calls does not return. Its stack is leaked, so that the drop of the green thread returns.
///
/// Call this only after [`perform_without_unwinding`] or [`may_suspend`] has returned
/// [`NotPerformed::Cancelled`].
pub fn return_cancelled(most: u32) {
    if cancelled::count_return() < most {
        return;
    }
    let during_perform = DuringPerform::begin();
    // SAFETY: As in `perform`.
    let yielder = unsafe { &*during_perform.yielder };
    cancelled::give_up();
    // The canceller does not resume this stack again.
    loop {
        yielder.suspend(Wait::Wake);
    }
}

/// The reason why [`perform_without_unwinding`] has not performed a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotPerformed {
    /// The green thread is being dropped.
    Cancelled,
    /// No body of a green thread is running: the code is a host, or a task of another style.
    NoBody,
    /// The thread is unwinding.
    Unwinding,
    /// The code runs on another stack, such as the stack of a signal handler.
    OtherStack,
}

/// Runs the body of a green thread, on its first resume.
pub(crate) fn run<T>(yielder: &GreenYielder, body: impl FnOnce() -> T) -> T {
    CURRENT.set(yielder);
    let _reset = RestoreCurrent(ptr::null());
    body()
}

/// Always inlined, like [`perform`].
#[inline(always)]
fn suspend(yielder: &GreenYielder, wait: Wait) {
    if thread::panicking() {
        refuse_to_suspend();
    }
    match yielder.suspend(wait) {
        Resume::Continue => {}
        Resume::Cancel => resume_unwind(Box::new(Cancelled)),
    }
}

/// Other code could suspend that stack in the middle of a `perform`, and resume it after the green
/// thread has ended. On the green thread's own stack this is impossible, because code that switches
/// away from that stack switches back to the same place.
#[cold]
fn refuse_another_stack() -> ! {
    panic!(
        "green::perform was called on a stack that is not the green thread's own, such as the stack \
         of a coroutine of another crate: let the coroutine hand the task out, and perform it in \
         the body of the green thread"
    )
}

#[cold]
fn refuse_to_suspend() -> ! {
    panic!(
        "a green thread cannot suspend while it is unwinding: \
         do not perform tasks that wait in a destructor"
    )
}

/// A guard for the time of a `perform`, during which no body is running.
struct DuringPerform {
    yielder: *const GreenYielder,
}

impl DuringPerform {
    #[inline]
    fn begin() -> Self {
        let yielder = CURRENT.replace(ptr::null());
        assert!(
            !yielder.is_null(),
            "green::perform was called outside the body of a green thread: \
             use the `perform` of the style around it, or EventLoop::block_on"
        );
        Self { yielder }
    }
}

impl Drop for DuringPerform {
    #[inline]
    fn drop(&mut self) {
        CURRENT.set(self.yielder);
    }
}

/// A guard for a switch between stacks. It saves `CURRENT`, and restores it when it is dropped.
pub(crate) struct RestoreCurrent(*const GreenYielder);

impl RestoreCurrent {
    #[inline]
    pub(crate) fn clear() -> Self {
        Self(CURRENT.replace(ptr::null()))
    }
}

impl Drop for RestoreCurrent {
    #[inline]
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}

/// No type implements this trait. It is the condition under which a green task would be `Send`, so
/// that the compiler names the remedy.
#[diagnostic::on_unimplemented(
    message = "a green thread never leaves its OS thread, so its task is not `Send`",
    label = "cannot be sent between threads",
    note = "hand over the closure that makes the task: to a `Cluster`, to the `Spawner` of a loop or \
            of a `GuestLoop`, or to `may::spawn_pinned`"
)]
trait MayLeaveItsThread {}

// The condition concerns another type than the task. Otherwise the compiler prints its own message
// of `Send` in place of the one above.
//
// SAFETY: the condition never holds, so no green task is `Send`.
unsafe impl<F, T> Send for GreenTask<F, T> where PhantomData<F>: MayLeaveItsThread {}
