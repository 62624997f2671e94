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
//!        ▲                        │ 1. sets POLLED           │                   │
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
    cell::{Cell, RefCell},
    fmt,
    future::Future,
    mem::{self, ManuallyDrop},
    panic::{AssertUnwindSafe, Location, catch_unwind},
    pin::Pin,
    ptr,
    task::{self, Poll, Waker},
    time::Instant,
};

use pin_project_lite::pin_project;

use crate::{
    Context, Step, Task, Wait,
    foreign_waits::{ForeignWait, ForeignWaits, LastWait},
};

pin_project! {
    /// A task as a future, for the body of a future-style task. `.await` on a leaf or a combinator,
    /// such as a sleep or a race, makes this future.
    #[derive(Debug)]
    #[must_use = "futures are lazy: await it"]
    pub struct Perform<T> {
        #[pin]
        task: T,
        last_wait: LastWait,
    }
}

impl<T: Task> Perform<T> {
    /// Makes a future of this task.
    pub fn new(task: T) -> Self {
        Self { task, last_wait: LastWait::default() }
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
                add_wait(wait, cx.waker(), this.last_wait);
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

/// The waits of the `Perform`s inside one future-style task. Only code that implements a future
/// style needs it.
///
/// It is one word in size.
#[derive(Default)]
pub struct PerformWaits {
    /// `Drop` takes them out. So a task that has none ends with one comparison, in place of a call.
    foreign_waits: ManuallyDrop<Option<Box<ForeignWaits>>>,
}

thread_local! {
    /// The innermost future-style task that is being polled on this thread.
    static POLLED: Cell<PolledTask> = const { Cell::new(PolledTask::NONE) };
    /// The sum of a task in whose [`PolledTask`] it is `Until`.
    static DEADLINE: Cell<Option<Instant>> = const { Cell::new(None) };
    /// The sums that do not fit elsewhere. The last one belongs to the innermost task with such a
    /// sum.
    static LONG_SUMS: RefCell<Vec<LongSum>> = const { RefCell::new(Vec::new()) };
}

/// A future-style task that is being polled, and the sum of the waits that were added in this poll.
///
/// Every poll reads and writes this twice, so it is a single word: the address of the task's waker,
/// and in the lowest three bits the sum. The address only distinguishes the task's own waker from
/// foreign wakers.
#[derive(Clone, Copy, PartialEq)]
struct PolledTask(usize);

#[derive(Clone, Copy, PartialEq)]
enum Sum {
    Wake,
    Ready,
    Turn,
    /// The deadline in `DEADLINE`.
    Until,
    /// The last one of `LONG_SUMS`.
    Long,
}

/// A sum with foreign wakers, or with a deadline while `DEADLINE` belongs to an outer task.
struct LongSum {
    wait: Wait,
    /// The waits with foreign wakers, if there are any.
    foreign: Option<Box<ForeignWaits>>,
}

impl PolledTask {
    /// No task is being polled.
    const NONE: Self = Self(0);
    const SUM: usize = 0b111;

    /// A task whose sum is `Wake`.
    #[inline]
    fn new(waker: &Waker) -> Self {
        const { assert!(align_of::<Waker>() > Self::SUM, "this needs a 64-bit target") };
        Self(ptr::from_ref(waker).addr())
    }

    #[inline]
    fn with_sum(self, sum: Sum) -> Self {
        Self(self.0 & !Self::SUM | sum as usize)
    }

    #[inline]
    fn sum(self) -> Sum {
        match self.0 & Self::SUM {
            0 => Sum::Wake,
            1 => Sum::Ready,
            2 => Sum::Turn,
            3 => Sum::Until,
            _ => Sum::Long,
        }
    }
}

impl PerformWaits {
    /// Polls the body of a future-style task. When the body is pending, the task waits for the sum
    /// of the waits of the `Perform`s in it.
    #[inline]
    pub fn poll<F: Future>(&mut self, body: Pin<&mut F>, cx: &Context<'_>) -> Step<F::Output> {
        let outer = OuterTask(POLLED.replace(PolledTask::new(cx.waker())));
        if self.foreign_waits.is_some() {
            self.load_foreign_waits(cx);
        }
        let polled = body.poll(&mut task::Context::from_waker(cx.waker()));
        // The sum is taken in both arms. So its branches come after the branch of the output.
        let step = match polled {
            Poll::Ready(output) => {
                self.take_wait();
                Step::Done(output)
            }
            Poll::Pending => Step::Suspended(self.take_wait()),
        };
        outer.restore();
        step
    }

    /// Takes the sum as a wait. Keeps the waits with foreign wakers for the next poll.
    #[inline]
    fn take_wait(&mut self) -> Wait {
        match POLLED.get().sum() {
            Sum::Turn => Wait::Turn,
            Sum::Ready => Wait::Ready,
            Sum::Wake => Wait::Wake,
            Sum::Until | Sum::Long => self.take_long_wait(),
        }
    }

    /// Wakes the foreign wakers whose waits are over, and begins the sum with the other waits.
    #[cold]
    fn load_foreign_waits(&mut self, cx: &Context<'_>) {
        let mut waits = self.foreign_waits.take().unwrap_or_default();
        let over = waits.take_over(cx);
        change_sum(|sum| sum.foreign = Some(waits));
        over.into_iter().filter(ForeignWait::counts).for_each(|wait| wait.waker.wake());
    }

    /// Takes the sum, if it is a deadline. If not, takes the kept waits back from the sum, and adds
    /// them to the wait of the task.
    #[inline(never)]
    fn take_long_wait(&mut self) -> Wait {
        if POLLED.get().sum() == Sum::Until {
            return take_deadline();
        }
        let LongSum { wait, foreign } = take_sum();
        let Some(mut waits) = foreign else { return wait };
        let sum = wait.or(waits.sum());
        *self.foreign_waits = (waits.len() > 0).then_some(waits);
        sum
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
fn wake_all(waits: ForeignWaits) {
    for wait in waits.into_vec().into_iter().filter(ForeignWait::counts) {
        // A foreign waker may panic. The next one still has to be woken.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| wait.waker.wake())) {
            mem::forget(payload);
        }
    }
}

/// The task in whose poll this task is polled. After this poll it is the one that is being polled
/// again.
struct OuterTask(PolledTask);

impl OuterTask {
    #[inline]
    fn restore(self) {
        POLLED.set(self.0);
        mem::forget(self);
    }
}

/// The poll has panicked, and its sum is left.
impl Drop for OuterTask {
    #[cold]
    fn drop(&mut self) {
        let LongSum { foreign, .. } = take_sum();
        POLLED.set(self.0);
        foreign.into_iter().for_each(|waits| wake_all(*waits));
    }
}

#[inline]
fn take_deadline() -> Wait {
    DEADLINE.take().map_or(Wait::Wake, Wait::Until)
}

/// Takes the sum of the task that is being polled.
fn take_sum() -> LongSum {
    let polled = POLLED.get();
    POLLED.set(polled.with_sum(Sum::Wake));
    let wait = match polled.sum() {
        Sum::Wake => Wait::Wake,
        Sum::Ready => Wait::Ready,
        Sum::Turn => Wait::Turn,
        Sum::Until => take_deadline(),
        Sum::Long => {
            let sum = LONG_SUMS.with_borrow_mut(Vec::pop);
            return sum.expect("a task with a long sum has put it there");
        }
    };
    LongSum { wait, foreign: None }
}

/// Changes the sum of the task that is being polled.
fn change_sum<R>(change: impl FnOnce(&mut LongSum) -> R) -> R {
    let mut sum = take_sum();
    let changed = change(&mut sum);
    let short = if sum.foreign.is_none() { short_sum(&sum.wait) } else { None };
    let kept = short.unwrap_or_else(|| {
        LONG_SUMS.with_borrow_mut(|sums| sums.push(sum));
        Sum::Long
    });
    POLLED.set(POLLED.get().with_sum(kept));
    changed
}

/// Returns this wait as a sum without a place in `LONG_SUMS`. Returns `None` for a deadline, while
/// `DEADLINE` belongs to an outer task.
#[inline]
fn short_sum(wait: &Wait) -> Option<Sum> {
    match wait {
        Wait::Wake => Some(Sum::Wake),
        Wait::Ready => Some(Sum::Ready),
        Wait::Turn => Some(Sum::Turn),
        Wait::Until(deadline) => DEADLINE.get().is_none().then(|| {
            DEADLINE.set(Some(*deadline));
            Sum::Until
        }),
    }
}

/// Adds the wait of a `Perform` to the sum of the future-style task around it.
#[inline]
fn add_wait(wait: Wait, waker: &Waker, last: &mut LastWait) {
    let task = PolledTask::new(waker);
    // Usually this wait is the first one of the poll, and the waker is the task's own.
    if POLLED.get() == task
        && let Some(sum) = short_sum(&wait)
    {
        return POLLED.set(task.with_sum(sum));
    }
    add_another_wait(wait, waker, last);
}

#[inline(never)]
fn add_another_wait(wait: Wait, waker: &Waker, last: &mut LastWait) {
    if POLLED.get().with_sum(Sum::Wake) == PolledTask::new(waker) {
        change_sum(|sum| sum.wait = sum.wait.clone().or(wait));
    } else {
        add_foreign_wait(wait, waker, last);
    }
}

/// Adds a wait of a `Perform` whose waker is not the waker of the future-style task around it.
#[cold]
fn add_foreign_wait(wait: Wait, waker: &Waker, last: &mut LastWait) {
    if POLLED.get() == PolledTask::NONE {
        on_a_foreign_executor(wait, waker);
    } else {
        keep_foreign_wait(wait, waker, last);
    }
}

/// Keeps a wait with a foreign waker until it is over. It replaces the former wait of the same
/// `Perform`.
fn keep_foreign_wait(wait: Wait, waker: &Waker, last: &mut LastWait) {
    if wait == Wait::Wake {
        return last.forget();
    }
    let waker = waker.clone();
    let unneeded = change_sum(|sum| sum.foreign.get_or_insert_default().add(wait, waker, last));
    drop(unneeded);
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
