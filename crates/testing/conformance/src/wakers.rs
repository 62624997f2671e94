//! Foreign wakers: one that counts its wakes, and one that panics.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Wake, Waker},
};

use quadrivium::task::{BoxTask, Context, Step};

use crate::{TestLoop, leaf};

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

/// Resumes a task once, with a foreign waker, and drops it. Checks that it has suspended, and that
/// no copy of the waker is left.
pub(crate) fn leaves_no_waker(event_loop: &mut TestLoop, task: BoxTask<()>) {
    let count = Arc::new(WakeCount::default());
    let (own, mut task) = (Arc::clone(&count), Some(task));
    let resumes = leaf(move |_| {
        let waker = Waker::from(Arc::clone(&own));
        let mut task = task.take().expect("it is resumed once");
        let step = task.as_mut().resume(&mut Context::new(&waker));
        assert!(matches!(step, Step::Suspended(_)), "the task must wait");
        Step::Done(())
    });
    event_loop.block_on(resumes).unwrap();
    assert_eq!(Arc::strong_count(&count), 1, "a waker of the dropped task is left");
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
