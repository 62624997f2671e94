//! Stopping a loop: `run` returns after the current turn, the tasks stay, and the loop can run
//! again.

use std::{sync::mpsc, thread};

use quadrivium::{event_loop::Turned, prelude::*};

use crate::{NO_NOTES, Subject, body, new_loop, notes_and_loop, spawn_with_probe, turns};

laws! { ($) stop:
    /// A loop that is stopped by a task finishes the next turn. Its tasks stay for the next run.
    by_a_task_ends_after_the_next_turn;
    /// A loop that is stopped before it runs still runs one turn.
    before_the_run_allows_one_turn;
    /// A stop does not shorten a turn that is run by hand.
    does_not_shorten_a_turn_by_hand;
    /// A stopped `block_on` returns `RunError::Stopped` and cancels its task.
    ends_block_on_and_cancels_its_task;
    /// Another thread may stop a loop, whether it sleeps or not.
    by_another_thread_is_allowed;
    /// Stopping twice has the same effect as stopping once.
    twice_is_like_once;
    /// A stopper may outlive its loop, and stops no other loop.
    of_a_dropped_loop_stops_no_other;
}

fn by_a_task_ends_after_the_next_turn(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let stopper = event_loop.stopper();
    let stops = body().run(move || stopper.stop()).note(&notes, "stops").perform(turn());
    drop(event_loop.spawn(subject.task(stops.note(&notes, "went on"))));
    event_loop.run_detached(subject.task(body().note(&notes, "other")));
    // The stop is read at the start of the next turn, and that turn is completed.
    assert_eq!(notes.lines(), ["stops", "other", "went on"]);
    event_loop.run().unwrap();
    assert_eq!(notes.lines().len(), 3);
}

fn before_the_run_allows_one_turn(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    drop(
        event_loop
            .spawn(subject.task(body().note(&notes, "one").perform(turn()).note(&notes, "two"))),
    );
    event_loop.stopper().stop();
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["one"], "exactly one turn must run");
    assert_eq!(event_loop.live(), 1, "the task must stay for the next run");
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["one", "two"]);
}

fn does_not_shorten_a_turn_by_hand(subject: Subject) {
    let mut event_loop = new_loop();
    drop(event_loop.spawn(subject.task(body().repeat(3, turn))));
    event_loop.stopper().stop();
    assert_eq!(turns(&mut event_loop, 1), Turned::Ready, "a stop must not shorten a turn by hand");
}

fn ends_block_on_and_cancels_its_task(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let stopper = event_loop.stopper();
    let stops = body().hold(notes.when_dropped("dropped")).run(move || stopper.stop());
    let stops = subject.task(stops.repeat(5, turn).note(&notes, "at the end"));
    let ran = event_loop.block_on(stops);
    assert!(matches!(ran, Err(RunError::Stopped)), "{ran:?}");
    assert_eq!(notes.lines(), ["dropped"], "the task of the stopped `block_on` must be cancelled");
    event_loop.block_on(subject.task(body().perform(turn()))).unwrap();
}

fn by_another_thread_is_allowed(subject: Subject) {
    let mut event_loop = new_loop();
    let (_probe, handle) = spawn_with_probe(subject, &event_loop);
    let (sender, has_run) = mpsc::channel();
    let reports = body().run(move || sender.send(()).unwrap());
    drop(event_loop.spawn(subject.task(reports)));
    let stopper = event_loop.stopper();
    let thread = thread::spawn(move || {
        has_run.recv().unwrap();
        stopper.stop();
    });
    // One task waits forever, so only the stop ends this run, whether the loop sleeps by then or
    // not.
    event_loop.run().unwrap();
    thread.join().unwrap();
    assert!(!handle.is_finished());
}

fn twice_is_like_once(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    drop(event_loop.spawn(subject.task(body().repeat(5, turn).note(&notes, "done"))));
    let stopper = event_loop.stopper();
    stopper.stop();
    stopper.clone().stop();
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), NO_NOTES);
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["done"]);
}

fn of_a_dropped_loop_stops_no_other(subject: Subject) {
    let event_loop = new_loop();
    let stopper = event_loop.stopper();
    drop(event_loop);
    // The next loops may be at the same address. The stop must not reach them.
    let mut loops: Vec<_> = (0..4).map(|_| new_loop()).collect();
    thread::spawn(move || stopper.stop()).join().unwrap();
    for event_loop in &mut loops {
        event_loop.block_on(subject.task(body().repeat(3, turn))).unwrap();
    }
}
