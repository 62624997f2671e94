//! Wakers that are not ours: one that counts, one that panics.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Wake, Waker},
};

/// Counts how often its wakers are woken. Clones are the same one.
#[derive(Clone, Default)]
pub(crate) struct WakeCount(Arc<AtomicUsize>);

impl Wake for WakeCount {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl WakeCount {
    /// A waker that it counts.
    pub(crate) fn waker(&self) -> Waker {
        Arc::new(self.clone()).into()
    }

    /// How often they have been woken since this was asked last.
    pub(crate) fn take(&self) -> usize {
        self.0.swap(0, Ordering::Relaxed)
    }
}

/// A waker that panics.
pub(crate) fn panicking_waker() -> Waker {
    Arc::new(PanicsInWake).into()
}

struct PanicsInWake;

impl Wake for PanicsInWake {
    fn wake(self: Arc<Self>) {
        panic!("in a waker");
    }
}
