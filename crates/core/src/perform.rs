//! [`Perform`]: a task as a `std` future, and [`PerformWaits`]: how its waits reach the task around
//! it.
//!
//! A future says only "pending"; a task says what it waits for. So while a future-style task is
//! polled, a collector stands ready in a thread-local; every `Perform` inside that suspends adds
//! its wait to it, and the future-style task returns the sum:
//!
//! ```text
//!  FutureTask::resume ─ PerformWaits::poll ─► poll ─► Perform::poll ─► sub-task.resume
//!        ▲                        │ 1. sets POLLED           │                   │
//!        └── Suspended(wait) ◄────┴── 3. takes the sum ◄─ 2. adds its wait ◄─ Suspended(wait)
//! ```
//!
//! Waits added under the task's own waker live for one poll: a future that polls a part again only
//! after some other part is ready would make no progress from the first part's wake either. A
//! foreign combinator (`FuturesUnordered`) polls its parts with wakers of its own and only when
//! those were woken, so such a wait is kept with its waker, and the waker is woken when the wait is
//! over.

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

/// A task as a future, for the body of a future-style task. Leaves become one by `.await`.
#[derive(Debug)]
#[must_use = "futures are lazy: await it"]
pub struct Perform<T> {
    task: T,
    presence: Presence,
}

impl<T: Task + Unpin> Perform<T> {
    /// The future of this task. For a task that must be pinned, `quadrivium_future::perform`.
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

/// Alive as long as the `Perform` is: only one that met a foreign waker has something in it.
#[derive(Debug)]
struct Presence(Option<Arc<()>>);

/// The waits of the performs inside one future-style task. For those who write such a style.
///
/// Empty, it is one word.
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

// Single words instead of a struct: they are on the way of every poll, and a struct that is written
// field by field and read as a whole stalls the processor until the fields have reached the cache.
thread_local! {
    /// The waker of the innermost future-style task that is being polled on this thread. Only its
    /// address counts: it tells the task's own waker from those of foreign combinators.
    static POLLED: Cell<*const Waker> = const { Cell::new(ptr::null()) };
    /// What that task has come to wait for.
    static SUM: Cell<Sum> = const { Cell::new(Sum::Wake) };
    /// The sum, where it is more than `SUM` can say.
    static MORE: Cell<Option<Wait>> = const { Cell::new(None) };
    /// Its waits under foreign wakers, if it has any.
    static KEPT: Cell<Option<ForeignWaits>> = const { Cell::new(None) };
}

#[derive(Clone, Copy, PartialEq)]
enum Sum {
    Wake,
    Ready,
    Turn,
    /// See `MORE` and `KEPT`.
    More,
}

impl PerformWaits {
    /// Polls the body of a future-style task; when it is pending, the task waits for the sum of
    /// what the performs in it wait for.
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

    /// Wakes the wakers whose waits are over, forgets those of performs that are gone, and puts the
    /// rest where performs find it.
    #[cold]
    fn put_waiting(&mut self, cx: &Context<'_>) {
        let mut kept = self.kept.take().unwrap_or_default();
        kept.retain(ForeignWait::is_alive);
        let over: Vec<_> = kept.extract_if(.., |kept| kept.is_over(cx)).collect();
        KEPT.set(Some(kept));
        SUM.set(Sum::More);
        over.into_iter().for_each(|kept| kept.waker.wake());
    }

    /// Takes back what is kept, and adds it to what the task waits for.
    fn take_more(&mut self) -> Wait {
        let wait = MORE.take().unwrap_or(Wait::Wake);
        let mut kept = KEPT.take().unwrap_or_default();
        // Those dropped in this poll no longer count.
        kept.retain(ForeignWait::is_alive);
        self.kept = (!kept.is_empty()).then_some(kept);
        let kept = self.kept.iter().flat_map(|kept| kept.iter());
        kept.fold(wait, |wait, kept| wait.or(kept.wait.clone()))
    }
}

/// A part of a foreign combinator may outlive the task that polled it last, and is polled again
/// only when its waker was woken: so it is, and finds its wait with the next task.
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
        // Somebody else's waker: if it panics, the next one still has to be woken.
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

/// Puts back what belongs to the task around this one, also when the poll panics.
struct TaskAround {
    polled: *const Waker,
    /// Nothing, when there is no task around.
    around: Option<(Sum, Option<Wait>, Option<ForeignWaits>)>,
}

impl TaskAround {
    #[inline]
    fn enter(waker: &Waker) -> Self {
        let polled = POLLED.replace(waker);
        let take = || (SUM.replace(Sum::Wake), MORE.take(), KEPT.take());
        Self { polled, around: (!polled.is_null()).then(take) }
    }

    /// The way out without a panic: the sum has been taken.
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

/// Tells the future-style task around this perform what it waits for.
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
            // A deadline counts for more than readiness, so nothing of the sum is lost.
            (Sum::Wake | Sum::Ready | Sum::More, wait) => add_more(wait),
        }
    }
}

fn add_more(wait: Wait) {
    let more = MORE.take().unwrap_or(Wait::Wake);
    MORE.set(Some(more.or(wait)));
    SUM.set(Sum::More);
}

/// Keeps a wait until it is over, in the place of the one this perform had before.
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

/// Outside a future-style task there is a waker and nothing else; it serves every wait but a
/// deadline.
#[cold]
fn on_a_foreign_executor(wait: Wait, waker: &Waker) {
    match wait {
        Wait::Ready | Wait::Wake => {}
        Wait::Turn => waker.wake_by_ref(),
        Wait::Until(_) => panic!(
            "no host drives this future, so nobody keeps its deadline: \
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
