//! [`GreenTask`]: a green thread as a task.

use std::{
    fmt, mem,
    panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind},
    pin::Pin,
    sync::Once,
    task::Waker,
    thread,
};

use corosensei::{Coroutine, CoroutineResult, stack::STACK_ALIGNMENT};
use quadrivium_core::{Context, JoinHandle, RESUMED_AFTER_DONE, Step, Task, Wait, inspect::Style};

use crate::{
    cancelled,
    handle::{self, Cancelled, RestoreCurrent, Resume},
    stack::{
        Stack, StackError,
        overflow::{Occupant, Running, is_thread_ending, run_as},
        stack_size,
    },
};

/// A task whose body is a green thread. Runs nothing, and has no stack, until it is first resumed.
///
/// # Panics
///
/// The task panics when there is no memory for its stack; [`Builder::build`] returns an error
/// instead.
#[track_caller]
pub fn green<F, T>(body: F) -> GreenTask<F, T>
where
    F: FnOnce() -> T + 'static,
    T: 'static,
{
    GreenTask::new(body, StackSource::OnStart)
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

/// Makes green tasks whose stacks have another size than the default.
///
/// ```
/// use quadrivium_green::Builder;
///
/// let task = Builder::new().stack_size(1 << 20).build(|| 6 * 7)?;
/// # drop(task);
/// # Ok::<(), quadrivium_green::StackError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Builder {
    stack_size: usize,
}

impl Builder {
    /// Returns a builder for stacks of the current default [size](stack_size).
    pub fn new() -> Self {
        Self { stack_size: stack_size() }
    }

    /// Sets the size of the stacks, in bytes. A stack has at least this many.
    #[must_use]
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.stack_size = bytes;
        self
    }

    /// Makes a task, and takes its stack from the pool at once.
    ///
    /// # Errors
    ///
    /// When the size is out of range, or there is no memory for one more stack.
    #[track_caller]
    pub fn build<F, T>(&self, body: F) -> Result<GreenTask<F, T>, StackError>
    where
        F: FnOnce() -> T + 'static,
        T: 'static,
    {
        let stack = Stack::take(self.stack_size)?;
        Ok(GreenTask::new(body, StackSource::Taken(stack)))
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
    Fresh {
        body: F,
        source: StackSource,
        made_at: &'static Location<'static>,
    },
    Started(GreenThread<T>),
    /// Started, with an output that [is large](is_large).
    StartedBoxed(GreenThread<Box<T>>),
    Done,
}

/// Returns whether a body or an output of this type moves from stack to stack in a box.
///
/// corosensei takes at most 1,024 bytes by value. A value with a larger alignment than the stack
/// could be placed beyond the end of the stack. A dev build also copies an output eight times
/// between body and caller, each time on the green thread's stack.
///
/// The decision is made at compile time, so a small body or output costs no branch.
const fn is_large<V>() -> bool {
    size_of::<V>() > 1024 || align_of::<V>() > STACK_ALIGNMENT
}

/// The way in which a green thread that has not started gets its stack.
enum StackSource {
    OnStart,
    Taken(Stack),
}

/// A body on its stack. `R` is the output of the body, or a box with the output.
struct GreenThread<R> {
    coroutine: Coroutine<Resume, Wait, R, Stack>,
    /// The green thread, as the message of an overflow of its stack names it.
    occupant: Occupant,
}

// At the start, the body moves onto the green thread's stack. The coroutine only points to that
// stack. So no address inside a `GreenTask` matters.
impl<F, T> Unpin for GreenTask<F, T> {}

impl<F, T> Task for GreenTask<F, T>
where
    F: FnOnce() -> T + 'static,
    T: 'static,
{
    type Output = T;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<T> {
        if let State::Fresh { .. } = self.state {
            self.start();
        }
        let switched = if const { is_large::<T>() } {
            let State::StartedBoxed(thread) = &mut self.state else {
                panic!("{RESUMED_AFTER_DONE}")
            };
            match thread.switch(cx.waker(), Resume::Continue) {
                CoroutineResult::Yield(wait) => CoroutineResult::Yield(wait),
                CoroutineResult::Return(output) => CoroutineResult::Return(*output),
            }
        } else {
            let State::Started(thread) = &mut self.state else { panic!("{RESUMED_AFTER_DONE}") };
            thread.switch(cx.waker(), Resume::Continue)
        };
        match switched {
            CoroutineResult::Yield(wait) => Step::Suspended(wait),
            CoroutineResult::Return(output) => {
                self.state = State::Done;
                Step::Done(output)
            }
        }
    }

    fn style(&self) -> Style {
        Style::Green
    }
}

impl<F, T> GreenTask<F, T>
where
    F: FnOnce() -> T + 'static,
    T: 'static,
{
    #[track_caller]
    fn new(body: F, source: StackSource) -> Self {
        Self { state: State::Fresh { body, source, made_at: Location::caller() } }
    }

    #[cold]
    fn start(&mut self) {
        let state = mem::replace(&mut self.state, State::Done);
        let State::Fresh { body, source, made_at } = state else { return };
        let stack = match source {
            StackSource::Taken(stack) => stack,
            StackSource::OnStart => Stack::take(stack_size())
                .unwrap_or_else(|error| panic!("no stack for a green thread: {error}")),
        };
        self.state = if const { is_large::<F>() } {
            // A boxed `dyn FnOnce` runs in its box, without a copy on the stack.
            let body: Box<dyn FnOnce() -> T> = Box::new(body);
            State::started(body, stack, made_at)
        } else {
            State::started(body, stack, made_at)
        };
    }
}

