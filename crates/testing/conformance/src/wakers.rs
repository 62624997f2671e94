//! Foreign wakers: one that counts its wakes, and one that panics.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Wake, Waker},
};

/// Counts the wakes of its wakers. Clones share the count.
#[derive(Clone, Default)]
pub(crate) struct WakeCount(Arc<AtomicUsize>);

impl Wake for WakeCount {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl WakeCount {
    /// Returns a waker whose wakes are counted.
    pub(crate) fn waker(&self) -> Waker {
        Arc::new(self.clone()).into()
    }

    /// Returns the number of wakes since the last call.
    pub(crate) fn take(&self) -> usize {
        self.0.swap(0, Ordering::Relaxed)
    }
}

/// Returns a waker that panics.
pub(crate) fn panicking_waker() -> Waker {
    Arc::new(PanicsInWake).into()
}

struct PanicsInWake;

impl Wake for PanicsInWake {
    fn wake(self: Arc<Self>) {
        panic!("in a waker");
    }
}
