//! [`run_on`]: runs a closure on one of may's workers, and on no other.
//!
//! May numbers its workers and takes a number as a wish, but tells nobody which one it is on. So
//! the first thread to which a closure for a worker comes is that worker from then on. Nearly
//! always the number is may's own; where another worker had stolen the closure, other numbers are
//! tried until one leads there.

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

/// Number of workers may has, or will have when it is started.
pub fn workers() -> usize {
    ROUTES.get().map_or_else(|| may::config().get_workers(), Vec::len)
}

/// How closures get to a worker.
#[derive(Default)]
struct Route {
    /// Some thread is this worker.
    is_known: AtomicBool,
    /// How far the number that leads to it is from its own.
    offset: AtomicUsize,
    /// Closures that came to another thread since one came here.
    misses: AtomicUsize,
}

/// So many closures in a row may be stolen before another number is tried.
const MISSES: usize = 4;

/// There from the start on: what may's configuration says later, it does not do.
static ROUTES: OnceLock<Vec<Route>> = OnceLock::new();

thread_local! {
    /// The worker that this thread is.
    static THIS: Cell<Option<usize>> = const { Cell::new(None) };
}

fn route(index: usize) -> &'static Route {
    &ROUTES.get().expect("may has started")[index]
}

/// May has started, with as many as there are from now on.
pub(crate) fn have_started() {
    ROUTES.get_or_init(|| (0..workers()).map(|_| Route::default()).collect());
}

/// Has this very worker run this, and none that has stolen it from there.
pub(crate) fn run_on(index: usize, closure: impl FnOnce() + Send + 'static) {
    let number = index + route(index).offset.load(Ordering::Relaxed);
    own_stack::run(number, move || match is(index) {
        true => closure(),
        false => run_on(index, closure),
    });
}

/// Whether this is a worker's own stack, and no coroutine: who blocks here blocks the worker.
pub(crate) fn is_here() -> bool {
    THIS.get().is_some() && !is_coroutine()
}

/// Whether this thread is that worker. Asked by a closure that was sent to it.
fn is(index: usize) -> bool {
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
    } else if route.misses.fetch_add(1, Ordering::Relaxed) % MISSES == MISSES - 1 {
        route.offset.fetch_add(1, Ordering::Relaxed);
    }
    is_here
}
