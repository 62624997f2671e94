//! [`Perform`], which makes a `std` future of a task, and [`PerformWaits`], which collects the
//! waits of such futures for the task around them.
//!
//! A *future-style task* is a task whose body is a `std` future. A pending future returns no more
//! than `Pending`, whereas a suspended task returns its wait. So while a future-style task is
//! polled, a thread-local collects waits. Each `Perform` in the body that suspends adds its wait
//! there. The future-style task returns the sum:
//!
//! ```text
//!  FutureTask::resume ─ PerformWaits::poll ─► poll ─► Perform::poll ─► sub-task.resume
//!        ▲                        │ 1. sets POLLED_WAKER     │                   │
//!        └── Suspended(wait) ◄────┴── 3. takes the sum ◄─ 2. adds its wait ◄─ Suspended(wait)
//! ```
//!
//! A wait that was added with the task's own waker counts for one poll only. If the body does not
//! poll that part again in its next poll, the wait is forgotten. Nothing is lost: a wake of the
//! task for that part would not make such a body poll it.
//!
//! A combinator of another crate (`FuturesUnordered`) gives each of its parts a waker of its own.
//! It polls a part only after that waker was woken. So a wait that was added with such a *foreign*
//! waker is kept together with the waker. When the wait is over, the waker is woken.

use std::{
    cell::Cell,
    fmt,
    future::Future,
    mem::{self, ManuallyDrop},
    panic::{AssertUnwindSafe, Location, catch_unwind},
    pin::Pin,
    ptr,
    sync::{Arc, Weak},
    task::{self, Poll, Waker},
};

use pin_project_lite::pin_project;

use crate::{Context, Step, Task, Wait};

pin_project! {
    /// A task as a future, for the body of a future-style task. `.await` on a leaf or a combinator,
    /// such as a sleep or a race, makes this future.
    #[derive(Debug)]
    #[must_use = "futures are lazy: await it"]
    pub struct Perform<T> {
        #[pin]
        task: T,
        alive: AliveMark,
    }
}

impl<T: Task> Perform<T> {
    /// Makes a future of this task.
    pub fn new(task: T) -> Self {
        Self { task, alive: AliveMark(None) }
    }
}

impl<T: Task> Future for Perform<T> {
    type Output = T::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<T::Output> {
        let this = self.project();
        match this.task.resume(&mut Context::new(cx.waker())) {
            Step::Done(output) => Poll::Ready(output),
            Step::Suspended(wait) => {
                add_wait(wait, cx.waker(), this.alive);
                Poll::Pending
            }
        }
    }
}

pin_project! {
    /// A task and the line that performs it. `.await` on a [`JoinHandle`](crate::JoinHandle) makes
    /// it.
    #[derive(Debug)]
    #[must_use = "a task is lazy: perform it"]
    pub struct PerformedAt<T> {
        #[pin]
        task: T,
        line: &'static Location<'static>,
    }
}

impl<T: Task> PerformedAt<T> {
    /// Notes that the calling line performs this task.
    #[track_caller]
    pub fn here(task: T) -> Self {
        Self { task, line: Location::caller() }
    }
}

impl<T: Task> Task for PerformedAt<T> {
    type Output = T::Output;

