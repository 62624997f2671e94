//! [`Perform`]: a task as a `std` future, and [`PerformWaits`]: how its waits reach the task around it.
//!
//! A future says only "pending"; a task says what it waits for. So while a future-style task is
//! polled, a collector stands ready in a thread-local; every `Perform` inside that suspends adds its
//! wait to it, and the future-style task returns the sum:
//!
//! ```text
//!  FutureTask::resume ─ PerformWaits::collect ─► poll ─► Perform::poll ─► sub-task.resume
//!        ▲                        │ 1. sets COLLECTOR        │                   │
//!        └── Suspended(wait) ◄────┴── 3. takes it ◄── 2. adds its wait ◄─ Suspended(wait)
//! ```
//!
//! Waits added under the task's own waker live for one poll: a future that polls a part again only
//! after some other part is ready would make no progress from the first part's wake either. A foreign
//! combinator (`FuturesUnordered`) polls its parts with wakers of its own and only when those were
//! woken, so such a wait is kept with its waker, and the waker is woken when the wait is over.

use std::{
    cell::RefCell,
    fmt,
    future::Future,
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
    ticket: Ticket,
}

impl<T: Task + Unpin> Perform<T> {
    /// The future of this task. For a task that must be pinned, `quadrivium_future::perform`.
    pub fn new(task: T) -> Self {
        Self { task, ticket: Ticket(None) }
    }
}

impl<T: Task + Unpin> Future for Perform<T> {
    type Output = T::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<T::Output> {
        match Pin::new(&mut self.task).resume(&mut Context::new(cx.waker())) {
            Step::Done(output) => Poll::Ready(output),
            Step::Suspended(wait) => {
                add(wait, cx.waker(), &mut self.ticket);
                Poll::Pending
            }
        }
    }
}

/// Alive as long as the `Perform` is: only one that met a foreign waker has something in it.
#[derive(Debug)]
struct Ticket(Option<Arc<()>>);

/// The waits of the performs inside one future-style task. For those who write such a style.
///
/// Empty, it is one word.
#[derive(Default)]
pub struct PerformWaits {
    // Boxed because almost no task ever has one: `Vec` itself would take three words in every task.
    #[allow(clippy::box_collection)]
    kept: Option<Box<Vec<Kept>>>,
}

/// A wait under a waker that is not the task's own.
struct Kept {
    perform: Weak<()>,
    wait: Wait,
    waker: Waker,
}

struct Collector {
    task: (*const (), *const task::RawWakerVTable),
    wait: Option<Wait>,
    waits: PerformWaits,
}

thread_local! {
    static COLLECTOR: RefCell<Option<Collector>> = const { RefCell::new(None) };
}

impl PerformWaits {
    /// Runs `poll`, and returns what it returns with the sum of what the performs in it wait for.
    pub fn collect<T>(&mut self, cx: &Context<'_>, poll: impl FnOnce() -> T) -> (T, Wait) {
        if self.kept.is_some() {
            self.wake_those_over(cx);
        }
        let collector =
            Collector { task: identity(cx.waker()), wait: None, waits: std::mem::take(self) };
        let outer = Outer(Some(COLLECTOR.replace(Some(collector))));
        let polled = poll();
        let collector = outer.restore().expect("a poll leaves the collector it found");
        *self = collector.waits;
        let wait = collector.wait.unwrap_or(Wait::Wake);
        // Those dropped in this poll no longer count.
        let kept = self.kept.iter().flat_map(|kept| kept.iter());
        (polled, kept.filter(|kept| kept.is_alive()).fold(wait, Kept::or))
    }

    /// Wakes the wakers whose waits are over, and forgets the waits of performs that are gone.
    fn wake_those_over(&mut self, cx: &Context<'_>) {
        let kept = self.kept.take().into_iter().flat_map(|kept| *kept);
        let alive = kept.filter(Kept::is_alive);
        let (over, waiting): (Vec<_>, Vec<_>) = alive.partition(|kept| match &kept.wait {
            Wait::Turn => true,
            Wait::Until(deadline) => *deadline <= cx.now(),
            Wait::Wake => false,
        });
        if !waiting.is_empty() {
            self.kept = Some(Box::new(waiting));
        }
        over.into_iter().for_each(|kept| kept.waker.wake());
    }
}

impl Kept {
    fn is_alive(&self) -> bool {
        self.perform.strong_count() > 0
    }

    fn or(wait: Wait, kept: &Kept) -> Wait {
        wait.or(kept.wait.clone())
    }
}

/// Puts the collector of the task around this one back, also when the poll panics.
struct Outer(Option<Option<Collector>>);

impl Outer {
    fn restore(mut self) -> Option<Collector> {
        self.0.take().and_then(|outer| COLLECTOR.replace(outer))
    }
}

impl Drop for Outer {
    fn drop(&mut self) {
        if let Some(outer) = self.0.take() {
            drop(COLLECTOR.replace(outer));
        }
    }
}

fn identity(waker: &Waker) -> (*const (), *const task::RawWakerVTable) {
    (waker.data(), ptr::from_ref(waker.vtable()))
}

/// Tells the future-style task around this perform what it waits for.
fn add(wait: Wait, waker: &Waker, ticket: &mut Ticket) {
    COLLECTOR.with_borrow_mut(|collector| match collector {
        Some(collector) if collector.task == identity(waker) => {
            collector.wait = Some(match collector.wait.take() {
                None => wait,
                Some(other) => other.or(wait),
            });
        }
        Some(collector) => collector.waits.keep(wait, waker, ticket),
        None => on_a_foreign_executor(wait, waker),
    });
}

impl PerformWaits {
    fn keep(&mut self, wait: Wait, waker: &Waker, ticket: &mut Ticket) {
        let perform = Arc::downgrade(ticket.0.get_or_insert_default());
        let kept = self.kept.get_or_insert_default();
        kept.retain(|kept| !kept.perform.ptr_eq(&perform));
        if wait != Wait::Wake {
            kept.push(Kept { perform, wait, waker: waker.clone() });
        }
    }
}

/// Outside a future-style task there is a waker and nothing else; it serves every wait but a deadline.
fn on_a_foreign_executor(wait: Wait, waker: &Waker) {
    match wait {
        Wait::Wake => {}
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
