//! [`send`]: an errand to one of may's workers.
//!
//! May numbers its workers and takes a number as a wish, but tells nobody which one it is on. So the
//! first thread to which an errand for a worker comes is that worker from then on. Nearly always the
//! number is may's own; where another worker had stolen the errand, other numbers are tried until
//! one leads there.

use std::{
    cell::Cell,
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use may::coroutine::is_coroutine;

use crate::errand;

/// Number of workers may has, or will have when it is started.
pub fn workers() -> usize {
    WORKERS.get().map_or_else(|| may::config().get_workers(), Vec::len)
}

#[derive(Default)]
struct Worker {
    /// Some thread is this worker.
    is_known: AtomicBool,
    /// How far the number that leads to it is from its own.
    offset: AtomicUsize,
    /// Errands that came to another thread since one came here.
    misses: AtomicUsize,
}

/// So many errands in a row may be stolen before another number is tried.
const MISSES: usize = 4;

/// There from the start on: what may's configuration says later, it does not do.
static WORKERS: OnceLock<Vec<Worker>> = OnceLock::new();

thread_local! {
    /// The worker that this thread is.
    static THIS: Cell<Option<usize>> = const { Cell::new(None) };
}

fn worker(index: usize) -> &'static Worker {
    &WORKERS.get().expect("may has started")[index]
}

/// May has started, with as many as there are from now on.
pub(crate) fn have_started() {
    WORKERS.get_or_init(|| (0..workers()).map(|_| Worker::default()).collect());
}

/// Has this very worker do this, and none that has stolen the errand from it.
pub(crate) fn send(index: usize, errand: impl FnOnce() + Send + 'static) {
    let way = index + worker(index).offset.load(Ordering::Relaxed);
    errand::send(way, move || match is(index) {
        true => errand(),
        false => send(index, errand),
    });
}

/// Whether this is a worker's own stack, and no coroutine: who blocks here blocks the worker.
pub(crate) fn is_here() -> bool {
    THIS.get().is_some() && !is_coroutine()
}

/// Whether this thread is that worker. Asked by an errand that was sent to it.
fn is(index: usize) -> bool {
    let worker = worker(index);
    let is_here = match THIS.get() {
        Some(this) => this == index,
        None if worker.is_known.swap(true, Ordering::Relaxed) => false,
        None => {
            THIS.set(Some(index));
            true
        }
    };
    if is_here {
        worker.misses.store(0, Ordering::Relaxed);
    } else if worker.misses.fetch_add(1, Ordering::Relaxed) % MISSES == MISSES - 1 {
        worker.offset.fetch_add(1, Ordering::Relaxed);
    }
    is_here
}
