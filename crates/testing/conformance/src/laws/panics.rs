//! A panic ends one task, runs its destructors and reaches the joining task. All other tasks
//! continue.

use std::{
    cell::RefCell,
    panic::{panic_any, resume_unwind},
    rc::Rc,
    thread,
};

use quadrivium::{event_loop::trace::Event, prelude::*, task::BoxTask};

use crate::{
    Notes, Subject, body, catch_panic, new_loop, notes_and_loop, spawn_with_probe, traced, turns,
};

laws! { ($) panics:
    /// A panic in the first resume ends that task, and no other.
    in_the_first_resume_end_one_task on VirtualClock;
    /// A panic in a later resume ends that task, and no other.
    in_a_later_resume_end_one_task;
    /// The payload of a panic reaches the joining task unchanged.
    keep_their_payload;
    /// A panic in a task of `block_on` is returned by `block_on` as an error. The loop can run
    /// again.
    are_errors_of_block_on;
    /// The destructors of a task that panics run, once.
    run_the_destructors_once;
    /// A panic of a sub-task passes through the task that performs it, and drops both from the
    /// inside out.
    pass_through_the_performing_task;
    /// A task that joins one that panicked gets an error, and continues.
    are_errors_for_the_joining_task;
    /// A panic payload whose own destructor panics harms no task and not the loop.
    of_a_payload_when_dropped_are_contained;
    /// If a destructor panics at the end of a body, the task counts as panicked.
    in_a_destructor_end_its_task;
    /// If a destructor panics in a cancel, the task counts as panicked. The panic does not reach
    /// the caller of `cancel`.
    in_a_destructor_do_not_reach_the_caller_of_cancel needs QuietCancel;
    /// If a task borrows a `RefCell` that another task holds borrowed across a suspension, the
    /// panic ends the task that borrowed second.
    over_a_borrow_end_the_second_borrower;
    /// A panic in the trace function of a loop loses no task.
    in_a_trace_lose_no_task;
    /// A loop that is dropped because of a panic around it drops its tasks.
    around_a_loop_drop_its_tasks;
}

/// A task that suspends the given number of times and then panics.
fn panics_after(subject: Subject, suspensions: usize) -> BoxTask<()> {
    subject.task(body().repeat(suspensions, turn).run(|| panic!("on purpose")))
}

fn in_the_first_resume_end_one_task(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let panics = event_loop.spawn(panics_after(subject, 0));
    let other = event_loop.spawn(subject.task(body().perform(turn()).output(|| 42)));
    event_loop.run().unwrap();
    trace.expect(&[
        "0ns task 1 spawned",
        "0ns task 2 spawned",
        // The panic ends task 1, and nothing else.
        "0ns task 1 resumed",
        "0ns task 1 panicked",
        "0ns task 2 resumed",
        "0ns task 2 suspended for a turn",
        "0ns task 2 resumed",
        "0ns task 2 done",
    ]);
    let error = event_loop.block_on(panics).unwrap().unwrap_err();
    assert_eq!(error.panic_message(), Some("on purpose"));
    assert!(error.to_string().ends_with(" panicked: on purpose"), "{error}");
    assert_eq!(event_loop.block_on(other).unwrap().unwrap(), 42);
}

fn in_a_later_resume_end_one_task(subject: Subject) {
    let mut event_loop = new_loop();
    let panics = event_loop.spawn(panics_after(subject, 3));
    let other = event_loop.start(subject.task(body().repeat(5, turn).output(|| 42)), 4);
    assert!(panics.is_finished());
    assert_eq!(event_loop.live(), 1);
    assert_eq!(event_loop.block_on(other).unwrap().unwrap(), 42);
    let error = event_loop.block_on(panics).unwrap().unwrap_err();
    assert_eq!(error.panic_message(), Some("on purpose"));
}

fn keep_their_payload(subject: Subject) {
    let mut event_loop = new_loop();
    let panics = subject.task(body().perform(turn()).run(|| panic_any(42_u8)));
    let handle = event_loop.spawn(panics);
    let joined = event_loop.block_on(handle).unwrap();
    let Err(JoinError::Panicked(payload)) = joined else { panic!("the handle reports no panic") };
    assert_eq!(payload.into_inner().downcast_ref(), Some(&42_u8));
}

fn are_errors_of_block_on(subject: Subject) {
    let mut event_loop = new_loop();
    let error = event_loop.block_on(panics_after(subject, 1)).unwrap_err();
    assert!(error.to_string().ends_with(" panicked: on purpose"), "{error}");
    event_loop.block_on(subject.task(body().perform(turn()))).unwrap();
}

fn run_the_destructors_once(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let body = body().hold(notes.when_dropped("dropped")).perform(turn());
    let handle = event_loop.start(subject.task(body.run(|| panic!("on purpose"))), 2);
    assert_eq!(notes.lines(), ["dropped"]);
    handle.cancel();
    drop(handle);
    drop(event_loop);
    assert_eq!(notes.lines(), ["dropped"]);
}