    #[inline]
    fn resume(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<T::Output> {
        let this = self.project();
        this.task.resume(&mut Context::performed_at(this.line, cx.waker()))
    }
}

/// The mark of a `Perform` that exists. It contains something only if the `Perform` was polled with
/// a foreign waker. The [`Weak`] of a [`ForeignWait`] shows whether the `Perform` is gone.
#[derive(Debug)]
struct AliveMark(Option<Arc<()>>);

/// The waits of the `Perform`s inside one future-style task. Only code that implements a future
/// style needs it.
///
/// It is one word in size.
#[derive(Default)]
pub struct PerformWaits {
    /// `Drop` takes them out. So a task that has none ends with one comparison, in place of a call.
    foreign_waits: ManuallyDrop<Option<ForeignWaits>>,
}

#[allow(clippy::box_collection)] // One word in every task, where a `Vec` is three.
type ForeignWaits = Box<Vec<ForeignWait>>;

/// A wait with a waker that is not the task's own.
struct ForeignWait {
    perform: Weak<()>,
    wait: Wait,
    waker: Waker,
}

// These are single words instead of a struct, because every poll uses them. A struct that is
// written field by field and read as a whole stalls the processor until the fields have reached the
// cache.
thread_local! {
    /// The waker of the innermost future-style task that is being polled on this thread, or null.
    /// Only its address is used: it distinguishes the task's own waker from foreign wakers.
    static POLLED_WAKER: Cell<*const Waker> = const { Cell::new(ptr::null()) };
    /// The sum of the waits that were added in this poll.
    static SHORT_SUM: Cell<ShortSum> = const { Cell::new(ShortSum::Wake) };
    /// The sum, if `SHORT_SUM` cannot express it.
    static LONG_SUM: Cell<Option<Wait>> = const { Cell::new(None) };
    /// The waits with foreign wakers of the task in `POLLED_WAKER`, if there are any.
    static FOREIGN_WAITS: Cell<Option<ForeignWaits>> = const { Cell::new(None) };
}

#[derive(Clone, Copy, PartialEq)]
enum ShortSum {
    Wake,
    Ready,
    Turn,
    /// The sum is in `LONG_SUM` and `FOREIGN_WAITS`. Otherwise both are empty.
    Long,
}

impl PerformWaits {
    /// Polls the body of a future-style task. When the body is pending, the task waits for the sum
    /// of the waits of the `Perform`s in it.
    #[inline]
    pub fn poll<F: Future>(&mut self, body: Pin<&mut F>, cx: &Context<'_>) -> Step<F::Output> {
        let _outer = SavedOuterTask::save_and_set(cx.waker());
        if self.foreign_waits.is_some() {
            self.load_foreign_waits(cx);
        }
        let polled = body.poll(&mut task::Context::from_waker(cx.waker()));
        let wait = match SHORT_SUM.replace(ShortSum::Wake) {
            ShortSum::Wake => Wait::Wake,
            ShortSum::Ready => Wait::Ready,
            ShortSum::Turn => Wait::Turn,
            ShortSum::Long => self.take_long_sum(),
        };
        match polled {
            Poll::Ready(output) => Step::Done(output),
            Poll::Pending => Step::Suspended(wait),
        }
    }

    /// Wakes the foreign wakers whose waits are over, removes the waits of `Perform`s that are
    /// gone, and puts the rest into `FOREIGN_WAITS`.
    #[cold]
    fn load_foreign_waits(&mut self, cx: &Context<'_>) {
        let mut waits = self.foreign_waits.take().unwrap_or_default();
        waits.retain(ForeignWait::is_alive);
        let over: Vec<_> = waits.extract_if(.., |wait| wait.is_over(cx)).collect();
        FOREIGN_WAITS.set(Some(waits));
        SHORT_SUM.set(ShortSum::Long);
        over.into_iter().for_each(|wait| wait.waker.wake());
    }

    /// Takes the kept waits back from `FOREIGN_WAITS`, and adds them to the wait of the task.
    fn take_long_sum(&mut self) -> Wait {
        let wait = LONG_SUM.take().unwrap_or(Wait::Wake);
        let Some(mut waits) = FOREIGN_WAITS.take() else { return wait };
        // A `Perform` that was dropped in this poll no longer counts.
        waits.retain(ForeignWait::is_alive);
        *self.foreign_waits = (!waits.is_empty()).then_some(waits);
        let foreign = self.foreign_waits.iter().flat_map(|waits| waits.iter());
        foreign.fold(wait, |sum, foreign| sum.or(foreign.wait.clone()))
    }
}

/// Wakes all foreign wakers that are left. A part of a foreign combinator may outlive the task that
/// polled it last, and its combinator polls it again only after a wake. So each waker is woken
/// here. The part then adds its wait to the next task that polls it.
impl Drop for PerformWaits {
    #[inline]
    fn drop(&mut self) {
        if let Some(waits) = self.foreign_waits.take() {
            wake_all(*waits);
        }
    }
}

#[cold]
fn wake_all(waits: Vec<ForeignWait>) {
    for wait in waits.into_iter().filter(ForeignWait::is_alive) {
        // A foreign waker may panic. The next one still has to be woken.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| wait.waker.wake())) {
            mem::forget(payload);
        }
    }
}

impl ForeignWait {
    fn is_alive(&self) -> bool {
        self.perform.strong_count() > 0
    }

    fn is_over(&self, cx: &Context<'_>) -> bool {
        match self.wait {
            Wait::Turn => true,
            Wait::Until(deadline) => deadline <= cx.now(),
            Wait::Ready | Wait::Wake => false,
        }
    }
}

/// Restores the thread-locals of the outer task (the future-style task in whose poll this task is
/// polled), also when the poll panics.
struct SavedOuterTask {
    polled: *const Waker,
    short_sum: ShortSum,
    /// `None` unless the short sum is `Long`. These are the values of `LONG_SUM` and
    /// `FOREIGN_WAITS`.
    long_sum: Option<(Option<Wait>, Option<ForeignWaits>)>,
}

