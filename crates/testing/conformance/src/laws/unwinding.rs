//! Unwinding: destructors that resume, cancel and spawn while a panic unwinds.

use std::thread;

use quadrivium::{prelude::*, sync::Notify, task::BoxTask};

use crate::{
    Notes, Subject, TestLoop, body, catch_panic, in_drop, is_done, new_loop, notes_and_loop,
    resume, turns,
};

laws! { ($) unwinding:
    /// A task that is resumed by hand while a panic unwinds either suspends or panics. The first
    /// panic goes on unwinding.
    a_resume_by_hand_suspends_or_panics needs ByHand;
    /// A destructor may cancel a suspended task while a panic unwinds.
    a_destructor_may_cancel;
    /// A destructor may spawn while a panic unwinds.
    a_destructor_may_spawn;
    /// A destructor may send and notify while a panic unwinds.
    a_destructor_may_send_and_notify;
}

/// A task that panics. A destructor notes that the panic unwinds and calls `something`.
fn unwinds(subject: Subject, notes: &Notes, something: impl FnOnce() + 'static) -> BoxTask<()> {
    let own_notes = notes.clone();
    let held = in_drop(move || {
        own_notes.add(format!("unwinding: {}", thread::panicking()));
        something();
    });
    subject.task(body().hold(held).perform(turn()).run(|| panic!("on purpose")))
}

/// Runs the task, which must end with its own panic. The loop must still work afterwards.
fn ends_as_it_should(event_loop: &mut TestLoop, subject: Subject, task: BoxTask<()>) {
    let error = event_loop.block_on(task).unwrap_err();
    assert!(error.to_string().ends_with(" panicked: on purpose"), "{error}");
    event_loop.block_on(subject.task(body().perform(turn()))).unwrap();
}

fn a_resume_by_hand_suspends_or_panics(subject: Subject) {
    let notes = Notes::default();
    let own_notes = notes.clone();
    let resumes = move || {
        let mut task = subject.task(body().perform(turn()).note(&own_notes, "went on"));
        match catch_panic(|| is_done(&resume(&mut task))) {
            Ok(is_done) => own_notes.add(format!("done: {is_done}")),
            Err(refused) => own_notes.add(refused),
        }
    };
    let task = unwinds(subject, &notes, resumes);
    ends_as_it_should(&mut new_loop(), subject, task);
    let lines = notes.lines();
    assert_eq!((lines.len(), lines[0].as_str()), (2, "unwinding: true"));
    assert!(lines[1] == "done: false" || lines[1].contains("cannot suspend"), "{lines:?}");
}

fn a_destructor_may_cancel(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let waits = body().hold(notes.when_dropped("dropped")).perform(Notify::new().notified());
    let other = event_loop.spawn(subject.task(waits));
    turns(&mut event_loop, 1);
    let task = unwinds(subject, &notes, move || other.cancel());
    ends_as_it_should(&mut event_loop, subject, task);
    assert_eq!(notes.lines(), ["unwinding: true", "dropped"]);
    assert_eq!(event_loop.live(), 0);
}

fn a_destructor_may_spawn(subject: Subject) {
    let notes = Notes::default();
    let own_notes = notes.clone();
    let spawns =
        move || drop(spawn(subject.task(body().perform(turn()).note(&own_notes, "child"))));
    let mut event_loop = new_loop();
    let task = unwinds(subject, &notes, spawns);
    ends_as_it_should(&mut event_loop, subject, task);
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["unwinding: true", "child"]);
}

fn a_destructor_may_send_and_notify(subject: Subject) {
    let (notes, notify) = (Notes::default(), Notify::new());
    let mut event_loop = new_loop();
    let waits = body().perform(notify.notified()).note(&notes, "notified");
    let waits = event_loop.spawn(subject.task(waits));
    let task = unwinds(subject, &notes, move || notify.notify_one());
    ends_as_it_should(&mut event_loop, subject, task);
    event_loop.block_on(waits).unwrap().unwrap();
    assert_eq!(notes.lines(), ["unwinding: true", "notified"]);
}
