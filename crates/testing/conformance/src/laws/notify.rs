//! `oneshot` and `Notify`: a value, or a bare wake. Each may come before or during the wait, and
//! none is lost.

use quadrivium::{
    prelude::*,
    sync::{Notify, oneshot},
};

use crate::{NO_NOTES, Notes, Subject, TestLoop, body, new_loop, turns};

laws! { ($) notify:
    /// A value that is sent before the wait begins is received without suspending.
    a_oneshot_value_sent_before_the_wait_is_received;
    /// A value that is sent during the wait wakes the receiver.
    a_oneshot_value_sent_during_the_wait_is_received;
    /// Dropping the sender closes the channel, and the receiver gets an error.
    dropping_a_oneshot_sender_closes_it;
    /// Cancelling the receiver closes the channel. A later send returns its value.
    cancelling_a_oneshot_receiver_closes_it;
    /// A value that was sent and not received is dropped with the receiver.
    an_unreceived_oneshot_value_is_dropped;
    /// `notify_one` wakes one task, the first that waits.
    notify_one_wakes_the_first_waiting_task;
    /// `notify_one` without a waiting task is kept for the next task that waits.
    notify_one_is_kept_for_the_next_wait;
    /// Two calls of `notify_one` without a waiting task count as one.
    two_early_calls_of_notify_one_are_one;
    /// `notify_all` wakes all tasks that wait now, in order, and none that waits later.
    notify_all_wakes_all_waiting_tasks;
    /// A task that was woken and is cancelled before it runs passes the notification on.
    a_woken_task_that_is_cancelled_passes_it_on;
    /// A task that is cancelled while it waits takes no notification.
    a_cancelled_waiter_takes_no_notification;
    /// A cancel after `notify_all` passes no notification on.
    a_cancel_after_notify_all_passes_nothing_on;
}

fn a_oneshot_value_sent_before_the_wait_is_received(subject: Subject) {
    let (sender, receiver) = oneshot::channel();
    sender.send(42).unwrap();
    let notes = Notes::default();
    let body = body().perform_and_note(&notes, receiver);
    let mut event_loop = new_loop();
    event_loop.start_detached(subject.task(body), 1);
    assert_eq!(
        notes.lines(),
        ["Ok(42)"],
        "a value sent before must be received without suspending"
    );
}

fn a_oneshot_value_sent_during_the_wait_is_received(subject: Subject) {
    let (sender, receiver) = oneshot::channel();
    let notes = Notes::default();
    let receives = body().perform_and_note(&notes, receiver);
    let sends = body().perform(turn()).run(move || sender.send(42).unwrap());
    let mut event_loop = new_loop();
    drop(event_loop.spawn(subject.task(receives)));
    event_loop.run_detached(subject.task(sends));
    assert_eq!(notes.lines(), ["Ok(42)"]);
}

fn dropping_a_oneshot_sender_closes_it(subject: Subject) {
    let (sender, receiver) = oneshot::channel::<()>();
    let notes = Notes::default();
    let receives = body().perform_and_note(&notes, receiver);
    let mut event_loop = new_loop();
    drop(event_loop.spawn(subject.task(receives)));
    event_loop.run_detached(subject.task(body().perform(turn()).hold(sender)));
    assert_eq!(notes.lines(), ["Err(Closed)"]);
}

fn cancelling_a_oneshot_receiver_closes_it(subject: Subject) {
    let (sender, receiver) = oneshot::channel();
    let mut event_loop = new_loop();
    let receives = event_loop.start(subject.task(body().perform(receiver)), 1);
    assert!(!sender.is_closed());
    receives.cancel();
    assert!(sender.is_closed());
    assert_eq!(sender.send(42), Err(42), "a send without a receiver must return the value");
}

fn an_unreceived_oneshot_value_is_dropped(subject: Subject) {
    let notes = Notes::default();
    let (sender, receiver) = oneshot::channel();
    let mut event_loop = new_loop();
    let receives = event_loop.start(subject.task(body().perform(receiver)), 1);
    assert!(sender.send(notes.when_dropped("dropped")).is_ok());
    assert_eq!(notes.lines(), NO_NOTES);
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
fn loop_with_waiting<const N: usize>(
    subject: Subject,
) -> (Notify, Notes, TestLoop, [JoinHandle<()>; N]) {
    let (notify, notes) = (Notify::new(), Notes::default());
    let mut event_loop = new_loop();
    let handles = spawn_waiting(subject, &mut event_loop, &notify, &notes);
    (notify, notes, event_loop, handles)
}

fn notify_one_wakes_the_first_waiting_task(subject: Subject) {
    let (notify, notes, mut event_loop, _handles) = loop_with_waiting::<2>(subject);
    notify.notify_one();
    turns(&mut event_loop, 1);
    assert_eq!(notes.lines(), ["first"]);
    notify.notify_one();
    turns(&mut event_loop, 1);
    assert_eq!(notes.lines(), ["first", "second"]);
}

fn notify_one_is_kept_for_the_next_wait(subject: Subject) {
    let (notify, notes) = (Notify::new(), Notes::default());
    let mut event_loop = new_loop();
    notify.notify_one();
    let _handles = spawn_waiting::<2>(subject, &mut event_loop, &notify, &notes);
    assert_eq!(notes.lines(), ["first"]);
}

fn two_early_calls_of_notify_one_are_one(subject: Subject) {
    let (notify, notes) = (Notify::new(), Notes::default());
    let mut event_loop = new_loop();
    notify.notify_one();
    notify.notify_one();
    let _handles = spawn_waiting::<2>(subject, &mut event_loop, &notify, &notes);
    assert_eq!(notes.lines(), ["first"]);
}

fn notify_all_wakes_all_waiting_tasks(subject: Subject) {
    let (notify, notes) = (Notify::new(), Notes::default());
    let mut event_loop = new_loop();
    notify.notify_all();
    let _handles = spawn_waiting::<3>(subject, &mut event_loop, &notify, &notes);
    assert_eq!(notes.lines(), NO_NOTES, "`notify_all` must not notify a task that waits later");
    notify.notify_all();
    turns(&mut event_loop, 1);
    assert_eq!(notes.lines(), ["first", "second", "third"]);
}

fn a_woken_task_that_is_cancelled_passes_it_on(subject: Subject) {
    let (notify, notes, mut event_loop, handles) = loop_with_waiting::<2>(subject);
    notify.notify_one();
    handles[0].cancel();
    turns(&mut event_loop, 1);
    assert_eq!(notes.lines(), ["second"]);
}

fn a_cancelled_waiter_takes_no_notification(subject: Subject) {
    let (notify, notes, mut event_loop, handles) = loop_with_waiting::<3>(subject);
    handles[0].cancel();
    notify.notify_one();
    turns(&mut event_loop, 1);
    assert_eq!(notes.lines(), ["second"]);
}

fn a_cancel_after_notify_all_passes_nothing_on(subject: Subject) {
    let (notify, notes, mut event_loop, handles) = loop_with_waiting::<2>(subject);
    notify.notify_all();
    // Both were notified. One is cancelled before it continues. No other task was to be notified.
    handles[0].cancel();
    turns(&mut event_loop, 1);
    assert_eq!(notes.lines(), ["second"]);
    let _handles = spawn_waiting::<1>(subject, &mut event_loop, &notify, &notes);
    assert_eq!(notes.lines(), ["second"], "a task that comes later must wait");
}
