//! [`Perform`]: a task as a `std` future, and [`PerformWaits`]: how its waits reach the task around it.
//!
//! A future says only "pending"; a task says what it waits for. So while a future-style task is
//! polled, a collector stands ready in a thread-local; every `Perform` inside that suspends adds its
//! wait to it, and the future-style task returns the sum:
//!
//! ```text
//!  FutureTask::resume ─ PerformWaits::poll ─► poll ─► Perform::poll ─► sub-task.resume
//!        ▲                        │ 1. sets POLLED           │                   │
//!        └── Suspended(wait) ◄────┴── 3. takes the sum ◄─ 2. adds its wait ◄─ Suspended(wait)
//! ```
//!
//! Waits added under the task's own waker live for one poll: a future that polls a part again only
//! after some other part is ready would make no progress from the first part's wake either. A foreign
//! combinator (`FuturesUnordered`) polls its parts with wakers of its own and only when those were
//! woken, so such a wait is kept with its waker, and the waker is woken when the wait is over.

use std::{
    cell::{Cell, RefCell},
    fmt,
    future::Future,
    mem,
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

    #[inline]
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
#[allow(clippy::box_collection)] // One word in every task, where a `Vec` is three.
pub struct PerformWaits {
    kept: Option<Box<Vec<Kept>>>,
}

/// A wait under a waker that is not the task's own.
struct Kept {
    perform: Weak<()>,
    wait: Wait,
    waker: Waker,
}

thread_local! {
    /// The waker of the innermost future-style task that is being polled on this thread. Only its
    /// address counts: it tells the task's own waker from those of foreign combinators.
    static POLLED: Cell<*const Waker> = const { Cell::new(ptr::null()) };
    // What that task has come to wait for. Three words instead of a struct: they are on the way of
    // every poll, and a struct written field by field and read as a whole stalls the processor.
    static TURN: Cell<bool> = const { Cell::new(false) };
    static OTHER: Cell<Option<Wait>> = const { Cell::new(None) };
    /// Whether the top of `KEPT` is this task's.
    static KEEPS: Cell<bool> = const { Cell::new(false) };
    /// The waits under foreign wakers of those tasks being polled that have any, innermost last.
    static KEPT: RefCell<Vec<Box<Vec<Kept>>>> = const { RefCell::new(Vec::new()) };
}

impl PerformWaits {
    /// Polls the body of a future-style task; when it is pending, the task waits for the sum of what
    /// the performs in it wait for.
    #[inline]
    pub fn poll<F: Future>(&mut self, body: Pin<&mut F>, cx: &Context<'_>) -> Step<F::Output> {
        let keeps = self.kept.is_some() && self.put_waiting(cx);
        let outer = Outer::enter(cx.waker(), keeps);
        let polled = body.poll(&mut task::Context::from_waker(cx.waker()));
        let turn = TURN.get();
        let other = if turn { None } else { OTHER.take() };
        let keeps = KEEPS.take();
        outer.leave();
        if keeps {
            self.take_waiting();
        }
        match polled {
            Poll::Ready(output) => Step::Done(output),
            Poll::Pending if turn => Step::Suspended(Wait::Turn),
            Poll::Pending => Step::Suspended(self.or_kept(other.unwrap_or(Wait::Wake))),
        }
    }

    /// Wakes the wakers whose waits are over, forgets those of performs that are gone, and puts the
    /// rest where performs find it.
    #[cold]
    fn put_waiting(&mut self, cx: &Context<'_>) -> bool {
        let mut kept = self.kept.take().unwrap_or_default();
        kept.retain(|kept| kept.perform.strong_count() > 0);
        let over: Vec<_> = kept.extract_if(.., |kept| kept.is_over(cx)).collect();
        KEPT.with_borrow_mut(|stack| stack.push(kept));
        over.into_iter().for_each(|kept| kept.waker.wake());
        true
    }

    /// Takes it back.
    #[cold]
    fn take_waiting(&mut self) {
        let kept = KEPT.with_borrow_mut(Vec::pop).unwrap_or_default();
        self.kept = (!kept.is_empty()).then_some(kept);
    }

    fn or_kept(&self, wait: Wait) -> Wait {
        let kept = self.kept.iter().flat_map(|kept| kept.iter());
        kept.fold(wait, |wait, kept| wait.or(kept.wait.clone()))
    }
}

impl Kept {
    fn is_over(&self, cx: &Context<'_>) -> bool {
        match self.wait {
            Wait::Turn => true,
            Wait::Until(deadline) => deadline <= cx.now(),
            Wait::Wake => false,
        }
    }
}

/// Puts back what belongs to the task around this one, also when the poll panics.
struct Outer {
    polled: *const Waker,
    turn: bool,
    other: Option<Wait>,
    keeps: bool,
}

impl Outer {
    #[inline]
    fn enter(waker: &Waker, keeps: bool) -> Self {
        let polled = POLLED.replace(waker);
        let other = if polled.is_null() { None } else { OTHER.take() };
        Self { polled, turn: TURN.replace(false), other, keeps: KEEPS.replace(keeps) }
    }

    /// The way out without a panic: nothing is left to take from `KEPT`.
    #[inline]
    fn leave(mut self) {
        self.restore();
        KEEPS.set(self.keeps);
        mem::forget(self);
    }

    #[inline]
    fn restore(&mut self) {
        POLLED.set(self.polled);
        TURN.set(self.turn);
        if !self.polled.is_null() {
            OTHER.set(self.other.take());
        }
    }
}

impl Drop for Outer {
    fn drop(&mut self) {
        self.restore();
        if KEEPS.replace(self.keeps) {
            // The poll has panicked: nobody will take this.
            let kept = KEPT.with_borrow_mut(Vec::pop);
            drop(kept);
        }
    }
}

/// Tells the future-style task around this perform what it waits for.
#[inline]
fn add(wait: Wait, waker: &Waker, ticket: &mut Ticket) {
    let polled = POLLED.get();
    if polled.is_null() {
        on_a_foreign_executor(wait, waker);
    } else if !ptr::eq(polled, waker) {
        keep(wait, waker, ticket);
    } else if wait == Wait::Turn {
        TURN.set(true);
    } else {
        let sum = match OTHER.take() {
            Some(other) => other.or(wait),
            None => wait,
        };
        OTHER.set(Some(sum));
    }
}

#[cold]
fn keep(wait: Wait, waker: &Waker, ticket: &mut Ticket) {
    let perform = Arc::downgrade(ticket.0.get_or_insert_default());
    let mut kept = match KEEPS.replace(true) {
        true => KEPT.with_borrow_mut(Vec::pop).unwrap_or_default(),
        false => Box::default(),
    };
    let former = kept.extract_if(.., |kept| kept.perform.ptr_eq(&perform)).collect::<Vec<_>>();
    if wait != Wait::Wake {
        kept.push(Kept { perform, wait, waker: waker.clone() });
    }
    KEPT.with_borrow_mut(|stack| stack.push(kept));
    drop(former);
}

/// Outside a future-style task there is a waker and nothing else; it serves every wait but a deadline.
#[cold]
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