fn pass_through_the_performing_task(subject: Subject) {
    let notes = Notes::default();
    let inner = body().hold(notes.when_dropped("inner")).perform(turn());
    let inner = subject.task(inner.run(|| panic!("on purpose")));
    let outer = body().hold(notes.when_dropped("outer")).perform(inner).note(&notes, "went on");
    let error = new_loop().block_on(subject.task(outer)).unwrap_err();
    assert!(error.to_string().ends_with(" panicked: on purpose"), "{error}");
    assert_eq!(notes.lines(), ["inner", "outer"]);
}

fn are_errors_for_the_joining_task(subject: Subject) {
    let notes = Notes::default();
    let then = notes.clone();
    let joins = body().perform_then(
        move || spawn(panics_after(subject, 1)),
        move |joined| then.add(joined.unwrap_err().panic_message().expect("it has one")),
    );
    new_loop().block_on(subject.task(joins.note(&notes, "went on"))).unwrap();
    assert_eq!(notes.lines(), ["on purpose", "went on"]);
}

/// A payload that panics when it is dropped. The payload of that panic may panic in turn.
struct PanickingPayload(u8);

impl Drop for PanickingPayload {
    fn drop(&mut self) {
        if !thread::panicking() && self.0 > 0 {
            resume_unwind(Box::new(PanickingPayload(self.0 - 1)));
        }
    }
}

fn of_a_payload_when_dropped_are_contained(subject: Subject) {
    let mut event_loop = new_loop();
    let panics = || {
        subject.task(body().perform(turn()).run(|| resume_unwind(Box::new(PanickingPayload(2)))))
    };
    // The payload of this task is not read, so the loop drops it.
    drop(event_loop.spawn(panics()));
    let unread = event_loop.spawn(panics());
    event_loop.run().unwrap();
    // Here the handle drops it.
    drop(unread);
    event_loop.block_on(subject.task(body().perform(turn()))).unwrap();
}

/// Panics when it is dropped, unless another panic is under way.
struct PanicsInDrop;

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        if !thread::panicking() {
            panic!("in a destructor");
        }
    }
}

fn in_a_destructor_end_its_task(subject: Subject) {
    let mut event_loop = new_loop();
    let handle = event_loop.spawn(subject.task(body().perform(turn()).hold(PanicsInDrop)));
    event_loop.run().unwrap();
    let error = event_loop.block_on(handle).unwrap().unwrap_err();
    assert_eq!(error.panic_message(), Some("in a destructor"));
}

fn in_a_destructor_do_not_reach_the_caller_of_cancel(subject: Subject) {
    let mut event_loop = new_loop();
    let body = body().hold(PanicsInDrop).perform(turn());
    let handle = event_loop.start(subject.task(body), 1);
    // The panic belongs to the task, not to the caller of `cancel`.
    handle.cancel();
    let joined = event_loop.block_on(handle).unwrap();
    assert_eq!(joined.unwrap_err().panic_message(), Some("in a destructor"));
}

fn over_a_borrow_end_the_second_borrower(subject: Subject) {
    let mut event_loop = new_loop();
    let shared: &'static RefCell<u32> = Box::leak(Box::default());
    let (sender, held) = (Rc::new(RefCell::new(None)), Rc::new(RefCell::new(None)));
    let keeps = Rc::clone(&held);
    let borrows = body().run(move || *keeps.borrow_mut() = Some(shared.borrow_mut()));
    let lets_go = Rc::clone(&held);
    let borrows = borrows.repeat(2, turn).run(move || *lets_go.borrow_mut() = None);
    let first = event_loop.spawn(subject.task(borrows));
    let second = event_loop.spawn(subject.task(body().run(|| *shared.borrow_mut() += 1)));
    *sender.borrow_mut() = Some(());
    event_loop.run().unwrap();
    // The second task panics, since the value is still borrowed. The first one continues.
    assert!(event_loop.block_on(first).unwrap().is_ok());
    let error = event_loop.block_on(second).unwrap().unwrap_err();
    assert!(error.to_string().contains("already"), "{error}");
    *shared.borrow_mut() += 1;
}

fn in_a_trace_lose_no_task(subject: Subject) {
    let mut event_loop = new_loop();
    let mut has_panicked = false;
    event_loop.trace(move |_: &Event| {
        assert!(std::mem::replace(&mut has_panicked, true), "in a trace");
    });
    let handle = event_loop.spawn(subject.task(body().perform(turn()).output(|| 42)));
    // The caller of `run` provides the trace, so the panic reaches that caller. The loop still
    // works.
    assert_eq!(catch_panic(|| event_loop.run().unwrap()), Err("in a trace".to_string()));
    assert_eq!(event_loop.block_on(handle).unwrap().unwrap(), 42);
}

fn around_a_loop_drop_its_tasks(subject: Subject) {
    let notes = Notes::default();
    let inside = notes.clone();
    let unwinds = catch_panic(move || {
        let mut event_loop = new_loop();
        let body = body().hold(inside.when_dropped("dropped")).perform(turn());
        let _handle = event_loop.spawn(subject.task(body.note(&inside, "went on")));
        let _watched = spawn_with_probe(subject, &event_loop);
        turns(&mut event_loop, 1);
        panic!("around the loop");
    });
    assert_eq!(unwinds, Err::<(), _>("around the loop".to_string()));
    assert_eq!(notes.lines(), ["dropped"]);
}
