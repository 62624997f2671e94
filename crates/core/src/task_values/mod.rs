//! [`LocalValue`] and [`InheritedValue`]: values that belong to a task, such as the number of the
//! request that it serves.
//!
//! ```text
//!   Provided: the value and the task        the values that code on this thread sees
//!  ┌───────┬──────────────┐     resume     ┌─────────────────────────────┐
//!  │ value │ task         │ ─────────────► │ …  │ a clone of the value   │ ──► task.resume(..)
//!  └───────┴──────────────┘ ◄───────────── └─────────────────────────────┘
//!                              it suspends, is done or panics
//! ```
//!
//! The value is a part of the task. It is visible only while the task is resumed, or while its
//! destructors run. So it moves with the task, no other task sees it, and a task without values
//! costs nothing more. Rejected: a table of values in each host. Each step would have to find the
//! task's values there.

mod inherited;
mod provided;
pub(crate) mod visible;

use std::{
    any::Any,
    fmt,
    marker::PhantomData,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::Task;
pub use inherited::InheritedValues;
pub(crate) use inherited::inherit;
pub use provided::{LocalValues, Provided, Values};

/// A value that belongs to one task. The tasks that it spawns do not have it.
///
/// All code that runs inside the task sees the value: its body, the functions that the body calls,
/// the tasks that it performs, and their destructors.
///
/// ```
/// use quadrivium::{prelude::*, task::LocalValue};
/// use std::cell::Cell;
///
/// static QUERIES: LocalValue<Cell<u32>> = LocalValue::new();
///
/// /// Counts the queries of the task that calls it.
/// async fn query() {
///     QUERIES.with(|queries| queries.set(queries.get() + 1));
///     turn().await;
/// }
///
/// let serves = QUERIES.provide(Cell::new(0), future(async {
///     query().await;
///     let child = spawn(future(query()));
///     query().await;
///     child.await.unwrap();
///     QUERIES.with(Cell::get)
/// }));
/// assert_eq!(EventLoop::new()?.block_on(serves)?, Some(2), "the child has no such value");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct LocalValue<V> {
    key: Key,
    value: PhantomData<fn() -> V>,
}

/// A value that belongs to a task and to all tasks that it spawns, and so on. They share it.
///
/// A task inherits the value when it is spawned: on the same loop, on another loop, or on a loop of
/// a [`Cluster`](https://docs.rs/quadrivium/latest/quadrivium/event_loop/struct.Cluster.html). Work
/// that is [offloaded](https://docs.rs/quadrivium/latest/quadrivium/fn.offload.html) to another
/// thread is no task, and does not see it.
///
/// ```
/// use quadrivium::{green, prelude::*, task::InheritedValue};
///
/// static REQUEST: InheritedValue<u64> = InheritedValue::new();
///
/// fn log(message: &str) -> String {
///     format!("request {}: {message}", REQUEST.value().unwrap_or_default())
/// }
///
/// let serves = REQUEST.provide(7, future(async {
///     spawn(green(|| log("from a green thread"))).await
/// }));
/// let line = EventLoop::new()?.block_on(serves)??;
/// assert_eq!(line, "request 7: from a green thread");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct InheritedValue<V> {
    key: Key,
    value: PhantomData<fn() -> V>,
}

/// Distinguishes the values from each other. It has a `Cell`-like part on purpose: the compiler
/// then refuses a `const` in place of a `static`, which would be another key at each use.
#[derive(Default)]
struct Key {
    /// 0 until it is first used.
    number: AtomicUsize,
}

impl Key {
    const fn new() -> Self {
        Self { number: AtomicUsize::new(0) }
    }

    fn number(&'static self) -> usize {
        static USED: AtomicUsize = AtomicUsize::new(0);
        let number = self.number.load(Ordering::Relaxed);
        if number != 0 {
            return number;
        }
        let next = USED.fetch_add(1, Ordering::Relaxed) + 1;
        // If another thread was faster, its number counts.
        let changed = self.number.compare_exchange(0, next, Ordering::Relaxed, Ordering::Relaxed);
        changed.map_or_else(|faster| faster, |_| next)
    }
}

impl<V: 'static> LocalValue<V> {
    /// Makes the key of a value. Keep it in a `static`.
    #[expect(clippy::new_without_default, reason = "a key is made in a static")]
    pub const fn new() -> Self {
        Self { key: Key::new(), value: PhantomData }
    }

    /// Gives this value to a task. Inside the task, it hides a value that the task around it has.
    ///
    /// The value is dropped with the task, after the destructors of the task.
    pub fn provide<T: Task>(&'static self, value: V, task: T) -> Provided<LocalValues<V>, T> {
        Provided::new(LocalValues::new(self.key.number(), value), task)
    }

    /// Calls `f` with the value of the running task. Returns `None` if it has none.
    pub fn with<R>(&'static self, f: impl FnOnce(&V) -> R) -> Option<R> {
        visible::find(self.key.number()).map(|value| f(cast(&value)))
    }

    /// Returns a clone of the value of the running task, if it has one.
    pub fn value(&'static self) -> Option<V>
    where
        V: Clone,
    {
        self.with(V::clone)
    }
}

impl<V: Send + Sync + 'static> InheritedValue<V> {
    /// Makes the key of a value. Keep it in a `static`.
    #[expect(clippy::new_without_default, reason = "a key is made in a static")]
    pub const fn new() -> Self {
        Self { key: Key::new(), value: PhantomData }
    }

    /// Gives this value to a task, and to all tasks that it spawns. Inside the task, it hides a
    /// value that the task around it has.
    ///
    /// The value is dropped when the last of these tasks has ended.
    pub fn provide<T: Task>(&'static self, value: V, task: T) -> Provided<InheritedValues, T> {
        Provided::new(InheritedValues::new(self.key.number(), Arc::new(value)), task)
    }

    /// Calls `f` with the value of the running task. Returns `None` if it has none.
    pub fn with<R>(&'static self, f: impl FnOnce(&V) -> R) -> Option<R> {
        visible::find(self.key.number()).map(|value| f(cast(&value)))
    }

    /// Returns a clone of the value of the running task, if it has one.
    pub fn value(&'static self) -> Option<V>
    where
        V: Clone,
    {
        self.with(V::clone)
    }
}

fn cast<V: 'static>(value: &Arc<dyn Any>) -> &V {
    value.downcast_ref().expect("a key has one type")
}

impl<V> fmt::Debug for LocalValue<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalValue").finish_non_exhaustive()
    }
}

impl<V> fmt::Debug for InheritedValue<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InheritedValue").finish_non_exhaustive()
    }
}
