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
        exchange::{BoxResult, BoxSubTask, Exchange, Heard},
        handle::{drop_ended, run},
    },
    runtime, workers,
};

/// The size of a stack in bytes, unless [`may::config`] says more: 512 KiB, room for the large
/// frames of a dev build. may's own 32 KiB are not enough for a `println!` or a backtrace.
pub const DEFAULT_STACK_SIZE: usize = 512 * 1024;

/// Bytes of a body that may puts on top of its stack. A larger body stays in a box.
const LARGEST_ON_STACK: usize = 1024;

/// A task whose body is a green thread of may. Runs nothing, and has no stack, until it is first
/// resumed.
///
/// The body runs on may's workers, beside the loop, and may go on on another thread after every
/// suspension. [`perform`](super::perform) has the loop run a task meanwhile.
///
/// The task is not `Send`: a loop that drops it waits until the body is unwound, which must not
/// keep one of may's workers waiting.
///
/// ```compile_fail,E0277
/// fn sends<T: Send>(_: T) {}
/// sends(unsafe { quadrivium_may::green(|| ()) });
/// ```
///
/// # Safety
///
/// * The body keeps nothing of a thread-local across a suspension: no reference to one, and nothing
///   that is true of one thread alone, such as the guard of a `std::sync::Mutex`. The compiler
///   takes the same thread for granted throughout a function, so one that suspends looks at no
///   thread-local itself either; it calls another for that, which is `#[inline(never)]`.
/// * No value on its stack that is alive across a suspension is `!Send`: the stack goes to another
///   thread with it.
/// * It fits its stack. may catches an overflow at the guard page below, and ends the process
///   or leaves frames behind whose destructors never run; a frame that is larger than that page may
///   miss it.
///
/// A suspension is a `perform`, and whatever suspends in may itself.
///
/// # Panics
///
/// The task panics when there is no memory for its stack, and when it is first resumed on one of
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
    /// Stacks of [`DEFAULT_STACK_SIZE`], or of the size that may is configured to, if that is more.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stacks of at least this many bytes. Those of the size that may is configured to come from
    /// its pool.
    #[must_use]
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.stack_size = Some(bytes);
        self
    }

    /// A task with this body.
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

    /// may counts in words, and takes an odd number for a wish to print how much was used.
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
    /// While the body runs, virtual time waits for what it will ask for.
    hold: Option<Hold>,
}

/// A body on may's workers. Dropped, it is unwound.
struct BodyOnMay {
    exchange: Arc<Exchange>,
    coroutine: JoinHandle<()>,
}

// The body is moved out, the sub-task is in a box: nothing is pinned here.
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
        // It starts may, unless that runs already: from here on nothing can be set any more.
        runtime::expect();
        assert!(
            !is_coroutine() && !workers::is_here(),
            "a may green thread as a task on one of may's own workers, which would wait for itself \
             when the task is dropped: run the loop on a thread of its own",
        );
        drop_ended();
        let exchange = Arc::new(Exchange::new(waker));
        let theirs = Arc::clone(&exchange);
        let coroutine = coroutine::Builder::new().stack_size(builder.words());
        let coroutine = if const { size_of::<F>() > LARGEST_ON_STACK } {
            // A closure behind `dyn` runs where it is.
            let body: Box<dyn FnOnce() -> T + Send> = Box::new(body);
            // SAFETY: as below.
            unsafe { coroutine.spawn(move || run(theirs, body)) }
        } else {
            // SAFETY: the caller of `green` or `build` has promised that the body goes with other
            // threads and fits; `run` keeps to the first, and takes little of the stack.
            unsafe { coroutine.spawn(move || run(theirs, body)) }
        };
        let coroutine = coroutine.unwrap_or_else(|error| panic!("no may green thread: {error}"));
        let body = BodyOnMay { exchange, coroutine };
        self.state = State::Started(GreenThread { sub_task: None, body, hold: Some(hold()) });
    }
}

impl GreenThread {
    /// Performs what the body asks for, until that suspends or is done; or hears that it has ended.
    /// A panic of a sub-task is for the body.
    fn resume(&mut self, cx: &mut Context<'_>) -> Step<BoxResult> {
        let asked = match self.sub_task.take() {
            Some(sub_task) => Ok(sub_task),
            None => match self.body.exchange.hear(cx.waker().clone()) {
                Heard::Nothing => return Step::Suspended(Wait::Wake),
                Heard::Ended(outcome) => return Step::Done(outcome),
                Heard::Asked(make) => {
                    self.hold = None;
                    Err(make)
                }
            },
        };
        let resume = || {
            let mut sub_task = asked.unwrap_or_else(|make| make());
            let step = sub_task.as_mut().resume_sub_task(cx);
            // Once it is done it is dropped here.
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
    /// Has the body unwound, unless it has ended.
    fn drop(&mut self) {
        // The first panic would end the process. Cargo compiles this crate with the program's
        // profile.
        if cfg!(panic = "abort") && !self.exchange.has_ended() {
            say_that_bodies_are_leaked();
            self.exchange.cancel();
            return;
        }
        let Some(left) = self.exchange.cancel() else { return };
        // Also when a destructor in what is left panics.
        let _unwound = Unwound(&self.coroutine);
        drop(left);
    }
}

/// A body that is parked stays so. A body that runs is parked when it performs the next time.
#[cold]
fn say_that_bodies_are_leaked() {
    static TOLD: Once = Once::new();
    TOLD.call_once(|| {
        eprintln!(
            "quadrivium: a may green thread is dropped before its end, and this program is built \
             with panic = \"abort\": its stack is leaked and the destructors on it never run. \
             The same holds for every other one, without a message\n  \
             remedy: build with panic = \"unwind\", or let green threads end before they are \
             dropped"
        );
    });
}

/// Cancels a coroutine and waits until it is unwound, when dropped.
struct Unwound<'a>(&'a JoinHandle<()>);

impl Drop for Unwound<'_> {
    fn drop(&mut self) {
        // SAFETY: who made this task knows that it may be dropped; what may unwinds are the body's
        // own frames, as a panic would.
        unsafe { self.0.coroutine().cancel() };
        self.0.wait();
    }
}

impl<F, T> fmt::Debug for GreenTask<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GreenTask").finish_non_exhaustive()
    }
}
