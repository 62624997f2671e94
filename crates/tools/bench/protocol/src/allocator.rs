//! [`CountingAllocator`]: the system's allocator, which can count.
#![allow(unsafe_code)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    hint::black_box,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

/// The system's allocator. It counts allocations while it is told to. At other times it costs one
/// load and one branch that is predicted.
///
/// A program with contenders installs it with `#[global_allocator]`.
#[derive(Clone, Copy, Debug, Default)]
pub struct CountingAllocator;

static COUNTS: AtomicBool = AtomicBool::new(false);
static COUNT: AtomicU64 = AtomicU64::new(0);

#[cold]
fn count() {
    COUNT.fetch_add(1, Relaxed);
}

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for CountingAllocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if COUNTS.load(Relaxed) {
            count();
        }
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(start, layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if COUNTS.load(Relaxed) {
            count();
        }
        // SAFETY: as the caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn realloc(&self, start: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        if COUNTS.load(Relaxed) {
            count();
        }
        // SAFETY: as the caller promises.
        unsafe { System.realloc(start, layout, bytes) }
    }
}

/// Runs `f`, and returns its output and the number of allocations of the process meanwhile. The
/// number is `None` if the program has another allocator.
pub(crate) fn allocations_of<T>(f: impl FnOnce() -> T) -> (T, Option<u64>) {
    COUNTS.store(true, Relaxed);
    let before = COUNT.load(Relaxed);
    drop(black_box(Box::new(0_u64)));
    let is_installed = COUNT.load(Relaxed) > before;
    let before = COUNT.load(Relaxed);
    let output = f();
    let after = COUNT.load(Relaxed);
    COUNTS.store(false, Relaxed);
    (output, is_installed.then_some(after - before))
}
