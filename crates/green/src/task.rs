//! [`GreenTask`]: a green thread as a task.

use std::{
    fmt, mem,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    ptr::NonNull,
    thread,
};

use corosensei::{Coroutine, CoroutineResult};
use quadrivium_core::{Context, JoinHandle, RESUMED_AFTER_DONE, Step, Task, Wait, host};

use crate::{
    handle::{Cancelled, Outer, Resume, Running},
    stack::{DEFAULT_STACK_SIZE, Stack, StackError, overflow::Occupant, overflow::watch},
};

/// A task whose body is a green thread. Runs nothing, and has no stack, until it is first resumed.
///
/// # Panics
///
/// The task panics when there is no memory for its stack; [`Builder::build`] returns an error
/// instead.
pub fn green<F, T>(body: F) -> GreenTask<F, T>
where
    F: FnOnce() -> T + 'static,
    T: 'static,
{
    GreenTask { state: State::Fresh(body, Source::OnStart(DEFAULT_STACK_SIZE)) }
}

/// Hands a [`green`] task to the host that drives this thread.
///
/// # Panics
///
/// When no host drives this thread.
#[track_caller]
pub fn spawn<F, T>(body: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + 'static,
    T: 'static,
{
    quadrivium_core::spawn(green(body))
}

/// Makes green tasks with other stacks than the default.
///
/// ```
/// use quadrivium_green::Builder;
///
/// let task = Builder::new().stack_size(256 * 1024).build(|| 6 * 7)?;
/// # drop(task);
/// # Ok::<(), quadrivium_green::StackError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Builder {
    stack_size: usize,
}

impl Builder {
    /// Stacks of [`DEFAULT_STACK_SIZE`].
    pub fn new() -> Self {
        Self { stack_size: DEFAULT_STACK_SIZE }
    }

    /// Stacks of at least this many bytes.
    #[must_use]
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.stack_size = bytes;
        self
    }

    /// A task with its stack already taken.
    ///
    /// # Errors
    ///
    /// When the size is out of range, or there is no memory for one more stack.
    pub fn build<F, T>(&self, body: F) -> Result<GreenTask<F, T>, StackError>
    where
        F: FnOnce() -> T + 'static,
        T: 'static,
    {
        let stack = Stack::take(self.stack_size)?;
        Ok(GreenTask { state: State::Fresh(body, Source::Taken(stack)) })
    }
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

/// A task whose body is a green thread. Made by [`green`] and [`Builder`].
#[must_use = "a task is lazy: spawn or perform it"]
pub struct GreenTask<F, T> {
    state: State<F, T>,
}

enum State<F, T> {
    /// Not resumed yet.
    Fresh(F, Source),
    Started(GreenThread<T>),
    Done,
}

/// Where the stack will come from.
enum Source {
    OnStart(usize),
    Taken(Stack),
}

struct GreenThread<T> {
    coroutine: Coroutine<Resume, Wait, T, Stack>,
    occupant: Occupant,
}

// The body is moved out, the coroutine points to its stack: nothing is pinned here.
impl<F, T> Unpin for GreenTask<F, T> {}

impl<F, T> Task for GreenTask<F, T>
where
    F: FnOnce() -> T + 'static,
    T: 'static,
{
    type Output = T;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<T> {
        if let State::Fresh(..) = self.state {
            self.start();
        }
        let State::Started(thread) = &mut self.state else { panic!("{RESUMED_AFTER_DONE}") };
        match thread.switch(Resume::Go(NonNull::from(cx.waker()))) {
            CoroutineResult::Yield(wait) => Step::Suspended(wait),
            CoroutineResult::Return(output) => {
                self.state = State::Done;
                Step::Done(output)
            }
        }
    }
}

impl<F, T> GreenTask<F, T>
where
    F: FnOnce() -> T + 'static,
    T: 'static,
{
    #[cold]
    fn start(&mut self) {
        let State::Fresh(body, source) = mem::replace(&mut self.state, State::Done) else { return };
        let stack = match source {
            Source::Taken(stack) => stack,
            Source::OnStart(size) => Stack::take(size)
                .unwrap_or_else(|error| panic!("no stack for a green thread: {error}")),
        };
        let occupant = Occupant::new(host::label(), &stack);
        let coroutine = Coroutine::with_stack(stack, |yielder, first| match first {
            Resume::Go(waker) => Running::run(yielder, waker, body),
            Resume::Cancel => unreachable!("a coroutine that has not started is just dropped"),
        });
        self.state = State::Started(GreenThread { coroutine, occupant });
    }
}

impl<T> GreenThread<T> {
    /// Runs on the green thread's stack until it suspends or returns. Panics come through.
    #[inline(always)]
    fn switch(&mut self, resume: Resume) -> CoroutineResult<Wait, T> {
        let _outer = Outer::leave();
        watch(&self.occupant, || self.coroutine.resume(resume))
    }
}

impl<F, T> Drop for GreenTask<F, T> {
    fn drop(&mut self) {
        if let State::Started(thread) = mem::replace(&mut self.state, State::Done) {
            thread.cancel();
        }
    }
}

/// A body may catch the unwinding and suspend again; so often it may.
const UNWINDS: usize = 100;

impl<T> GreenThread<T> {
    /// Unwinds the stack, so that all destructors on it run.
    fn cancel(mut self) {
        if self.coroutine.done() {
            return;
        }
        for _ in 0..UNWINDS {
            let switch = AssertUnwindSafe(|| self.switch(Resume::Cancel));
            match catch_unwind(switch) {
                Ok(CoroutineResult::Yield(_)) => continue,
                Ok(CoroutineResult::Return(_)) => return,
                Err(payload) if payload.is::<Cancelled>() => return,
                // A second panic while this thread unwinds would abort, and dropping the payload may be
                // one; the first one is reported.
                Err(payload) if thread::panicking() => return mem::forget(payload),
                Err(payload) => resume_unwind(payload),
            }
        }
        eprintln!(
            "quadrivium: green thread {} has caught its own cancellation {UNWINDS} times; \
             its stack is leaked and the destructors on it never run\n  \
             remedy: let a payload that is not yours go on with std::panic::resume_unwind",
            self.occupant.name(),
        );
        mem::forget(self);
    }
}

impl<F, T> fmt::Debug for GreenTask<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GreenTask").finish_non_exhaustive()
    }
}
