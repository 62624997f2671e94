//! Channels: order, capacity and closing. A cancelled task takes no value with it but its own.

use quadrivium::{
    sync::channel::{self, Receiver, Sender, TryRecvError},
    task::BoxTask,
};

use crate::{Notes, Subject, body, in_destructor, new_loop, traced, turns};

laws! { ($) channels:
    /// Values arrive in the order of the sends, and the end after the last value.
    values_arrive_in_order;
    /// A sender waits while the channel is full, until a value is received.
    a_sender_waits_while_the_channel_is_full on VirtualClock;
    /// A send into an unbounded channel never waits for a receive.
    a_send_into_an_unbounded_channel_never_waits;
    /// Waiting senders take their turns in the order in which they came.
    senders_take_turns;
    /// Room that is reserved for a waiting sender is not taken by another send.
    reserved_room_is_not_taken;
    /// A send never overtakes a waiting send, even if there is room for both.
    a_send_does_not_overtake_a_waiting_send needs ByHand;
    /// Waiting receives get values in the order in which they came. A later receive does not
    /// overtake them.
    receivers_take_turns needs ByHand;
    /// A channel closes with its last sender. The values that were sent before still arrive.
    closes_with_its_last_sender;
    /// A waiting receive is woken and learns of the end when the last sender is dropped.
    closing_wakes_a_waiting_receive;
    /// A receive that has not ended keeps the channel open.
    a_waiting_receive_keeps_it_open;
    /// A send that has not ended keeps the channel open.
    a_waiting_send_keeps_it_open;
    /// When the receiver is gone, sends fail and return the value.
    a_send_without_a_receiver_returns_the_value;
    /// Values that were not received are dropped with the receiver.
    a_closed_channel_drops_its_values;
    /// A cancelled send drops its own value and no other.
    a_cancelled_send_drops_its_own_value;
    /// A cancelled send passes the room that was reserved for it to the next waiting send.
    a_cancelled_send_passes_on_its_room;
    /// A cancelled receive leaves the value to the next waiting receive.
    a_cancelled_receive_leaves_the_value;
    /// The destructor of a value may use the channel that the value was in.
    the_destructor_of_a_value_may_use_the_channel;
}

/// Sends this value.
fn sends<T: 'static>(subject: Subject, sender: &Sender<T>, value: T) -> BoxTask<()> {
    subject.task(body().perform(sender.send(value)))
}

/// Receives the given number of values and notes them.
fn receives(subject: Subject, receiver: Receiver<u32>, times: usize, notes: &Notes) -> BoxTask<()> {
    let notes = notes.clone();
    let note = move |value: Result<u32, _>| {
        notes.add(value.map_or("closed".into(), |value| value.to_string()));
    };
    subject.task(body().repeat_then(times, move || receiver.recv(), note))
}

fn values_arrive_in_order(subject: Subject) {
    for capacity in [1, 2, 10] {
        let notes = Notes::default();
        let (sender, receiver) = channel::bounded(capacity);
        let mut event_loop = new_loop();
        let receives = event_loop.spawn(receives(subject, receiver, 6, &notes));
        let mut values = 0..5;
        let sends = move || sender.send(values.next().unwrap());
        drop(event_loop.spawn(subject.task(body().repeat(5, sends))));
        event_loop.block_on(receives).unwrap().unwrap();
        assert_eq!(notes.lines(), ["0", "1", "2", "3", "4", "closed"]);
    }
}

fn a_sender_waits_while_the_channel_is_full(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let (sender, receiver) = channel::bounded(2);
    let sends = move || sender.send(());
    drop(event_loop.spawn_named("sends", subject.task(body().repeat(3, sends))));
    turns(&mut event_loop, 1);
    let receiver = std::rc::Rc::new(receiver);
    let keeps = receiver.clone();
    let receives = body().perform_ok(move || receiver.recv());
    drop(event_loop.spawn_named("receives", subject.task(receives)));
    event_loop.run().unwrap();
    trace.expect(&[
        "0ns task 1 \"sends\" spawned",
        "0ns task 1 \"sends\" resumed",
        // Two values are in the channel. There is no room for the third.
        "0ns task 1 \"sends\" suspended until woken",
        "0ns task 2 \"receives\" spawned",
        "0ns task 2 \"receives\" resumed",
        // The receive takes a value out and reserves the room for the waiting sender.
        "0ns task 1 \"sends\" woken by task 2",
        "0ns task 2 \"receives\" done",
        "0ns task 1 \"sends\" resumed",
        "0ns task 1 \"sends\" done",
    ]);
    assert_eq!([keeps.try_recv().is_ok(), keeps.try_recv().is_ok()], [true, true]);
}

fn a_send_into_an_unbounded_channel_never_waits(subject: Subject) {
    let (sender, receiver) = channel::unbounded();
    let mut event_loop = new_loop();
    let sends = event_loop.spawn(subject.task(body().repeat(1_000, move || sender.send(()))));
    event_loop.block_on(sends).unwrap().unwrap();
    assert_eq!(std::iter::from_fn(|| receiver.try_recv().ok()).count(), 1_000);
}

