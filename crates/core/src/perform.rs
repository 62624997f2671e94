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
//! A wait that was added with the task's own waker counts for one poll only. A body may poll a part
//! again only after some other part is ready. Such a body would make no progress from a wake of the
//! first part either.
//!
//! A combinator of another crate (`FuturesUnordered`) gives each of its parts a waker of its own.
//! It polls a part only after that waker was woken. So a wait that was added with such a *foreign*
//! waker is kept together with the waker. When the wait is over, the waker is woken.

use std::{
    cell::Cell,
    fmt,
    future::Future,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    ptr,
    sync::{Arc, Weak},
    task::{self, Poll, Waker},
};

use crate::{Context, Step, Task, Wait};

/// A task as a future, for the body of a future-style task. To perform a leaf, `.await` it: that
/// makes this future.
#[derive(Debug)]
#[must_use = "futures are lazy: await it"]
pub struct Perform<T> {
    task: T,
    presence: Presence,
}

impl<T: Task + Unpin> Perform<T> {
    /// Makes a future of this task. For a task that must be pinned, use
    /// `quadrivium_future::perform`.
    pub fn new(task: T) -> Self {
        Self { task, presence: Presence(None) }
    }
}

impl<T: Task + Unpin> Future for Perform<T> {
    type Output = T::Output;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<T::Output> {
        match Pin::new(&mut self.task).resume(&mut Context::new(cx.waker())) {
            Step::Done(output) => Poll::Ready(output),
            Step::Suspended(wait) => {
                add(wait, cx.waker(), &mut self.presence);
                Poll::Pending
            }
        }
    }
}

/// The mark of a `Perform` that exists. It contains something only if the `Perform` was polled with
/// a foreign waker. The [`Weak`] of a [`ForeignWait`] shows whether the `Perform` is gone.
#[derive(Debug)]
struct Presence(Option<Arc<()>>);

/// The waits of the `Perform`s inside one future-style task. For authors of such a style.
///
/// It is one word in size.
#[derive(Default)]
pub struct PerformWaits {
    kept: Option<ForeignWaits>,
}

#[allow(clippy::box_collection)] // One word in every task, where a `Vec` is three.
type ForeignWaits = Box<Vec<ForeignWait>>;

/// A wait under a waker that is not the task's own.
struct ForeignWait {
    perform: Weak<()>,
    wait: Wait,
    waker: Waker,
}

// These are single words instead of a struct, because every poll uses them. A struct that is
// written field by field and read as a whole stalls the processor until the fields have reached the
// cache.
thread_local! {
    /// The waker of the innermost future-style task that is being polled on this thread. Only its
    /// address is used: it distinguishes the task's own waker from foreign wakers.
    static POLLED: Cell<*const Waker> = const { Cell::new(ptr::null()) };
    /// The sum of the waits that were added in this poll.
    static SUM: Cell<Sum> = const { Cell::new(Sum::Wake) };
    /// The sum, if `SUM` cannot express it.
    static MORE: Cell<Option<Wait>> = const { Cell::new(None) };
    /// The waits of that task with foreign wakers, if there are any.
    static KEPT: Cell<Option<ForeignWaits>> = const { Cell::new(None) };
}

#[derive(Clone, Copy, PartialEq)]
enum Sum {
    Wake,
    Ready,
    Turn,
    /// The sum is in `MORE` and `KEPT`.
    More,
}

impl PerformWaits {
    /// Polls the body of a future-style task. When the body is pending, the task waits for the sum
    /// of the waits of the `Perform`s in it.
    #[inline]
    pub fn poll<F: Future>(&mut self, body: Pin<&mut F>, cx: &Context<'_>) -> Step<F::Output> {
        let outer = TaskAround::enter(cx.waker());
        if self.kept.is_some() {
            self.put_waiting(cx);
        }
        let polled = body.poll(&mut task::Context::from_waker(cx.waker()));
        let wait = match SUM.replace(Sum::Wake) {
            Sum::Wake => Wait::Wake,
            Sum::Ready => Wait::Ready,
            Sum::Turn => Wait::Turn,
            Sum::More => self.take_more(),
        };
        outer.leave();
        match polled {
            Poll::Ready(output) => Step::Done(output),
            Poll::Pending => Step::Suspended(wait),
        }
    }

    /// Wakes the foreign wakers whose waits are over, removes the waits of `Perform`s that are
    /// gone, and puts the rest into the thread-local.
    #[cold]
    fn put_waiting(&mut self, cx: &Context<'_>) {
        let mut kept = self.kept.take().unwrap_or_default();
        kept.retain(ForeignWait::is_alive);
        let over: Vec<_> = kept.extract_if(.., |kept| kept.is_over(cx)).collect();
        KEPT.set(Some(kept));
        SUM.set(Sum::More);
        over.into_iter().for_each(|kept| kept.waker.wake());
    }

