//! [`run_on`]: runs a closure on one of may's workers, and on no other.
//!
//! May numbers its workers. A closure can be sent to a number, but another worker may steal it, and
//! may does not report which worker runs it. So the first thread that receives a closure for a
//! worker counts as that worker from then on. Nearly always it has the same number in may. If
//! another worker had stolen the closure, other numbers are tried until one leads to that thread.

pub(crate) mod ready_tasks;
pub(crate) mod own_stack;

use std::{
    cell::Cell,
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use may::coroutine::is_coroutine;

/// Returns the number of workers that may has, or will have when it is started.
pub fn workers() -> usize {
    ROUTES.get().map_or_else(|| may::config().get_workers(), Vec::len)
}

/// How closures reach a worker.
#[derive(Default)]
struct Route {
    /// A thread counts as this worker.
    is_known: AtomicBool,
    /// The difference between the number that leads to the worker and the worker's own index.
    offset: AtomicUsize,
    /// Number of closures that another thread received since this one last received one.
    misses: AtomicUsize,
}

/// After this many stolen closures in a row another number is tried.
const MAX_MISSES: usize = 4;

/// Set when may starts: a later change of may's configuration has no effect.
static ROUTES: OnceLock<Vec<Route>> = OnceLock::new();

thread_local! {
    /// The worker that this thread counts as.
    static THIS: Cell<Option<usize>> = const { Cell::new(None) };
}

fn route(index: usize) -> &'static Route {
    &ROUTES.get().expect("may has started")[index]
}

/// Fixes the number of workers, once may has started.
pub(crate) fn record_start() {
    ROUTES.get_or_init(|| (0..workers()).map(|_| Route::default()).collect());
}

/// Runs the closure on this worker. If another worker steals it, it is sent again.
pub(crate) fn run_on(index: usize, closure: impl FnOnce() + Send + 'static) {
    let number = index + route(index).offset.load(Ordering::Relaxed);
    own_stack::run(number, move || match is_this_worker(index) {
        true => closure(),
        false => run_on(index, closure),
    });
}

/// Returns whether this code runs on a worker's own stack, and not in a coroutine. Code that blocks
/// here blocks the worker.
pub(crate) fn is_worker_stack() -> bool {
    THIS.get().is_some() && !is_coroutine()
}

/// Returns whether this thread is that worker. Called by a closure that was sent to the worker.
fn is_this_worker(index: usize) -> bool {
    let route = route(index);
    let is_here = match THIS.get() {
        Some(this) => this == index,
        None if route.is_known.swap(true, Ordering::Relaxed) => false,
        None => {
            THIS.set(Some(index));
            true
        }
    };
    if is_here {
        route.misses.store(0, Ordering::Relaxed);
    } else if route.misses.fetch_add(1, Ordering::Relaxed) % MAX_MISSES == MAX_MISSES - 1 {
        route.offset.fetch_add(1, Ordering::Relaxed);
    }
    is_here
}
