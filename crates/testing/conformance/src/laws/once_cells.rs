//! Values that are made once: the first task that needs the value makes it, and the others wait. If
//! it is cancelled, panics or fails, the next one makes the value.

use std::rc::Rc;

use quadrivium::{
    prelude::*,
    sync::OnceCell,
    task::{BoxTask, Step},
};

use super::deadlock::expect_deadlock;
use crate::{
    Body, Notes, Probe, Subject, body, in_drop, leaf, new_loop, notes_and_loop, traced, turns,
};

laws! { ($) once_cells:
    /// The first task makes the value, and the tasks that wait meanwhile get the same one.
    the_first_task_makes_the_value on VirtualClock;
    /// A value that exists is returned without suspending, and nothing is performed.
    a_value_that_exists_is_returned_at_once;
    /// If the task that makes the value is cancelled, the next waiting task makes it.
    a_cancel_hands_over_to_the_next;
    /// A task that was to make the value, and is cancelled before it runs, hands over as well.
    a_cancel_after_the_wake_hands_over_to_the_next;
    /// A waiting task that is cancelled does not hold up the others.
    a_cancelled_waiter_holds_up_no_other;
    /// If the task that makes the value panics, the next waiting task makes it.
    a_panic_hands_over_to_the_next;
    /// An error is returned to the task that made it. The next waiting task makes the value.
    an_error_hands_over_to_the_next;
    /// `set` fails while a task makes the value, and once there is a value.
    set_does_not_replace_a_value;
    /// The destructors of the task that made the value run before another task gets it.
    destructors_run_before_the_value_is_there;
    /// A spurious wake of a waiting task starts nothing.
    a_spurious_wake_starts_nothing;
    /// A task that needs the value in order to make it is a deadlock.
    a_value_that_needs_itself_is_a_deadlock on Deadlocks;
    /// A task that reads the value again and again lets the others go on.
    a_value_that_exists_starves_no_task;
}

type Cell = OnceCell<&'static str>;

/// A body that makes a value in this number of turns, and notes when it begins.
fn makes(notes: &Notes, value: &'static str, in_turns: usize) -> Body<&'static str> {
    let held = notes.when_dropped(format!("{value} dropped"));
    let body = body().hold(held).note(notes, format!("{value} begins"));
    body.repeat(in_turns, turn).output(move || value)
}

/// A task that needs the value, and notes it.
fn needs(
    subject: Subject,
    cell: &Cell,
    notes: &Notes,
    name: &'static str,
    in_turns: usize,
) -> BoxTask<()> {
    let init = subject.task(makes(notes, name, in_turns));
    let (cell, notes) = (cell.clone(), notes.clone());
    subject.task(body().perform_then(
        move || cell.get_or_init(init),
        move |value| notes.add(format!("{name} gets {value}")),
    ))
}

fn the_first_task_makes_the_value(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let (cell, notes) = (Cell::new(), Notes::default());
    let _tasks =
        ["a", "b", "c"].map(|name| event_loop.spawn(needs(subject, &cell, &notes, name, 1)));
    assert_eq!(cell.get(), None);
    event_loop.run().unwrap();
    let expected =
        ["a begins", "a dropped", "a gets a", "b dropped", "b gets a", "c dropped", "c gets a"];
    assert_eq!(notes.lines(), expected);
    assert_eq!(cell.get(), Some(Rc::new("a")));
    trace.after(3).expect(&[
        // The first task begins to make the value, and the others wait.
        "0ns task 1 resumed",
        "0ns task 1 suspended for a turn",
        "0ns task 2 resumed",
        "0ns task 2 suspended until woken",
        "0ns task 3 resumed",
        "0ns task 3 suspended until woken",
        // The value is there, so all of them go on.
        "0ns task 1 resumed",
        "0ns task 2 woken by task 1",
        "0ns task 3 woken by task 1",
        "0ns task 1 done",
        "0ns task 2 resumed",
        "0ns task 2 done",
        "0ns task 3 resumed",
        "0ns task 3 done",
    ]);
}

fn a_value_that_exists_is_returned_at_once(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let cell = Cell::new();
    cell.set("set").unwrap();
    assert!(event_loop.start(needs(subject, &cell, &notes, "a", 1), 1).is_finished());
    assert_eq!(notes.lines(), ["a dropped", "a gets set"]);
}

fn a_cancel_hands_over_to_the_next(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let cell = Cell::new();
    let first = event_loop.spawn(needs(subject, &cell, &notes, "a", 1000));
    let _others = ["b", "c"].map(|name| event_loop.spawn(needs(subject, &cell, &notes, name, 1)));
    turns(&mut event_loop, 2);
    first.cancel();
    event_loop.run().unwrap();
    let expected =
        ["a begins", "a dropped", "b begins", "b dropped", "b gets b", "c dropped", "c gets b"];
    assert_eq!(notes.lines(), expected);
}

fn a_cancel_after_the_wake_hands_over_to_the_next(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let cell = Cell::new();
    let tasks =
        ["a", "b", "c"].map(|name| event_loop.spawn(needs(subject, &cell, &notes, name, 1)));
    turns(&mut event_loop, 1);
    let [first, second, _third] = tasks;
    first.cancel();
    // The second task was woken, and does not run any more.
    second.cancel();
    event_loop.run().unwrap();
    let expected = ["a begins", "a dropped", "b dropped", "c begins", "c dropped", "c gets c"];
    assert_eq!(notes.lines(), expected);
}

fn a_cancelled_waiter_holds_up_no_other(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let cell = Cell::new();
    let tasks =
        ["a", "b", "c"].map(|name| event_loop.spawn(needs(subject, &cell, &notes, name, 1)));
    turns(&mut event_loop, 1);
    tasks[1].cancel();
    event_loop.run().unwrap();
    let expected = ["a begins", "b dropped", "a dropped", "a gets a", "c dropped", "c gets a"];
    assert_eq!(notes.lines(), expected);
}

fn a_panic_hands_over_to_the_next(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let cell = Cell::new();
    let panics = body().perform(turn()).run(|| panic!("on purpose")).output(|| "a");
    let panics = body().perform(cell.get_or_init(subject.task(panics)));
    let panics = event_loop.spawn(subject.task(panics));
    let _next = event_loop.spawn(needs(subject, &cell, &notes, "b", 1));
    let error = event_loop.block_on(panics).unwrap().unwrap_err();
    assert_eq!(error.panic_message(), Some("on purpose"));
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["b begins", "b dropped", "b gets b"]);
}

