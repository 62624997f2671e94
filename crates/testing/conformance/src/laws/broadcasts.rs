//! Broadcast channels: every receiver gets every value, and the memory is bounded.

use std::rc::Rc;

use quadrivium::{
    sync::broadcast::{self, Receiver, RecvError, Sender, TryRecvError},
    task::BoxTask,
};

use crate::{NO_NOTES, Notes, Subject, body, in_destructor, notes_and_loop, turns};

laws! { ($) broadcasts:
    /// Every receiver gets every value, in the order of the sends.
    every_receiver_gets_every_value;
    /// A receiver gets the values that are sent after it was made, and none of the earlier ones.
    a_receiver_gets_later_values_only;
    /// A receiver that falls behind loses the oldest values. It learns how many were lost, and
    /// continues with the values that are left.
    a_lagging_receiver_learns_how_many_it_lost;
    /// A slow receiver does not make a fast one lose values or wait.
    a_slow_receiver_does_not_disturb_a_fast_one;
    /// A value is dropped as soon as every receiver has received it or is gone.
    a_value_is_dropped_when_all_have_received_it;
    /// When the senders are gone, a receiver still gets the values that were sent, and then the
    /// end.
    the_end_comes_after_the_last_value;
    /// A receive that is cancelled after it was woken takes no value. The next receive gets the
    /// value.
    a_receive_cancelled_after_its_wake_takes_nothing;
    /// A send without receivers drops the value.
    a_send_without_receivers_drops_the_value;
    /// The destructor of a value may use the channel.
    the_destructor_of_a_value_may_use_the_channel;
}

/// Receives the given number of times. Notes each value, or the error in its place.
fn receives<T: Clone + ToString + 'static>(
    subject: Subject,
    receiver: Receiver<T>,
    notes: &Notes,
    (name, times): (&'static str, usize),
) -> BoxTask<()> {
    let notes = notes.clone();
    let note = move |received: Result<T, RecvError>| {
        let text = received.map(|value| value.to_string());
        notes.add(format!("{name}: {}", text.unwrap_or_else(|error| format!("{error:?}"))));
    };
    subject.task(body().repeat_then(times, move || receiver.recv(), note))
}

fn every_receiver_gets_every_value(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let (sender, receiver) = broadcast::channel(2);
    let other = sender.subscribe();
    let _a = event_loop.spawn(receives(subject, receiver, &notes, ("a", 3)));
    let _b = event_loop.start(receives(subject, other, &notes, ("b", 3)), 1);
    assert_eq!(sender.send(1), 2, "the value goes to both receivers");
    sender.send(2);
    turns(&mut event_loop, 1);
    sender.send(3);
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["a: 1", "a: 2", "b: 1", "b: 2", "a: 3", "b: 3"]);
}

fn a_receiver_gets_later_values_only(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let (sender, _receiver) = broadcast::channel(4);
    sender.send(1);
    let later = sender.subscribe();
    sender.send(2);
    let _task = event_loop.spawn(receives(subject, later, &notes, ("later", 1)));
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["later: 2"]);
}

fn a_lagging_receiver_learns_how_many_it_lost(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let (sender, receiver) = broadcast::channel(2);
    (1..=5).for_each(|n| _ = sender.send(n));
    let _task = event_loop.start(receives(subject, receiver, &notes, ("slow", 4)), 1);
    sender.send(6);
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["slow: Lagged(3)", "slow: 4", "slow: 5", "slow: 6"]);
}

fn a_slow_receiver_does_not_disturb_a_fast_one(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let (sender, fast) = broadcast::channel(1);
    let slow = sender.subscribe();
    let _task = event_loop.spawn(receives(subject, fast, &notes, ("fast", 3)));
    for n in 1..=3 {
        turns(&mut event_loop, 1);
        sender.send(n);
    }
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["fast: 1", "fast: 2", "fast: 3"]);
    assert_eq!(slow.try_recv(), Err(TryRecvError::Lagged(2)));
    assert_eq!(slow.try_recv(), Ok(3));
    assert_eq!(slow.try_recv(), Err(TryRecvError::Empty));
}

fn a_value_is_dropped_when_all_have_received_it(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let (sender, receiver) = broadcast::channel(4);
    let never = sender.subscribe();
    let values = [notes.when_dropped("one"), notes.when_dropped("two")].map(Rc::new);
    values.into_iter().for_each(|value| _ = sender.send(value));
    let receives = body().perform_then(move || receiver.recv(), drop);
    let receives = event_loop.spawn(subject.task(receives));
    event_loop.block_on(receives).unwrap().unwrap();
    assert_eq!(
        notes.lines(),
        NO_NOTES,
        "a value was dropped although one receiver has not received it"
    );
    drop(never.try_recv());
    assert_eq!(notes.lines(), ["one"]);
    drop(never);
    assert_eq!(notes.lines(), ["one", "two"]);
}

fn the_end_comes_after_the_last_value(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let (sender, receiver) = broadcast::channel(2);
    let waits = sender.subscribe();
    let _task = event_loop.start(receives(subject, waits, &notes, ("a", 3)), 1);
    let other = sender.clone();
    other.send(1);
    drop(sender);
    turns(&mut event_loop, 1);
    drop(other);
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["a: 1", "a: Closed", "a: Closed"]);
    assert_eq!(receiver.try_recv(), Ok(1));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
}

fn a_receive_cancelled_after_its_wake_takes_nothing(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let (sender, receiver) = broadcast::channel(2);
    let (receiver, cancelled) = (Rc::new(receiver), notes.clone());
    let own = Rc::clone(&receiver);
    let receive = body().perform_then(move || own.recv(), move |_| cancelled.add("received"));
    let handle = event_loop.start(subject.task(receive), 1);
    sender.send(1);
    handle.cancel();
    turns(&mut event_loop, 1);
    assert_eq!(notes.lines(), NO_NOTES);
    assert_eq!(receiver.try_recv(), Ok(1));
}

fn a_send_without_receivers_drops_the_value(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let (sender, receiver) = broadcast::channel(2);
    let recv = receiver.recv();
    drop(receiver);
    let waits = event_loop.start(subject.task(body().perform(recv)), 1);
    assert_eq!(sender.receivers(), 1, "a receive counts as its receiver");
    waits.cancel();
    assert_eq!(sender.send(Rc::new(notes.when_dropped("dropped"))), 0);
    assert_eq!(notes.lines(), ["dropped"]);
}

/// Queries its channel when it is dropped.
#[derive(Clone)]
struct Asks(Sender<Rc<Asks>>, Notes);

impl Drop for Asks {
    fn drop(&mut self) {
        in_destructor(|| {
            self.1.add(format!("dropped, with {} receivers", self.0.receivers()));
        });
    }
}

fn the_destructor_of_a_value_may_use_the_channel(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let (sender, receiver) = broadcast::channel::<Rc<Asks>>(1);
    let value = || Rc::new(Asks(sender.clone(), notes.clone()));
    sender.send(value());
    sender.send(value());
    assert_eq!(
        notes.lines(),
        ["dropped, with 1 receivers"],
        "a channel of capacity 1 must drop the older of two values"
    );
    let holds = body().hold(receiver);
    event_loop.block_on(subject.task(holds)).unwrap();
    assert_eq!(notes.count("dropped, with 0 receivers"), 1);
}
