//! Watch channels: every receiver sees the latest value.

use std::{cell::RefCell, fmt, rc::Rc};

use quadrivium::{
    sync::watch::{self, Receiver, Sender},
    task::BoxTask,
};

use crate::{
    NO_NOTES, Notes, Subject, body, catch_panic, in_destructor, new_loop, notes_and_loop, turns,
};

laws! { ($) watches:
    /// If several values are sent in one step, a receiver sees only the last.
    only_the_latest_value_is_seen;
    /// A receiver that has seen the value waits for the next change. A change wakes all waiting
    /// receivers, in order.
    a_change_wakes_all_in_order;
    /// A change that comes before the wait is seen without suspending.
    a_change_before_the_wait_is_seen;
    /// When the senders are gone, a receiver still sees the last value, and then the end.
    the_end_comes_after_the_last_value;
    /// If a wait for a change is cancelled, the change does not count as seen.
    a_cancelled_wait_has_seen_nothing;
    /// `closed` returns when the last receiver is gone, and not before.
    closed_waits_for_the_last_receiver;
    /// A wait for a change counts as a receiver until it is cancelled.
    a_wait_counts_as_a_receiver;
    /// A borrowed value does not change when another one is sent.
    a_borrowed_value_does_not_change;
    /// If the function that `send_modify` calls panics, no change is sent.
    a_modification_that_panics_is_not_sent;
    /// The destructor of an earlier value may use the channel.
    the_destructor_of_a_value_may_use_the_channel;
}

/// Waits for the given number of changes, and notes each value, or the end.
fn watches<T: ToString + 'static>(
    subject: Subject,
    receiver: Receiver<T>,
    notes: &Notes,
    (name, changes): (&'static str, usize),
) -> BoxTask<()> {
    let notes = notes.clone();
    let note = move |value: Result<Rc<T>, _>| {
        let value = value.map_or_else(|_| "end".to_string(), |value| value.to_string());
        notes.add(format!("{name}: {value}"));
    };
    subject.task(body().repeat_then(changes, move || receiver.changed(), note))
}

fn only_the_latest_value_is_seen(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let (sender, receiver) = watch::channel(0);
    let _task = event_loop.start(watches(subject, receiver, &notes, ("a", 2)), 1);
    sender.send(1);
    sender.send(2);
    turns(&mut event_loop, 2);
    sender.send(3);
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["a: 2", "a: 3"]);
}

fn a_change_wakes_all_in_order(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let (sender, receiver) = watch::channel(0);
    let others = [receiver.clone(), sender.subscribe()];
    let mut names = ["a", "b", "c"].into_iter();
    let _tasks: Vec<_> = [receiver]
        .into_iter()
        .chain(others)
        .map(|receiver| {
            let name = names.next().unwrap();
            event_loop.spawn(watches(subject, receiver, &notes, (name, 1)))
        })
        .collect();
    turns(&mut event_loop, 2);
    assert_eq!(notes.lines(), NO_NOTES, "the first value must count as seen");
    sender.send(1);
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["a: 1", "b: 1", "c: 1"]);
}

fn a_change_before_the_wait_is_seen(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let (sender, receiver) = watch::channel(0);
    let copy = receiver.clone();
    sender.send(1);
    assert!(receiver.has_changed() && copy.has_changed());
    let _task = event_loop.start(watches(subject, receiver, &notes, ("a", 1)), 1);
    assert_eq!(notes.lines(), ["a: 1"], "the change must be seen without suspending");
    assert!(copy.has_changed(), "each receiver must see the change by itself");
    assert!(!sender.subscribe().has_changed(), "a new receiver must have seen the value");
}

fn the_end_comes_after_the_last_value(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let (sender, receiver) = watch::channel(0);
    let waits = receiver.clone();
    let _task = event_loop.start(watches(subject, waits, &notes, ("a", 2)), 1);
    let other = sender.clone();
    drop(sender);
    other.send(1);
    drop(other);
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["a: 1", "a: end"]);
    assert_eq!(*receiver.borrow(), 1, "the value must stay after the senders are gone");
}

