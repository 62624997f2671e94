//! Streams: items of a generator that may also wait, received by tasks of every style.

use std::{cell::RefCell, rc::Rc, time::Duration};

use quadrivium::{
    generator::{Next, Stream, stream},
    prelude::*,
    task::{BoxTask, Either},
};

use crate::{NO_NOTES, Notes, Probe, Subject, body, new_loop, notes_and_loop};

laws! { ($) streams:
    /// Every item comes, in order. The generator continues only when the next item is asked for.
    items_are_made_in_order_on_demand;
    /// The generator may wait between two items, for tasks of any style.
    the_generator_may_wait_between_items on VirtualClock;
    /// After the end, `next` returns `None` every time.
    next_after_the_end_returns_none;
    /// A `next` that is cancelled while it waits loses no item. A later `next` continues there.
    a_cancelled_next_loses_no_item;
    /// A stream that is dropped in the middle runs the destructors of its generator.
    a_drop_runs_the_destructors_of_the_generator;
    /// A `next` that outlives its stream returns its item. Then the generator is dropped.
    a_next_may_outlive_its_stream;
    /// A panic of the generator continues in `next`. After it the stream has ended.
    a_panic_continues_in_next on VirtualClock;
    /// Two calls of `next` on one stream at the same time panic.
    two_calls_of_next_at_once_panic;
    /// A `next` in another task than the one before wakes the task that it is in.
    a_next_in_another_task_wakes_that_task;
}

type SharedStream<T> = Rc<RefCell<Stream<T>>>;

fn shared<T>(stream: Stream<T>) -> SharedStream<T> {
    Rc::new(RefCell::new(stream))
}

/// A task that asks for the given number of items and notes them.
fn takes_items(
    subject: Subject,
    items: &SharedStream<u32>,
    notes: &Notes,
    times: usize,
) -> BoxTask<()> {
    let (items, notes) = (Rc::clone(items), notes.clone());
    let next = move || items.borrow_mut().next();
    subject.task(body().repeat_then(times, next, move |item| notes.add(format!("{item:?}"))))
}

fn items_are_made_in_order_on_demand(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let own_notes = notes.clone();
    let items = shared(stream(|mut co| async move {
        for n in 1..=3 {
            own_notes.add(format!("yields {n}"));
            co.yield_item(n).await;
        }
    }));
    assert_eq!(notes.lines(), NO_NOTES, "making a stream must run nothing");
    event_loop.block_on(takes_items(subject, &items, &notes, 2)).unwrap();
    assert_eq!(notes.lines(), ["yields 1", "Some(1)", "yields 2", "Some(2)"]);
}

fn the_generator_may_wait_between_items(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let waits = move || subject.task(body().perform(sleep(Duration::from_secs(1))));
    let items = shared(stream(move |mut co| async move {
        for n in 1..=2 {
            co.perform(waits()).await;
            co.yield_item(n).await;
        }
        co.perform(turn()).await;
    }));
    let task = event_loop.start(takes_items(subject, &items, &notes, 3), 1);
    assert!(notes.lines().is_empty() && !task.is_finished());
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["Some(1)", "Some(2)", "None"]);
}

fn next_after_the_end_returns_none(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let items = shared(stream(|mut co| async move { co.yield_item(1).await }));
    event_loop.block_on(takes_items(subject, &items, &notes, 4)).unwrap();
    assert_eq!(notes.lines(), ["Some(1)", "None", "None", "None"]);
}

fn a_cancelled_next_loses_no_item(subject: Subject) {
    let (notes, mut event_loop, probe) = (Notes::default(), new_loop(), Probe::default());
    let waits = probe.clone();
    let items = shared(stream(|mut co| async move {
        co.perform(waits.waits()).await;
        co.yield_item(1).await;
    }));
    let cancelled = event_loop.start(takes_items(subject, &items, &notes, 1), 1);
    cancelled.cancel();
    let _goes_on = event_loop.start(takes_items(subject, &items, &notes, 2), 1);
    probe.open();
    probe.wake();
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["Some(1)", "None"]);
}

fn a_drop_runs_the_destructors_of_the_generator(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let held = notes.when_dropped("dropped");
    let items = shared(stream(|mut co| async move {
        let _held = held;
        co.yield_item(1).await;
        co.yield_item(2).await;
    }));
    event_loop.block_on(takes_items(subject, &items, &notes, 1)).unwrap();
    assert_eq!(notes.lines(), ["Some(1)"]);
    drop(items);
    assert_eq!(notes.lines(), ["Some(1)", "dropped"]);
}

fn a_next_may_outlive_its_stream(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let held = notes.when_dropped("dropped");
    let mut items = stream(|mut co| async move {
        let _held = held;
        co.perform(turn()).await;
        co.yield_item(1).await;
    });
    let next = items.next();
    drop(items);
    let asks = body().perform_and_note(&notes, next);
    event_loop.block_on(subject.task(asks)).unwrap();
    assert_eq!(notes.lines(), ["dropped", "Some(1)"]);
}

fn a_panic_continues_in_next(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let held = notes.when_dropped("dropped");
    let items = shared(stream(|mut co| async move {
        let _held = held;
        co.perform(turn()).await;
        panic!("in the generator");
    }));
    let task = event_loop.spawn(takes_items(subject, &items, &notes, 1));
    let error = event_loop.block_on(task).unwrap().unwrap_err();
    assert_eq!(error.panic_message(), Some("in the generator"));
    event_loop.block_on(takes_items(subject, &items, &notes, 1)).unwrap();
    assert_eq!(notes.lines(), ["dropped", "None"]);
}

fn two_calls_of_next_at_once_panic(subject: Subject) {
    let mut event_loop = new_loop();
    let mut items = stream(|mut co| async move {
        co.perform(turn()).await;
        co.yield_item(1).await;
    });
    let (one, other): (Next<u32>, _) = (items.next(), items.next());
    let both = body().perform(join(one, other));
    let both = event_loop.spawn(subject.task(both));
    let error = event_loop.block_on(both).unwrap().unwrap_err();
    assert!(error.panic_message().unwrap().contains("two `next` of one stream at once"));
}

fn a_next_in_another_task_wakes_that_task(subject: Subject) {
    let (notes, mut event_loop, probe) = (Notes::default(), new_loop(), Probe::default());
    let waits = probe.clone();
    let items = shared(stream(|mut co| async move {
        co.perform(waits.waits()).await;
        co.yield_item(1).await;
    }));
    let (first, own_notes) = (Rc::clone(&items), notes.clone());
    let races = body().perform_then(
        move || race(first.borrow_mut().next(), turn()),
        move |first| match first {
            Either::Left(_) => own_notes.add("too early"),
            Either::Right(()) => own_notes.add("gives up"),
        },
    );
    event_loop.block_on(subject.task(races)).unwrap();
    let _goes_on = event_loop.start(takes_items(subject, &items, &notes, 1), 1);
    probe.open();
    probe.wake();
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["gives up", "Some(1)"]);
}
