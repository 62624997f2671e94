//! `oneshot` and `Notify`: a value, or a bare wake. Each may come before or during the wait, and
//! none is lost.

use quadrivium::{
    prelude::*,
    sync::{Notify, oneshot},
};

use crate::{Notes, Subject, TestLoop, body, new_loop, turns};

laws! { ($) notify:
    /// A value that is sent before the wait begins is received without suspending.
    a_value_sent_before;
    /// A value that is sent during the wait wakes the receiver.
    a_value_sent_after;
    /// Dropping the sender closes the channel, and the receiver gets an error.
    a_sender_that_goes;
    /// Cancelling the receiver closes the channel. A later send returns its value.
    a_receiver_that_is_cancelled;
    /// A value that was sent and not received is dropped with the receiver.
    a_value_nobody_receives_is_dropped;
    /// `notify_one` wakes one task, the first that waits.
    one_is_told;
    /// `notify_one` without a waiting task is kept for the next task that waits.
    one_is_told_who_comes_later;
    /// Two calls of `notify_one` without a waiting task count as one.
    permits_do_not_add_up;
    /// `notify_all` wakes all tasks that wait now, in order, and none that waits later.
    all_are_told_who_wait;
    /// A task that was woken and is cancelled before it runs passes the notification on.
    who_is_told_and_cancelled_passes_it_on;
    /// A task that is cancelled while it waits takes no notification.
    who_waits_and_is_cancelled_takes_nothing;
    /// A cancel after `notify_all` passes no notification on.
    telling_all_leaves_nothing_behind;
}

fn a_value_sent_before(subject: Subject) {
    let (sender, receiver) = oneshot::channel();
    sender.send(42).unwrap();
    let notes = Notes::default();
    let body = body().perform_and_note(&notes, receiver);
    let mut event_loop = new_loop();
    event_loop.start_detached(subject.task(body), 1);
    assert_eq!(notes.lines(), ["Ok(42)"], "a value sent before must be received without suspending");
}

fn a_value_sent_after(subject: Subject) {
    let (sender, receiver) = oneshot::channel();
    let notes = Notes::default();
    let receives = body().perform_and_note(&notes, receiver);
    let sends = body().perform(turn()).run(move || sender.send(42).unwrap());
    let mut event_loop = new_loop();
    drop(event_loop.spawn(subject.task(receives)));
    event_loop.run_detached(subject.task(sends));
    assert_eq!(notes.lines(), ["Ok(42)"]);
}

fn a_sender_that_goes(subject: Subject) {
    let (sender, receiver) = oneshot::channel::<()>();
    let notes = Notes::default();
    let receives = body().perform_and_note(&notes, receiver);
    let mut event_loop = new_loop();
    drop(event_loop.spawn(subject.task(receives)));
    event_loop.run_detached(subject.task(body().perform(turn()).hold(sender)));
    assert_eq!(notes.lines(), ["Err(Closed)"]);
}

fn a_receiver_that_is_cancelled(subject: Subject) {
    let (sender, receiver) = oneshot::channel();
    let mut event_loop = new_loop();
    let receives = event_loop.start(subject.task(body().perform(receiver)), 1);
    assert!(!sender.is_closed());
    receives.cancel();
    assert!(sender.is_closed());
    assert_eq!(sender.send(42), Err(42), "a send without a receiver must return the value");
}

fn a_value_nobody_receives_is_dropped(subject: Subject) {
    let notes = Notes::default();
    let (sender, receiver) = oneshot::channel();
    let mut event_loop = new_loop();
    let receives = event_loop.start(subject.task(body().perform(receiver)), 1);
    assert!(sender.send(notes.when_dropped("dropped")).is_ok());
    assert!(notes.lines().is_empty());
    receives.cancel();
    assert_eq!(notes.lines(), ["dropped"]);
}

/// Spawns tasks that wait for a notification and note their names when they are notified.
fn spawn_waiting<const N: usize>(
    subject: Subject,
    event_loop: &mut TestLoop,
    notify: &Notify,
    notes: &Notes,
) -> [JoinHandle<()>; N] {
    let names = ["first", "second", "third"];
    let handles = std::array::from_fn(|n| {
        let body = body().perform(notify.notified()).note(notes, names[n]);
        event_loop.spawn(subject.task(body))
    });
    turns(event_loop, 1);
    handles
}

/// Makes a loop on which such tasks wait for a notification.
fn loop_with_waiting<const N: usize>(subject: Subject) -> (Notify, Notes, TestLoop, [JoinHandle<()>; N]) {
    let (notify, notes) = (Notify::new(), Notes::default());
    let mut event_loop = new_loop();
    let handles = spawn_waiting(subject, &mut event_loop, &notify, &notes);
    (notify, notes, event_loop, handles)
}

fn one_is_told(subject: Subject) {
    let (notify, notes, mut event_loop, _handles) = loop_with_waiting::<2>(subject);
    notify.notify_one();
    turns(&mut event_loop, 1);
    assert_eq!(notes.lines(), ["first"]);
    notify.notify_one();
    turns(&mut event_loop, 1);
    assert_eq!(notes.lines(), ["first", "second"]);
}

fn one_is_told_who_comes_later(subject: Subject) {
    let (notify, notes) = (Notify::new(), Notes::default());
    let mut event_loop = new_loop();
    notify.notify_one();
    let _handles = spawn_waiting::<2>(subject, &mut event_loop, &notify, &notes);
    assert_eq!(notes.lines(), ["first"]);
}

fn permits_do_not_add_up(subject: Subject) {
    let (notify, notes) = (Notify::new(), Notes::default());
    let mut event_loop = new_loop();
    notify.notify_one();
    notify.notify_one();
    let _handles = spawn_waiting::<2>(subject, &mut event_loop, &notify, &notes);
    assert_eq!(notes.lines(), ["first"]);
}

fn all_are_told_who_wait(subject: Subject) {
    let (notify, notes) = (Notify::new(), Notes::default());
    let mut event_loop = new_loop();
    notify.notify_all();
    let _handles = spawn_waiting::<3>(subject, &mut event_loop, &notify, &notes);
    assert!(notes.lines().is_empty(), "`notify_all` must not notify a task that waits later");
    notify.notify_all();
    turns(&mut event_loop, 1);
    assert_eq!(notes.lines(), ["first", "second", "third"]);
}

fn who_is_told_and_cancelled_passes_it_on(subject: Subject) {
    let (notify, notes, mut event_loop, handles) = loop_with_waiting::<2>(subject);
    notify.notify_one();
    handles[0].cancel();
    turns(&mut event_loop, 1);
    assert_eq!(notes.lines(), ["second"]);
}

fn who_waits_and_is_cancelled_takes_nothing(subject: Subject) {
    let (notify, notes, mut event_loop, handles) = loop_with_waiting::<3>(subject);
    handles[0].cancel();
    notify.notify_one();
    turns(&mut event_loop, 1);
    assert_eq!(notes.lines(), ["second"]);
}

fn telling_all_leaves_nothing_behind(subject: Subject) {
    let (notify, notes, mut event_loop, handles) = loop_with_waiting::<2>(subject);
    notify.notify_all();
    // Both were notified. One is cancelled before it continues. No other task was to be notified.
    handles[0].cancel();
    turns(&mut event_loop, 1);
    assert_eq!(notes.lines(), ["second"]);
    let _handles = spawn_waiting::<1>(subject, &mut event_loop, &notify, &notes);
    assert_eq!(notes.lines(), ["second"], "a task that comes later must wait");
}