fn an_error_hands_over_to_the_next(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let cell = Cell::new();
    for ends in [Err("first"), Ok("second"), Err("third")] {
        let init = subject.task(body().perform(turn()).output(move || ends));
        let tries = body().perform_and_note(&notes, cell.get_or_try_init(init));
        drop(event_loop.spawn(subject.task(tries)));
    }
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["Err(\"first\")", "Ok(\"second\")", "Ok(\"second\")"]);
}

fn set_does_not_replace_a_value(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let cell = Cell::new();
    drop(event_loop.start(needs(subject, &cell, &notes, "a", 1), 1));
    assert_eq!(cell.set("too early"), Err("too early"));
    event_loop.run().unwrap();
    assert_eq!(cell.set("too late"), Err("too late"));
    assert_eq!(cell.get(), Some(Rc::new("a")));
}

fn destructors_run_before_the_value_is_there(subject: Subject) {
    let (cell, mut event_loop) = (Cell::new(), new_loop());
    let own = cell.clone();
    let checks = in_drop(move || assert_eq!((own.get(), own.set("set")), (None, Err("set"))));
    let init = subject.task(body().hold(checks).perform(turn()).output(|| "a"));
    // A leaf keeps its values until it is dropped.
    let own = cell.clone();
    let kept = in_drop(move || assert_eq!((own.get(), own.set("set")), (None, Err("set"))));
    let mut init = Some(init);
    let init = leaf(move |cx| {
        let _kept = &kept;
        let step = init.as_mut().expect("it is resumed until it is done").as_mut().resume(cx);
        if let Step::Done(_) = step {
            init = None;
        }
        step
    });
    let init = body().perform(cell.get_or_init(init));
    event_loop.block_on(subject.task(init)).unwrap();
    assert_eq!(cell.get(), Some(Rc::new("a")));
}

fn a_spurious_wake_starts_nothing(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let (cell, probe) = (Cell::new(), Probe::default());
    let _first = event_loop.spawn(needs(subject, &cell, &notes, "a", 3));
    let second = race(needs(subject, &cell, &notes, "b", 1), probe.waits());
    let _second = event_loop.start(subject.task(body().perform(second)), 1);
    probe.wake();
    turns(&mut event_loop, 1);
    assert_eq!(notes.lines(), ["a begins"]);
    event_loop.run().unwrap();
    assert_eq!(notes.count("b gets a"), 1);
}

fn a_value_that_needs_itself_is_a_deadlock(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let cell = Cell::new();
    let inner = needs(subject, &cell, &notes, "inner", 0);
    let outer = cell.get_or_init(subject.task(body().perform(inner).output(|| "outer")));
    drop(event_loop.spawn(subject.task(body().perform(outer))));
    assert_eq!(expect_deadlock(event_loop.run()).tasks.len(), 1);
    assert_eq!(cell.get(), None);
}

fn a_value_that_exists_starves_no_task(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let cell = Cell::new();
    cell.set("set").unwrap();
    let own = notes.clone();
    let reads = move || cell.get_or_init(subject.task(makes(&own, "never", 0)));
    let reader = event_loop.spawn(subject.task(body().repeat(1_000, reads)));
    let other = event_loop.start(subject.task(body()), 1);
    assert!(other.is_finished() && !reader.is_finished());
    event_loop.run().unwrap();
}
