//! [`perform`]: the function by which the body of a green task performs other tasks. It needs no
//! handle to the task, because it suspends the stack on which it is called.
//!
//! ```text
//!   loop's stack                              green thread's stack
//!  ┌──────────────────────┐                  ┌──────────────────────┐ base
//!  │ EventLoop::run       │                  │ root                 │
//!  │ GreenTask::resume    │ ── 1. switch ──► │ RunningBody ◄────────┼── CURRENT, while it runs
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
    ops::Range,
    panic::resume_unwind,
    pin::pin,
    ptr::{self, NonNull},
    task::Waker,
    thread,
};

use corosensei::Yielder;
use quadrivium_core::{Context, Step, Task, Wait};

use crate::stack::{overflow, pointer::stack_pointer};

/// The value with which a green thread is resumed.
#[derive(Clone, Copy)]
pub(crate) enum Resume {
    /// Continue, with this waker. It lives until the green thread suspends or ends.
    Continue(NonNull<Waker>),
    /// Unwind the stack, because the task is being dropped.
    Cancel,
}

/// The panic payload with which a dropped green thread is unwound.
pub(crate) struct Cancelled;

/// A green thread that has started. It is in the first frame of its stack.
pub(crate) struct RunningBody<'a> {
    yielder: &'a Yielder<Resume, Wait>,
    waker: Cell<NonNull<Waker>>,
    /// The lowest usable address of the stack.
    lowest: usize,
    /// The usable bytes of the stack. Together with `lowest` they tell this stack from the stacks
    /// of other crates.
    size: usize,
}

thread_local! {
    /// The green thread whose body is running on this OS thread. It is null in a host, and inside a
    /// `perform`, because the code of a sub-task is no part of the body.
    static CURRENT: Cell<*const RunningBody<'static>> = const { Cell::new(ptr::null()) };
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
pub fn perform<P: Task>(task: P) -> P::Output {
    let during_perform = DuringPerform::begin();
    // SAFETY: CURRENT is set only while the body of that green thread runs. The frames of the body
    // are below the frame of the `RunningBody` on the same stack, so it outlives this call.
    let running = unsafe { &*during_perform.running };
    // One comparison is enough: for an address below the stack the difference wraps around.
    if stack_pointer().wrapping_sub(running.lowest) >= running.size {
        refuse_another_stack();
    }
    // Dropped before `during_perform`, because the destructors of a task that panics are no part of
    // the body.
    let mut task = pin!(task);
    loop {
        match task.as_mut().resume(&mut Context::new(running.waker())) {
            Step::Done(output) => return output,
            Step::Suspended(wait) => running.suspend(wait),
        }
    }
}

impl<'a> RunningBody<'a> {
    /// Runs the body of a green thread, on its first resume.
    pub(crate) fn run<T>(
        yielder: &'a Yielder<Resume, Wait>,
        waker: NonNull<Waker>,
        body: impl FnOnce() -> T,
    ) -> T {
        let Range { start: lowest, end } = overflow::running_stack();
        let (waker, size) = (Cell::new(waker), end - lowest);
        let running = RunningBody { yielder, waker, lowest, size };
        CURRENT.set(ptr::from_ref(&running).cast());
        let _reset = RestoreCurrent(ptr::null());
        body()
    }

    #[inline]
    fn waker(&self) -> &Waker {
        // SAFETY: the `resume` of this green thread borrows the waker until the green thread
        // suspends again, and the returned reference is not used after that. A cancel has no waker,
        // so it puts a static waker here.
        unsafe { self.waker.get().as_ref() }
    }

    /// Always inlined, like [`perform`].
    #[inline(always)]
    fn suspend(&self, wait: Wait) {
        if thread::panicking() {
            refuse_to_suspend();
        }
        match self.yielder.suspend(wait) {
            Resume::Continue(waker) => self.waker.set(waker),
            Resume::Cancel => {
                // The waker of the last resume is gone, and destructors may still perform a task.
                self.waker.set(NonNull::from(Waker::noop()));
                resume_unwind(Box::new(Cancelled))
            }
        }
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
    running: *const RunningBody<'static>,
}

impl DuringPerform {
    #[inline]
    fn begin() -> Self {
        let running = CURRENT.replace(ptr::null());
        assert!(
            !running.is_null(),
            "green::perform was called outside the body of a green thread: \
             use the `perform` of the style around it, or EventLoop::block_on"
        );
        Self { running }
    }
}

impl Drop for DuringPerform {
    #[inline]
    fn drop(&mut self) {
        CURRENT.set(self.running);
    }
}

/// A guard for a switch between stacks. It saves `CURRENT`, and restores it when it is dropped.
pub(crate) struct RestoreCurrent(*const RunningBody<'static>);

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