fn senders_take_turns(subject: Subject) {
    let notes = Notes::default();
    let (sender, receiver) = channel::bounded(1);
    let mut event_loop = new_loop();
    for task in 0..3 {
        let sender = sender.clone();
        drop(event_loop.spawn(subject.task(body().repeat(3, move || sender.send(task)))));
    }
    drop(sender);
    let receives = event_loop.spawn(receives(subject, receiver, 10, &notes));
    event_loop.block_on(receives).unwrap().unwrap();
    // The first sender waits for its second send before the other two have started.
    assert_eq!(notes.lines().concat(), "0".to_string() + "012" + "012" + "12" + "closed");
}

fn reserved_room_is_not_taken(subject: Subject) {
    let (sender, receiver) = channel::bounded(1);
    let mut event_loop = new_loop();
    sender.try_send(1).unwrap();
    event_loop.start_detached(sends(subject, &sender, 2), 1);
    assert_eq!(receiver.try_recv(), Ok(1));
    // The channel is empty, but the room is reserved for the waiting send.
    assert!(sender.try_send(3).is_err());
    event_loop.start_detached(sends(subject, &sender, 3), 1);
    assert_eq!(receiver.try_recv(), Ok(2));
    turns(&mut event_loop, 1);
    assert_eq!(receiver.try_recv(), Ok(3));
}

fn a_send_does_not_overtake_a_waiting_send(subject: Subject) {
    let (sender, receiver) = channel::bounded(2);
    let mut event_loop = new_loop();
    sender.try_send(1).unwrap();
    sender.try_send(2).unwrap();
    event_loop.start_detached(sends(subject, &sender, 3), 1);
    assert_eq!([receiver.try_recv(), receiver.try_recv()], [Ok(1), Ok(2)]);
    // There is room for two now. The waiting send comes first, though it has not run yet.
    assert!(sender.try_send(4).is_err());
    let mut fourth = sends(subject, &sender, 4);
    assert!(!crate::is_done(&crate::resume(&mut fourth)));
    turns(&mut event_loop, 1);
    event_loop.start_detached(fourth, 1);
    assert_eq!([receiver.try_recv(), receiver.try_recv()], [Ok(3), Ok(4)]);
}

fn receivers_take_turns(subject: Subject) {
    let notes = Notes::default();
    let (sender, receiver) = channel::bounded(3);
    let mut event_loop = new_loop();
    let receives_and_notes = |n: u32| {
        let (receive, notes) = (receiver.recv(), notes.clone());
        let note = move |value: Result<u32, _>| notes.add(format!("{n} has {}", value.unwrap()));
        subject.task(body().perform_then(|| receive, note))
    };
    for n in 1..=2 {
        drop(event_loop.spawn(receives_and_notes(n)));
    }
    turns(&mut event_loop, 1);
    let mut comes_later = receives_and_notes(3);
    sender.try_send(10).unwrap();
    // The first receive has not run yet, but the value is reserved for it.
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    assert!(!crate::is_done(&crate::resume(&mut comes_later)));
    sender.try_send(20).unwrap();
    sender.try_send(30).unwrap();
    turns(&mut event_loop, 1);
    assert_eq!(notes.lines(), ["1 has 10", "2 has 20"], "both waiting receives must be woken");
    assert!(crate::is_done(&crate::resume(&mut comes_later)));
    assert_eq!(notes.lines().last().unwrap(), "3 has 30");
}

fn closes_with_its_last_sender(subject: Subject) {
    let notes = Notes::default();
    let (sender, receiver) = channel::bounded(1);
    let mut event_loop = new_loop();
    let receives = event_loop.spawn(receives(subject, receiver, 2, &notes));
    let other = sender.clone();
    drop(sender);
    turns(&mut event_loop, 1);
    assert!(!receives.is_finished());
    other.try_send(1).unwrap();
    drop(other);
    event_loop.block_on(receives).unwrap().unwrap();
    assert_eq!(notes.lines(), ["1", "closed"], "the value sent before the close must arrive");
}

fn closing_wakes_a_waiting_receive(subject: Subject) {
    let notes = Notes::default();
    let (sender, receiver) = channel::bounded(1);
    let mut event_loop = new_loop();
    let receives = event_loop.start(receives(subject, receiver, 1, &notes), 1);
    drop(sender);
    turns(&mut event_loop, 1);
    assert!(receives.is_finished());
    assert_eq!(notes.lines(), ["closed"]);
}

fn a_waiting_receive_keeps_it_open(subject: Subject) {
    let notes = Notes::default();
    let (sender, receiver) = channel::bounded(1);
    let mut event_loop = new_loop();
    let receives = body().perform_and_note(&notes, receiver.recv());
    let receives = event_loop.spawn(subject.task(receives));
    // The waiting receive is now the only receiver.
    drop(receiver);
    turns(&mut event_loop, 1);
    sender.try_send(1).unwrap();
    event_loop.block_on(receives).unwrap().unwrap();
    assert_eq!(notes.lines(), ["Ok(1)"]);
    assert!(sender.is_closed(), "the receive has ended: the channel must be closed");
}

