//! Foreign wakers in the queue of a channel, without any task.

use std::{
    fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Wake, Waker},
};

use quadrivium::{Task, sync::channel, task::Context};
use quadrivium_conformance::{catch_panic, is_done};

/// Resumes a leaf with this waker, as another executor would. The leaf must suspend.
fn suspend<T: Task + Unpin>(leaf: &mut T, waker: &Waker) {
    assert!(!is_done(&Pin::new(leaf).resume(&mut Context::new(waker))));
}

/// A waker that panics.
struct PanicsInWake;

impl Wake for PanicsInWake {
    fn wake(self: Arc<Self>) {
        panic!("in a waker");
    }
}

/// A waker that counts its wakes.
#[derive(Default)]
struct CountsWakes(AtomicUsize);

impl Wake for CountsWakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_waker_that_panics_does_not_keep_the_next_from_its_wake() {
    let (sender, receiver) = channel::bounded(1);
    sender.try_send(1).unwrap();
    let counts = Arc::new(CountsWakes::default());
    let (mut first, mut second) = (sender.send(2), sender.send(3));
    suspend(&mut first, &Arc::new(PanicsInWake).into());
    suspend(&mut second, &Arc::clone(&counts).into());
    // The end of the receiver wakes both: the first waker, which panics, and the second.
    assert_eq!(catch_panic(|| drop(receiver)), Err("in a waker".into()));
    assert_eq!(counts.0.load(Ordering::Relaxed), 1);
}

/// Sends on its own channel when it is formatted.
struct SendsWhenFormatted(channel::Sender<SendsWhenFormatted>);

impl fmt::Debug for SendsWhenFormatted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        drop(self.0.try_send(SendsWhenFormatted(self.0.clone())));
        self.0.fmt(f)
    }
}

#[test]
fn a_channel_is_formatted_without_its_values() {
    let (sender, receiver) = channel::bounded(2);
    sender.try_send(SendsWhenFormatted(sender.clone())).unwrap();
    let shown = format!("{sender:?} {receiver:?} {:?}", receiver.recv());
    assert_eq!(shown, "Sender { .. } Receiver { .. } Recv { .. }");
}
