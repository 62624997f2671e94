//! Runs a body of the laws as a may green thread.
//!
//! Bodies are not `Send`, but the green thread is on another thread than the loop. So each body
//! stays on the loop's thread, in a table called the shelf, and the green thread refers to it by a
//! number.

use std::{
    cell::RefCell,
    collections::HashMap,
    pin::Pin,
    sync::atomic::{AtomicU64, Ordering},
};

use quadrivium::{
    Task,
    may::{green, perform},
    task::{BoxTask, Context, Step},
};
use quadrivium_conformance::{Body, NextAction, Style, Then, Value};

/// may's green threads.
pub struct MayStyle;

impl Style for MayStyle {
    fn name(&self) -> &'static str {
        "may"
    }

    fn task(&self, body: Body<Value>) -> BoxTask<Value> {
        let shelf_key = ShelfKey::new(body);
        let key = shelf_key.0;
        // SAFETY: the body reads no thread-local and owns only a number.
        let thread = unsafe {
            green(move || {
                while perform(GoOn(key)) {
                    perform(PerformNext(key));
                }
            })
        };
        Box::pin(Shelved { thread, shelf_key })
    }
}

thread_local! {
    static SHELF: RefCell<HashMap<u64, ShelfEntry>> = RefCell::default();
}

/// The state of a body. The task that it performs is dropped before the body.
#[derive(Default)]
struct ShelfEntry {
    performs: Option<BoxTask<Then>>,
    then: Option<Then>,
    body: Option<Body<Value>>,
    value: Option<Value>,
}

/// Calls `look` with an entry. No user code runs meanwhile.
fn with<T>(key: u64, look: impl FnOnce(&mut ShelfEntry) -> T) -> Option<T> {
    SHELF.try_with(|shelf| shelf.borrow_mut().get_mut(&key).map(look)).ok().flatten()
}

fn entry<T>(key: u64, look: impl FnOnce(&mut ShelfEntry) -> T) -> T {
    with(key, look).expect("a task has an entry until it is dropped")
}

/// The number of a body on the shelf. When it is dropped, the entry is removed.
struct ShelfKey(u64);

impl ShelfKey {
    fn new(body: Body<Value>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let key = NEXT.fetch_add(1, Ordering::Relaxed);
        let entry = ShelfEntry { body: Some(body), ..ShelfEntry::default() };
        SHELF.with_borrow_mut(|shelf| shelf.insert(key, entry));
        Self(key)
    }
}

impl Drop for ShelfKey {
    fn drop(&mut self) {
        let entry = SHELF.try_with(|shelf| shelf.borrow_mut().remove(&self.0));
        drop(entry);
    }
}

/// The green thread, and its entry on the shelf, which is dropped after it.
struct Shelved<G> {
    thread: G,
    shelf_key: ShelfKey,
}

impl<G: Task<Output = ()> + Unpin> Task for Shelved<G> {
    type Output = Value;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Value> {
        match Pin::new(&mut self.thread).resume(cx) {
            Step::Suspended(wait) => Step::Suspended(wait),
            Step::Done(()) => Step::Done(
                entry(self.shelf_key.0, |entry| entry.value.take())
                    .expect("the body has ended with a value"),
            ),
        }
    }
}

/// Runs the body up to the next task that it performs. Returns whether there is one.
struct GoOn(u64);

impl Task for GoOn {
    type Output = bool;

    fn resume(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Step<bool> {
        let (then, body) = entry(self.0, |entry| (entry.then.take(), entry.body.take()));
        // The body is a local variable, so that it is dropped if anything panics.
        let mut body = body.expect("the body is on the shelf");
        if let Some(then) = then {
            then();
        }
        let next = body.go_on();
        let is_performing = matches!(next, NextAction::Perform(_));
        match next {
            NextAction::Perform(task) => entry(self.0, |entry| {
                entry.performs = Some(task);
                entry.body = Some(body);
            }),
            NextAction::End(value) => {
                drop(body);
                entry(self.0, |entry| entry.value = Some(value));
            }
        }
        Step::Done(is_performing)
    }
}

/// Performs the task that the body wants performed.
struct PerformNext(u64);

impl Task for PerformNext {
    type Output = ();

    fn resume(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<()> {
        let task = entry(self.0, |entry| entry.performs.take());
        let mut task = task.expect("the body has stored the task");
        match task.as_mut().resume(cx) {
            Step::Suspended(wait) => {
                entry(self.0, |entry| entry.performs = Some(task));
                Step::Suspended(wait)
            }
            Step::Done(then) => {
                drop(task);
                entry(self.0, |entry| entry.then = Some(then));
                Step::Done(())
            }
        }
    }
}

impl Drop for PerformNext {
    /// Another thread has nothing on its shelf.
    fn drop(&mut self) {
        drop(with(self.0, |entry| entry.performs.take()));
    }
}