fn a_cancelled_wait_has_seen_nothing(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let (sender, receiver) = watch::channel(0);
    let receiver = Rc::new(receiver);
    let waits = || {
        let (receiver, notes) = (Rc::clone(&receiver), notes.clone());
        subject.task(body().perform_then(
            move || receiver.changed(),
            move |value| notes.add(value.unwrap().to_string()),
        ))
    };
    let cancelled = event_loop.start(waits(), 1);
    sender.send(1);
    cancelled.cancel();
    let _next = event_loop.spawn(waits());
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["1"]);
}

/// Notes when no receiver is left.
fn waits_for_closed<T: 'static>(
    subject: Subject,
    sender: &Sender<T>,
    notes: &Notes,
) -> BoxTask<()> {
    subject.task(body().perform(sender.closed()).note(notes, "no receivers"))
}

fn closed_waits_for_the_last_receiver(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let (sender, receiver) = watch::channel(0);
    let other = receiver.clone();
    let _task = event_loop.start(waits_for_closed(subject, &sender, &notes), 1);
    drop(receiver);
    turns(&mut event_loop, 1);
    assert!(notes.lines().is_empty() && !sender.is_closed());
    drop(other);
    turns(&mut event_loop, 1);
    assert_eq!(notes.lines(), ["no receivers"]);
    assert!(sender.is_closed());
    sender.send(1);
    assert_eq!(
        *sender.subscribe().borrow(),
        1,
        "a new receiver must find the value that was sent last"
    );
}

fn a_wait_counts_as_a_receiver(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let (sender, receiver) = watch::channel(0);
    let changed = receiver.changed();
    drop(receiver);
    let waits = event_loop.spawn(subject.task(body().perform(changed)));
    let _task = event_loop.start(waits_for_closed(subject, &sender, &notes), 2);
    assert_eq!(notes.lines(), NO_NOTES);
    waits.cancel();
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["no receivers"]);
}

fn a_borrowed_value_does_not_change(subject: Subject) {
    let mut event_loop = new_loop();
    let (sender, receiver) = watch::channel(vec![1]);
    let looks = body().run(move || {
        let before = receiver.borrow();
        sender.send_modify(|value| value.push(2));
        assert_eq!((&*before, &*receiver.borrow()), (&vec![1], &vec![1, 2]));
    });
    let looks = event_loop.spawn(subject.task(looks));
    event_loop.block_on(looks).unwrap().unwrap();
}

fn a_modification_that_panics_is_not_sent(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let (sender, receiver) = watch::channel(1);
    let _task = event_loop.start(watches(subject, receiver.clone(), &notes, ("a", 1)), 1);
    let panics = catch_panic(|| sender.send_modify(|_| panic!("in the middle")));
    assert_eq!(panics, Err("in the middle".into()));
    turns(&mut event_loop, 1);
    assert!(notes.lines().is_empty() && *receiver.borrow() == 1);
    sender.send_modify(|value| *value += 1);
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["a: 2"]);
}

/// Sends a value with a larger number when it is dropped.
struct SendsInDrop(u32, Rc<RefCell<Option<Sender<SendsInDrop>>>>);

impl fmt::Display for SendsInDrop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Drop for SendsInDrop {
    fn drop(&mut self) {
        in_destructor(|| {
            if let Some(sender) = self.1.take() {
                sender.send(SendsInDrop(self.0 + 10, Rc::default()));
            }
        });
    }
}

fn the_destructor_of_a_value_may_use_the_channel(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let slot = Rc::default();
    let (sender, receiver) = watch::channel(SendsInDrop(1, Rc::clone(&slot)));
    slot.replace(Some(sender.clone()));
    let _task = event_loop.start(watches(subject, receiver, &notes, ("a", 1)), 1);
    sender.send(SendsInDrop(2, Rc::default()));
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["a: 11"]);
}
