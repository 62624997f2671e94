//! [`GreenTask`]: a may green thread as a task.

use std::{
    fmt,
    marker::PhantomData,
    mem,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    sync::{Arc, Once},
    task::Waker,
};

use may::coroutine::{self, JoinHandle, is_coroutine};
use quadrivium_core::{Context, Hold, RESUMED_AFTER_DONE, Step, Task, Wait, hold};

use crate::{
    green::{
        exchange::{BodyState, BoxResult, BoxSubTask, Exchange},
        handle::{drop_ended, run},
    },
    runtime, workers,
};

/// The size of a stack in bytes, unless [`may::config`] has a larger one. The 512 KiB have room for
/// the large frames of a dev build. may's own 32 KiB are too small for a `println!` or a backtrace.
pub const DEFAULT_STACK_SIZE: usize = 512 * 1024;

/// The largest body, in bytes, that may gets directly and puts on top of the stack. A larger body
/// stays in a box.
const LARGEST_ON_STACK: usize = 1024;

/// Makes a task whose body is a green thread of may. It runs nothing and has no stack until it is
/// first resumed.
///
/// The body runs on may's workers, at the same time as the loop. After every suspension it may go
/// on on another thread. When the body calls [`perform`](super::perform), the loop runs a task for
/// it.
///
/// The task is not `Send`. A loop that drops it waits until the body is unwound, and that must not
/// block one of may's workers.
///
/// ```compile_fail,E0277
/// fn sends<T: Send>(_: T) {}
/// sends(unsafe { quadrivium_may::green(|| ()) });
/// ```
///
/// # Safety
///
/// * The body keeps nothing of a thread-local across a suspension: no reference to one, and no
///   value that belongs to one thread (such as the guard of a `std::sync::Mutex`). The compiler
///   assumes that a function stays on its thread. So a function that suspends does not access a
///   thread-local itself either. It calls another function for that, which is `#[inline(never)]`.
/// * No value on its stack that is alive across a suspension is `!Send`, because the stack goes to
///   another thread with it.
/// * It fits its stack. may detects an overflow at the guard page below the stack. Then it ends the
///   process, or leaves frames behind whose destructors never run. A frame that is larger than the
///   guard page may miss it.
///
/// A suspension is a `perform`, or a function of may that suspends.
///
/// # Panics
///
/// The task panics when there is no memory for its stack, or when it is first resumed on one of
/// may's workers.
///
/// # Examples
///
/// ```
/// use quadrivium_core::sleep;
/// use quadrivium_event_loop::EventLoop;
/// use quadrivium_may::{green, perform};
/// use std::time::Duration;
///
/// // SAFETY: the body reads no thread-local, holds nothing that is `!Send`, and is small.
/// let task = unsafe {
///     green(|| {
///         perform(sleep(Duration::from_secs(1)));
///         "a second later"
///     })
/// };
/// assert_eq!(EventLoop::with_virtual_clock()?.block_on(task)?, "a second later");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub unsafe fn green<F, T>(body: F) -> GreenTask<F, T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    // SAFETY: the caller promises the same.
    unsafe { Builder::new().build(body) }
}

/// Makes may green threads with other stacks than the default.
///
/// ```
/// use quadrivium_may::Builder;
///
/// // SAFETY: the body does nothing.
/// let task = unsafe { Builder::new().stack_size(1 << 20).build(|| 6 * 7) };
/// # drop(task);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Builder {
    stack_size: Option<usize>,
}

impl Builder {
    /// Uses stacks of [`DEFAULT_STACK_SIZE`], or of the size in may's configuration if that is
    /// larger.
    pub fn new() -> Self {
        Self::default()
    }

    /// Uses stacks of at least this many bytes. Stacks of the size in may's configuration come from
    /// its pool.
    #[must_use]
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.stack_size = Some(bytes);
        self
    }

    /// Makes a task with this body.
    ///
    /// # Safety
    ///
    /// The same as for [`green`].
    pub unsafe fn build<F, T>(&self, body: F) -> GreenTask<F, T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        GreenTask { state: State::Fresh(body, self.clone()), output: PhantomData }
    }

    /// Returns the size in words, as may counts it. The number is even, because for an odd number
    /// may prints how much of the stack was used.
    fn words(&self) -> usize {
        let configured = may::config().get_stack_size();
        let words = self.stack_size.map(|bytes| bytes.div_ceil(size_of::<usize>()));
        words.unwrap_or(configured.max(DEFAULT_STACK_SIZE / size_of::<usize>())).next_multiple_of(2)
    }
}

/// A task whose body is a green thread of may. Made by [`green`] and [`Builder`].
#[must_use = "a task is lazy: spawn or perform it"]
pub struct GreenTask<F, T> {
    state: State<F>,
    output: PhantomData<fn() -> T>,
}

enum State<F> {
    /// Not resumed yet.
    Fresh(F, Builder),
    Started(GreenThread),
    Done,
}

/// Fields are dropped in order: the sub-task before the body that performs it.
struct GreenThread {
    sub_task: Option<BoxSubTask>,
    body: BodyOnMay,
    /// While the body runs, this stops a virtual clock, because the body may perform a task next.
    hold: Option<Hold>,
}

/// A body on may's workers. It is unwound when this is dropped.
struct BodyOnMay {
    exchange: Arc<Exchange>,
    coroutine: JoinHandle<()>,
}

// The body is moved out before it runs, and the sub-task is in a box, so nothing is pinned here.
impl<F, T> Unpin for GreenTask<F, T> {}

