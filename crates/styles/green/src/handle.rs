//! [`perform`]: what the body of a green task calls; its handle is the stack it is on.
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
//!                                            │       (room)         │
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

/// What a green thread is resumed with.
#[derive(Clone, Copy)]
pub(crate) enum Resume {
    /// Go on, with this waker. It outlives the stay on the green thread's stack.
    Go(NonNull<Waker>),
    /// Unwind: the task is being dropped.
    Cancel,
}

/// The payload that unwinds a green thread that is dropped.
pub(crate) struct Cancelled;

/// A green thread that has started, at the root of its stack.
pub(crate) struct RunningBody<'a> {
    yielder: &'a Yielder<Resume, Wait>,
    waker: Cell<NonNull<Waker>>,
    /// Where the stack begins and how many bytes it has, to tell it from the stacks of other
    /// crates.
    lowest: usize,
    size: usize,
}

thread_local! {
    /// The green thread whose body is running on this thread: none in a host, and none inside a
    /// `perform`, since a sub-task is no part of the body.
    static CURRENT: Cell<*const RunningBody<'static>> = const { Cell::new(ptr::null()) };
}

/// Runs a task of any style to its end, suspending this green thread whenever it does, and returns
/// its output.
///
/// # Panics
///
/// Outside the body of a green thread; on another stack than that of the green thread, such as the
/// stack of a coroutine of another crate; and when the task suspends while this thread is unwinding
/// (in a destructor that runs because of a panic or of a cancel).
#[inline]
pub fn perform<P: Task>(task: P) -> P::Output {
    let away = Away::from_current();
    // SAFETY: CURRENT is set only while the body of that green thread runs, which is below the
    // frame of `RunningBody` on the same stack; so it is alive as long as this call.
    let running = unsafe { &*away.running };
    // One comparison: below the stack the difference wraps around.
    if stack_pointer().wrapping_sub(running.lowest) >= running.size {
        refuse_another_stack();
    }
    // Dropped before `away`: destructors of a task that panics are no part of the body either.
    let mut task = pin!(task);
    loop {
        match task.as_mut().resume(&mut Context::new(running.waker())) {
            Step::Done(output) => return output,
            Step::Suspended(wait) => running.suspend(wait),
        }
    }
}

impl<'a> RunningBody<'a> {
    /// Runs the body of a green thread that has just been resumed for the first time.
    pub(crate) fn run<T>(
        yielder: &'a Yielder<Resume, Wait>,
        waker: NonNull<Waker>,
        body: impl FnOnce() -> T,
    ) -> T {
        let Range { start: lowest, end } = overflow::usable();
        let (waker, size) = (Cell::new(waker), end - lowest);
        let running = RunningBody { yielder, waker, lowest, size };
        CURRENT.set(ptr::from_ref(&running).cast());
        let _over = RestoreCurrent(ptr::null());
        body()
    }

    #[inline]
    fn waker(&self) -> &Waker {
        // SAFETY: whoever resumed this green thread borrows the waker until it suspends again, and
        // the reference is used up before that. A cancel, which has no waker, puts a static one
        // here.
        unsafe { self.waker.get().as_ref() }
    }

    /// Inlined, as all between a switch and the code around it: the processor predicts where a
    /// function returns to by the calls it saw, which were made on the other stack.
    #[inline(always)]
    fn suspend(&self, wait: Wait) {
        if thread::panicking() {
            refuse_to_suspend();
        }
        match self.yielder.suspend(wait) {
            Resume::Go(waker) => self.waker.set(waker),
            Resume::Cancel => {
                // The waker of the last resume is gone; destructors may still perform.
                self.waker.set(NonNull::from(Waker::noop()));
                resume_unwind(Box::new(Cancelled))
            }
        }
    }
}

/// Somebody else could suspend that stack in the middle of a `perform`, and resume it when the
/// green thread is no more. On its own stack nobody can: whoever switches away comes back first.
#[cold]
fn refuse_another_stack() -> ! {
    panic!(
        "green::perform on another stack than that of the green thread, as in a coroutine of \
         another crate: let the coroutine hand the task out, and perform it in the body of the \
         green thread"
    )
}

#[cold]
fn refuse_to_suspend() -> ! {
    panic!(
        "a green thread cannot suspend while it is unwinding: \
         do not perform tasks that wait in a destructor"
    )
}

/// The span of a `perform`, in which no body is running.
struct Away {
    running: *const RunningBody<'static>,
}

impl Away {
    #[inline]
    fn from_current() -> Self {
        let running = CURRENT.replace(ptr::null());
        assert!(
            !running.is_null(),
            "green::perform outside the body of a green thread: \
             use the `perform` of the style around it, or EventLoop::block_on"
        );
        Self { running }
    }
}

impl Drop for Away {
    #[inline]
    fn drop(&mut self) {
        CURRENT.set(self.running);
    }
}

/// Keeps what is current on this side of a switch, and puts it back when dropped.
pub(crate) struct RestoreCurrent(*const RunningBody<'static>);

impl RestoreCurrent {
    #[inline]
    pub(crate) fn leave() -> Self {
        Self(CURRENT.replace(ptr::null()))
    }
}

impl Drop for RestoreCurrent {
    #[inline]
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}