impl SavedOuterTask {
    #[inline]
    fn save_and_set(waker: &Waker) -> Self {
        let polled = POLLED_WAKER.replace(waker);
        let short_sum = SHORT_SUM.replace(ShortSum::Wake);
        let long_sum = if short_sum == ShortSum::Long { save_long_sum() } else { None };
        Self { polled, short_sum, long_sum }
    }
}

#[cold]
fn save_long_sum() -> Option<(Option<Wait>, Option<ForeignWaits>)> {
    Some((LONG_SUM.take(), FOREIGN_WAITS.take()))
}

impl Drop for SavedOuterTask {
    #[inline]
    fn drop(&mut self) {
        POLLED_WAKER.set(self.polled);
        let left = SHORT_SUM.replace(self.short_sum);
        if left == ShortSum::Long || self.short_sum == ShortSum::Long {
            restore_long_sum(self.long_sum.take());
        }
    }
}

#[cold]
fn restore_long_sum(saved: Option<(Option<Wait>, Option<ForeignWaits>)>) {
    let (wait, waits) = saved.unwrap_or_default();
    LONG_SUM.set(wait);
    // `poll` has taken the waits of this task, unless it panicked.
    if let Some(left) = FOREIGN_WAITS.replace(waits) {
        wake_all(*left);
    }
}

/// Adds the wait of a `Perform` to the sum of the future-style task around it.
#[inline]
fn add_wait(wait: Wait, waker: &Waker, alive: &mut AliveMark) {
    if !ptr::eq(POLLED_WAKER.get(), waker) {
        return add_foreign_wait(wait, waker, alive);
    }
    match (SHORT_SUM.get(), wait) {
        (ShortSum::Turn, _) | (_, Wait::Wake) => {}
        (ShortSum::Wake | ShortSum::Ready, Wait::Turn) => SHORT_SUM.set(ShortSum::Turn),
        (ShortSum::Wake | ShortSum::Ready, Wait::Ready) => SHORT_SUM.set(ShortSum::Ready),
        // `Ready` need not be copied to the long sum. The sum of `Ready` and a deadline is the
        // deadline (see `Wait::or`).
        (ShortSum::Wake | ShortSum::Ready | ShortSum::Long, wait) => add_to_long_sum(wait),
    }
}

fn add_to_long_sum(wait: Wait) {
    let sum = LONG_SUM.take().unwrap_or(Wait::Wake);
    LONG_SUM.set(Some(sum.or(wait)));
    SHORT_SUM.set(ShortSum::Long);
}

/// Adds a wait of a `Perform` whose waker is not the waker of the future-style task around it.
#[cold]
fn add_foreign_wait(wait: Wait, waker: &Waker, alive: &mut AliveMark) {
    if POLLED_WAKER.get().is_null() {
        on_a_foreign_executor(wait, waker);
    } else {
        keep_foreign_wait(wait, waker, alive);
    }
}

/// Keeps a wait with a foreign waker until it is over. It replaces the former wait of the same
/// `Perform`.
fn keep_foreign_wait(wait: Wait, waker: &Waker, alive: &mut AliveMark) {
    let perform = Arc::downgrade(alive.0.get_or_insert_default());
    let mut waits = FOREIGN_WAITS.take().unwrap_or_default();
    let former: Vec<_> = waits.extract_if(.., |wait| wait.perform.ptr_eq(&perform)).collect();
    if wait != Wait::Wake {
        waits.push(ForeignWait { perform, wait, waker: waker.clone() });
    }
    FOREIGN_WAITS.set(Some(waits));
    match SHORT_SUM.replace(ShortSum::Long) {
        ShortSum::Turn => add_to_long_sum(Wait::Turn),
        ShortSum::Ready => add_to_long_sum(Wait::Ready),
        ShortSum::Wake | ShortSum::Long => {}
    }
    drop(former);
}

/// Handles a wait outside a future-style task. There is only the waker of the foreign executor. It
/// serves every wait but a deadline.
fn on_a_foreign_executor(wait: Wait, waker: &Waker) {
    match wait {
        Wait::Ready | Wait::Wake => {}
        Wait::Turn => waker.wake_by_ref(),
        Wait::Until(_) => panic!(
            "no host drives this future, so its deadline would never come: \
             spawn it on an event loop as a future-style task"
        ),
    }
}

impl fmt::Debug for PerformWaits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.foreign_waits.as_ref().map_or(0, |waits| waits.len());
        f.debug_struct("PerformWaits").field("foreign_waits", &n).finish()
    }
}