    /// Takes the kept waits back from the thread-local, and adds them to the wait of the task.
    fn take_more(&mut self) -> Wait {
        let wait = MORE.take().unwrap_or(Wait::Wake);
        let mut kept = KEPT.take().unwrap_or_default();
        // A `Perform` that was dropped in this poll no longer counts.
        kept.retain(ForeignWait::is_alive);
        self.kept = (!kept.is_empty()).then_some(kept);
        let kept = self.kept.iter().flat_map(|kept| kept.iter());
        kept.fold(wait, |wait, kept| wait.or(kept.wait.clone()))
    }
}

/// Wakes all foreign wakers that are left. A part of a foreign combinator may outlive the task that
/// polled it last. It is polled again only after a wake, by another task then, and adds its wait
/// there.
impl Drop for PerformWaits {
    fn drop(&mut self) {
        if let Some(kept) = self.kept.take() {
            pass_on(*kept);
        }
    }
}

#[cold]
fn pass_on(kept: Vec<ForeignWait>) {
    for kept in kept.into_iter().filter(ForeignWait::is_alive) {
        // A foreign waker may panic. The next one still has to be woken.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| kept.waker.wake())) {
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
struct TaskAround {
    polled: *const Waker,
    /// `None`, if there is no outer task.
    around: Option<(Sum, Option<Wait>, Option<ForeignWaits>)>,
}

impl TaskAround {
    #[inline]
    fn enter(waker: &Waker) -> Self {
        let polled = POLLED.replace(waker);
        let take = || (SUM.replace(Sum::Wake), MORE.take(), KEPT.take());
        Self { polled, around: (!polled.is_null()).then(take) }
    }

    /// Ends a poll that did not panic. The sum has been taken already.
    #[inline]
    fn leave(mut self) {
        self.restore();
        mem::forget(self);
    }

    #[inline]
    fn restore(&mut self) {
        POLLED.set(self.polled);
        if let Some((sum, more, kept)) = self.around.take() {
            SUM.set(sum);
            MORE.set(more);
            KEPT.set(kept);
        }
    }
}

impl Drop for TaskAround {
    fn drop(&mut self) {
        SUM.set(Sum::Wake);
        MORE.set(None);
        let kept = KEPT.take();
        self.restore();
        if let Some(kept) = kept {
            pass_on(*kept);
        }
    }
}

/// Adds the wait of a `Perform` to the sum of the future-style task around it.
#[inline]
fn add(wait: Wait, waker: &Waker, presence: &mut Presence) {
    let polled = POLLED.get();
    if polled.is_null() {
        on_a_foreign_executor(wait, waker);
    } else if !ptr::eq(polled, waker) {
        keep(wait, waker, presence);
    } else {
        match (SUM.get(), wait) {
            (Sum::Turn, _) | (_, Wait::Wake) => {}
            (Sum::Wake | Sum::Ready, Wait::Turn) => SUM.set(Sum::Turn),
            (Sum::Wake | Sum::Ready, Wait::Ready) => SUM.set(Sum::Ready),
            // A deadline replaces `Ready` in a sum, so nothing of the sum is lost.
            (Sum::Wake | Sum::Ready | Sum::More, wait) => add_more(wait),
        }
    }
}

fn add_more(wait: Wait) {
    let more = MORE.take().unwrap_or(Wait::Wake);
    MORE.set(Some(more.or(wait)));
    SUM.set(Sum::More);
}

/// Keeps a wait with a foreign waker until it is over. It replaces the former wait of the same
/// `Perform`.
#[cold]
fn keep(wait: Wait, waker: &Waker, presence: &mut Presence) {
    let perform = Arc::downgrade(presence.0.get_or_insert_default());
    let mut kept = KEPT.take().unwrap_or_default();
    let former: Vec<_> = kept.extract_if(.., |kept| kept.perform.ptr_eq(&perform)).collect();
    if wait != Wait::Wake {
        kept.push(ForeignWait { perform, wait, waker: waker.clone() });
    }
    KEPT.set(Some(kept));
    match SUM.replace(Sum::More) {
        Sum::Turn => add_more(Wait::Turn),
        Sum::Ready => add_more(Wait::Ready),
        Sum::Wake | Sum::More => {}
    }
    drop(former);
}

/// Handles a wait outside a future-style task. There is only the waker of the foreign executor. It
/// serves every wait but a deadline.
#[cold]
fn on_a_foreign_executor(wait: Wait, waker: &Waker) {
    match wait {
        Wait::Ready | Wait::Wake => {}
        Wait::Turn => waker.wake_by_ref(),
        Wait::Until(_) => panic!(
            "no host drives this future, so its deadline would never end: \
             spawn it on an event loop as a future-style task"
        ),
    }
}

impl fmt::Debug for PerformWaits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.kept.as_ref().map_or(0, |kept| kept.len());
        f.debug_struct("PerformWaits").field("kept", &kept).finish()
    }
}