impl<F, T: 'static> State<F, T> {
    fn started(
        body: impl FnOnce() -> T + 'static,
        stack: Stack,
        made_at: &'static Location<'static>,
    ) -> Self {
        if const { is_large::<T>() } {
            State::StartedBoxed(GreenThread::new(|| Box::new(body()), stack, made_at))
        } else {
            State::Started(GreenThread::new(body, stack, made_at))
        }
    }
}

impl<R: 'static> GreenThread<R> {
    fn new(
        body: impl FnOnce() -> R + 'static,
        stack: Stack,
        made_at: &'static Location<'static>,
    ) -> Self {
        let occupant = Occupant::new(made_at, stack.usable());
        let coroutine = Coroutine::with_stack(stack, |yielder, first| match first {
            Resume::Continue => handle::run(yielder, body),
            Resume::Cancel => unreachable!("a coroutine that has not started is just dropped"),
        });
        Self { coroutine, occupant }
    }
}

impl<R> GreenThread<R> {
    /// Runs on the green thread's stack until the body suspends or returns. A panic of the body
    /// comes out of here.
    #[inline(always)]
    fn switch(&mut self, waker: &Waker, resume: Resume) -> CoroutineResult<Wait, R> {
        // No body is current during the switch. The guard makes the outer one current again.
        let _outer = RestoreCurrent::clear();
        let running = Running { occupant: &self.occupant, waker };
        run_as(&running, || self.coroutine.resume(resume))
    }
}

impl<F, T> Drop for GreenTask<F, T> {
    #[inline]
    fn drop(&mut self) {
        if !matches!(self.state, State::Done) {
            self.cancel();
        }
    }
}

impl<F, T> GreenTask<F, T> {
    #[cold]
    fn cancel(&mut self) {
        // The state is set to `Done` before the cancel, because the cancel may panic.
        match mem::replace(&mut self.state, State::Done) {
            State::Started(thread) => thread.cancel(),
            State::StartedBoxed(thread) => thread.cancel(),
            State::Fresh { .. } | State::Done => {}
        }
    }
}

/// How often a body is unwound again, if it catches the unwinding and suspends.
const MAX_UNWINDS: usize = 100;

impl<R> GreenThread<R> {
    /// Unwinds the stack, so that all destructors on it run.
    fn cancel(mut self) {
        if self.coroutine.done() {
            return;
        }
        if is_thread_ending() {
            static REPORTED: Once = Once::new();
            let remedy =
                "take the loop out of its thread-local before the thread ends, and drop it";
            return self.leak(&REPORTED, " and its OS thread is ending", remedy);
        }
        // Unwinding begins with a panic, which would end the process here. This check works because
        // Cargo compiles this crate with the profile of the program.
        if cfg!(panic = "abort") {
            static REPORTED: Once = Once::new();
            let why = ", and this program is built with panic = \"abort\"";
            let remedy =
                "build with panic = \"unwind\", or let green threads end before they are dropped";
            return self.leak(&REPORTED, why, remedy);
        }
        let cancelling = cancelled::begin(&self.occupant);
        for _ in 0..MAX_UNWINDS {
            // The waker of the last resume is gone, and destructors may still perform a task.
            let switch = AssertUnwindSafe(|| self.switch(Waker::noop(), Resume::Cancel));
            match catch_unwind(switch) {
                Ok(CoroutineResult::Yield(_)) if cancelling.has_given_up() => {
                    return self.leak_after_calls(cancelling.returns());
                }
                Ok(CoroutineResult::Yield(_)) => continue,
                Ok(CoroutineResult::Return(_)) => return,
                Err(payload) if payload.is::<Cancelled>() => return,
                // A call has returned early because of the cancel, and the body has panicked for
                // this reason, as `read(..).unwrap()` does.
                Err(payload) if cancelling.returns() > 0 => return mem::forget(payload),
                // This thread is unwinding already. Dropping the payload might panic again and
                // abort, so the payload is leaked. The panic that is under way is reported.
                Err(payload) if thread::panicking() => return mem::forget(payload),
                Err(payload) => resume_unwind(payload),
            }
        }
        eprintln!(
            "quadrivium: {} has caught its own cancellation {MAX_UNWINDS} times; \
             its stack is leaked and the destructors on it never run\n  \
             remedy: pass each payload that is not yours on to std::panic::resume_unwind",
            self.occupant.name(),
        );
        mem::forget(self);
    }

    /// Leaks the stack of a body that goes on and on after its cancel.
    #[cold]
    fn leak_after_calls(self, calls: u32) {
        eprintln!(
            "quadrivium: {} goes on after its cancel: {calls} of its calls have returned early. Its \
             stack is leaked, and the destructors on it never run\n  \
             remedy: end the loop around a call when the call fails, or check a flag there; a std \
             lock that never becomes free needs a shorter critical section",
            self.occupant.name(),
        );
        mem::forget(self);
    }

    /// Leaks the stack. Prints a message with the reason, once for each reason.
    #[cold]
    fn leak(self, reported: &Once, why: &str, remedy: &str) {
        reported.call_once(|| {
            eprintln!(
                "quadrivium: {} is dropped while it is suspended{why}: its stack is leaked and \
                 the destructors on it never run. The same happens to further green threads, \
                 without a message\n  \
                 remedy: {remedy}",
                self.occupant.name(),
            );
        });
        mem::forget(self);
    }
}

impl<F, T> fmt::Debug for GreenTask<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GreenTask").finish_non_exhaustive()
    }
}