impl<F, T> Task for GreenTask<F, T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    type Output = T;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<T> {
        let thread = match &mut self.state {
            State::Fresh(..) => {
                self.start(cx.waker().clone());
                return Step::Suspended(Wait::Wake);
            }
            State::Started(thread) => thread,
            State::Done => panic!("{RESUMED_AFTER_DONE}"),
        };
        let outcome = match thread.resume(cx) {
            Step::Suspended(wait) => return Step::Suspended(wait),
            Step::Done(outcome) => outcome,
        };
        self.state = State::Done;
        match outcome {
            Ok(output) => Step::Done(*output.downcast().expect("the output of this body")),
            Err(payload) => resume_unwind(payload),
        }
    }
}

impl<F, T> GreenTask<F, T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    #[cold]
    fn start(&mut self, waker: Waker) {
        let State::Fresh(body, builder) = mem::replace(&mut self.state, State::Done) else {
            return;
        };
        // This starts may, unless it runs already. From here on its settings are fixed.
        runtime::expect();
        assert!(
            !is_coroutine() && !workers::is_worker_stack(),
            "a may green thread cannot run on a loop on one of may's own workers. The worker would \
             wait for itself when the task is dropped: run the loop on a thread of its own",
        );
        drop_ended();
        let exchange = Arc::new(Exchange::new(waker));
        let theirs = Arc::clone(&exchange);
        let coroutine = coroutine::Builder::new().stack_size(builder.words());
        let coroutine = if const { size_of::<F>() > LARGEST_ON_STACK } {
            // A closure behind `dyn` runs in place.
            let body: Box<dyn FnOnce() -> T + Send> = Box::new(body);
            // SAFETY: as below.
            unsafe { coroutine.spawn(move || run(theirs, body)) }
        } else {
            // SAFETY: the caller of `green` or `build` has promised that the body may go on on
            // other threads and fits its stack. `run` keeps no thread-local and needs little stack.
            unsafe { coroutine.spawn(move || run(theirs, body)) }
        };
        let coroutine = coroutine.unwrap_or_else(|error| {
            panic!("a may green thread cannot be started: {error}; let others end first")
        });
        let body = BodyOnMay { exchange, coroutine };
        self.state = State::Started(GreenThread { sub_task: None, body, hold: Some(hold()) });
    }
}

impl GreenThread {
    /// Resumes the sub-task that the body has asked for, until it suspends or is done. Or returns
    /// the result of the body when it has ended. A panic of a sub-task is passed to the body.
    fn resume(&mut self, cx: &mut Context<'_>) -> Step<BoxResult> {
        let asked = match self.sub_task.take() {
            Some(sub_task) => Ok(sub_task),
            None => match self.body.exchange.poll_body(cx.waker().clone()) {
                BodyState::Running => return Step::Suspended(Wait::Wake),
                BodyState::Ended(outcome) => return Step::Done(outcome),
                BodyState::Asked(make) => {
                    self.hold = None;
                    Err(make)
                }
            },
        };
        let resume = || {
            let mut sub_task = asked.unwrap_or_else(|make| make());
            let step = sub_task.as_mut().resume_sub_task(cx);
            // A sub-task that is done is dropped here.
            if let Step::Suspended(_) = step {
                self.sub_task = Some(sub_task);
            }
            step
        };
        let outcome = match catch_unwind(AssertUnwindSafe(resume)) {
            Ok(Step::Suspended(wait)) => return Step::Suspended(wait),
            Ok(Step::Done(output)) => Ok(output),
            Err(payload) => Err(payload),
        };
        self.hold = Some(hold());
        self.body.exchange.answer(outcome, cx.waker().clone());
        self.body.coroutine.coroutine().unpark();
        Step::Suspended(Wait::Wake)
    }
}

impl Drop for BodyOnMay {
    /// Unwinds the body, unless it has ended.
    fn drop(&mut self) {
        // Unwinding needs a panic, which would end the process. Cargo compiles this crate with the
        // program's profile.
        if cfg!(panic = "abort") && !self.exchange.has_ended() {
            warn_that_bodies_are_leaked();
            self.exchange.cancel();
            return;
        }
        let Some(left) = self.exchange.cancel() else { return };
        // The body is unwound even if a destructor of `left` panics.
        let _unwound = UnwindOnDrop(&self.coroutine);
        drop(left);
    }
}

/// A parked body stays parked. A running body is parked when it performs the next time.
#[cold]
fn warn_that_bodies_are_leaked() {
    static WARNED: Once = Once::new();
    WARNED.call_once(|| {
        eprintln!(
            "quadrivium: a may green thread is dropped before its end, in a program that is built \
             with panic = \"abort\": its stack is leaked and the destructors on it never run. \
             This message is printed only once\n  \
             remedy: build with panic = \"unwind\", or let green threads end before they are \
             dropped"
        );
    });
}

/// When dropped, cancels a coroutine and waits until it is unwound.
struct UnwindOnDrop<'a>(&'a JoinHandle<()>);

impl Drop for UnwindOnDrop<'_> {
    fn drop(&mut self) {
        // SAFETY: the code that made this task expects that it may be dropped. may unwinds only the
        // body's own frames, as a panic would.
        unsafe { self.0.coroutine().cancel() };
        self.0.wait();
    }
}

impl<F, T> fmt::Debug for GreenTask<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GreenTask").finish_non_exhaustive()
    }
}
