//! Resumes with a new waker, after a task has moved to another task or host.

use std::{pin::Pin, task::Waker};

use quadrivium::{
    prelude::*,
    sync::{Notify, channel, oneshot},
    task::{BoxTask, Context},
};

use crate::{Subject, body, is_done, map, new_loop, turns, wakers::WakeCount};

laws! { ($) new_wakers:
    /// A waiting receive wakes the waker of its last resume, and no earlier one.
    replace_the_old_one_in_a_receive needs ByHand;
    /// A send that waits for room wakes the waker of its last resume, and no earlier one.
    replace_the_old_one_in_a_send needs ByHand;
    /// A waiting `oneshot` wakes the waker of its last resume, and no earlier one.
    replace_the_old_one_in_a_oneshot needs ByHand;
    /// A wait for a notification wakes the waker of its last resume, and no earlier one.
    replace_the_old_one_in_a_notification needs ByHand;
    /// A waiting join wakes the waker of its last resume, and no earlier one.
    replace_the_old_one_in_a_join needs ByHand;
}

/// Resumes a task that performs `leaf` with one waker, then with another, and calls `wakes`. Only
/// the second waker must be woken, once.
fn the_last_is_woken<L>(subject: Subject, leaf: L, wakes: impl FnOnce())
where
    L: Task + 'static,
    L::Output: 'static,
{
    let mut task: BoxTask<()> = subject.task(body().perform(map(leaf, drop)));
    let counts = [WakeCount::default(), WakeCount::default()];
    for count in &counts {
        assert!(!is_done(&Pin::new(&mut task).resume(&mut Context::new(&count.waker()))));
    }
    wakes();
    assert_eq!(counts.map(|count| count.take()), [0, 1]);
    assert!(is_done(&Pin::new(&mut task).resume(&mut Context::new(Waker::noop()))));
}

fn replace_the_old_one_in_a_receive(subject: Subject) {
    let (sender, receiver) = channel::bounded(1);
    the_last_is_woken(subject, receiver.recv(), move || sender.try_send(()).unwrap());
}

fn replace_the_old_one_in_a_send(subject: Subject) {
    let (sender, receiver) = channel::bounded(1);
    sender.try_send(()).unwrap();
    the_last_is_woken(subject, sender.send(()), || receiver.try_recv().unwrap());
}

fn replace_the_old_one_in_a_oneshot(subject: Subject) {
    let (sender, receiver) = oneshot::channel();
    the_last_is_woken(subject, receiver, move || sender.send(()).unwrap());
}

fn replace_the_old_one_in_a_notification(subject: Subject) {
    let notify = Notify::new();
    the_last_is_woken(subject, notify.notified(), || notify.notify_one());
}

fn replace_the_old_one_in_a_join(subject: Subject) {
    let mut event_loop = new_loop();
    let handle = event_loop.spawn(subject.task(body().perform(turn())));
    the_last_is_woken(subject, handle, || _ = turns(&mut event_loop, 2));
}
