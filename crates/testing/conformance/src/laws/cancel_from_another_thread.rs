//! Cancels from another thread. The loop carries them out in its next turn, on its own thread.

use std::thread;

use quadrivium::prelude::*;

use super::cancel::{is_cancelled, suspended};
use crate::{NO_NOTES, Subject, body, new_loop, notes_and_loop, turns};

laws! { ($) cancel_from_another_thread:
    /// The loop carries out a cancel from another thread in its next turn, on its own thread.
    happens_in_the_next_turn;
    /// A cancel from another thread before the first turn keeps the task from starting.
    before_the_start_prevents_the_start;
    /// A cancel from another thread after the end of the task changes nothing.
    after_the_end_changes_nothing;
    /// A canceller may outlive its loop. Then its cancel does nothing.
    after_the_loop_is_dropped_does_nothing;
    /// A canceller of a task that has ended does not cancel the next task in the same slot.
    by_an_old_canceller_spares_the_next_task_in_the_slot;
}

fn happens_in_the_next_turn(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let handle = event_loop.start(suspended(subject, &notes), 1);
    let canceller = handle.canceller();
    thread::spawn(move || canceller.cancel()).join().unwrap();
    assert_eq!(notes.lines(), NO_NOTES, "the other thread must not drop the body");
    turns(&mut event_loop, 1);
    assert_eq!(notes.lines(), ["dropped"]);
    assert!(is_cancelled(&mut event_loop, handle));
}

fn before_the_start_prevents_the_start(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let body = body().note(&notes, "started").hold(notes.when_dropped("dropped"));
    let handle = event_loop.spawn(subject.task(body));
    let canceller = handle.canceller();
    thread::spawn(move || canceller.cancel()).join().unwrap();
    turns(&mut event_loop, 1);
    assert_eq!(
        notes.lines(),
        ["dropped"],
        "the cancel must be carried out before the task is resumed"
    );
}

fn after_the_end_changes_nothing(subject: Subject) {
    let mut event_loop = new_loop();
    let handle = event_loop.spawn(subject.task(body().output(|| 42)));
    let canceller = handle.canceller();
    event_loop.run().unwrap();
    thread::spawn(move || canceller.cancel()).join().unwrap();
    turns(&mut event_loop, 1);
    assert_eq!(event_loop.block_on(handle).unwrap().unwrap(), 42);
}

fn after_the_loop_is_dropped_does_nothing(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let handle = event_loop.start(suspended(subject, &notes), 1);
    let canceller = handle.canceller();
    drop(event_loop);
    assert_eq!(notes.lines(), ["dropped"]);
    thread::spawn(move || canceller.cancel()).join().unwrap();
    handle.cancel();
    assert!(handle.is_finished());
    assert_eq!(notes.lines(), ["dropped"]);
}

fn by_an_old_canceller_spares_the_next_task_in_the_slot(subject: Subject) {
    let mut event_loop = new_loop();
    let first = event_loop.spawn(subject.task(body()));
    let canceller = first.canceller();
    event_loop.block_on(first).unwrap().unwrap();
    // The slot of the first task is free now, and this one takes it.
    let second = event_loop.spawn(subject.task(body().perform(turn()).output(|| 42)));
    canceller.cancel();
    assert_eq!(event_loop.block_on(second).unwrap().unwrap(), 42);
}