fn a_waiting_send_keeps_it_open(subject: Subject) {
    let notes = Notes::default();
    let (sender, receiver) = channel::bounded(1);
    let mut event_loop = new_loop();
    let sends = [1, 2, 3].map(|value| event_loop.spawn(sends(subject, &sender, value)));
    // The sends are now the only senders. One of them is cancelled while it waits.
    drop(sender);
    turns(&mut event_loop, 1);
    sends[1].cancel();
    let receives = event_loop.spawn(receives(subject, receiver, 3, &notes));
    event_loop.block_on(receives).unwrap().unwrap();
    assert_eq!(notes.lines(), ["1", "3", "closed"]);
}

fn a_send_without_a_receiver_returns_the_value(subject: Subject) {
    let notes = Notes::default();
    let (sender, receiver) = channel::bounded(1);
    let mut event_loop = new_loop();
    sender.try_send(1).unwrap();
    for value in [2, 3] {
        let (send, then) = (sender.send(value), notes.clone());
        let sends = body().perform_then(
            || send,
            move |sent| {
                then.add(
                    sent.map_or_else(|back| format!("{} came back", back.0), |()| "sent".into()),
                );
            },
        );
        drop(event_loop.spawn(subject.task(sends)));
    }
    turns(&mut event_loop, 1);
    drop(receiver);
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["2 came back", "3 came back"]);
    assert!(sender.is_closed());
}

fn a_closed_channel_drops_its_values(subject: Subject) {
    let notes = Notes::default();
    let (sender, receiver) = channel::bounded(1);
    let mut event_loop = new_loop();
    event_loop.block_on(sends(subject, &sender, notes.when_dropped("in the channel"))).unwrap();
    event_loop.start_detached(sends(subject, &sender, notes.when_dropped("waiting")), 1);
    drop(receiver);
    assert_eq!(notes.lines(), ["in the channel"]);
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["in the channel", "waiting"]);
}

fn a_cancelled_send_drops_its_own_value(subject: Subject) {
    let (sender, receiver) = channel::bounded(1);
    let mut event_loop = new_loop();
    let handles = [1, 2, 3].map(|value| event_loop.spawn(sends(subject, &sender, value)));
    turns(&mut event_loop, 1);
    handles[1].cancel();
    let mut received = Vec::new();
    for _ in 0..3 {
        received.extend(receiver.try_recv());
        turns(&mut event_loop, 1);
    }
    assert_eq!(received, [1, 3]);
    assert!(sender.try_send(4).is_ok(), "the cancelled send must not occupy a place");
}

fn a_cancelled_send_passes_on_its_room(subject: Subject) {
    let (sender, receiver) = channel::bounded(1);
    let mut event_loop = new_loop();
    let handles = [1, 2, 3].map(|value| event_loop.spawn(sends(subject, &sender, value)));
    turns(&mut event_loop, 1);
    // The room is reserved for the second send, which is cancelled before it can use it.
    assert_eq!(receiver.try_recv(), Ok(1));
    handles[1].cancel();
    turns(&mut event_loop, 1);
    assert_eq!(receiver.try_recv(), Ok(3));
    assert!(sender.try_send(4).is_ok());
}

fn a_cancelled_receive_leaves_the_value(subject: Subject) {
    let (sender, receiver) = channel::bounded(1);
    let receiver = std::rc::Rc::new(receiver);
    let mut event_loop = new_loop();
    let notes = Notes::default();
    let [first, _second] = [0, 1].map(|_| {
        let (receiver, then) = (receiver.clone(), notes.clone());
        let body = body().perform_then(
            move || receiver.recv(),
            move |value: Result<u32, _>| then.add(value.unwrap().to_string()),
        );
        event_loop.spawn(subject.task(body))
    });
    turns(&mut event_loop, 1);
    // The first receive is woken for the value and cancelled before it takes it. The second gets
    // it.
    sender.try_send(42).unwrap();
    first.cancel();
    turns(&mut event_loop, 1);
    assert_eq!(notes.lines(), ["42"]);
}

/// When dropped, sends into the channel that it is in.
struct SendsInDrop(Sender<Option<SendsInDrop>>);

impl Drop for SendsInDrop {
    fn drop(&mut self) {
        in_destructor(|| {
            let refused = self.0.try_send(None).is_err();
            assert!(refused, "the receiver is gone, but the channel accepted a value");
        });
    }
}

fn the_destructor_of_a_value_may_use_the_channel(subject: Subject) {
    let (sender, receiver) = channel::bounded(1);
    let value = Some(SendsInDrop(sender.clone()));
    let mut event_loop = new_loop();
    event_loop.block_on(sends(subject, &sender, value)).unwrap();
    drop(receiver);
}
