//! Reports of panics that no task learns of: a task has panicked, and its handle was dropped.

use std::{panic::panic_any, sync::mpsc, thread};

use quadrivium::{prelude::*, sync::Notify, task::BoxTask};

use crate::{Subject, body, catch_panic, new_loop, reports::Reports, turns};

laws! { ($) unread_panics:
    /// A task that panics after its handle was dropped is reported once, with its message.
    of_a_detached_task_are_reported;
    /// A panic is reported when the handle is dropped unread: in the run, after it, and after the
    /// loop.
    are_reported_when_the_handle_is_dropped;
    /// A panic is reported if the task that joins is cancelled before it learns of it.
    are_reported_if_the_joining_task_is_cancelled;
    /// A panic of a destructor in a cancel is reported, if no task joins the cancelled one.
    of_a_destructor_are_reported needs QuietCancel;
    /// A panic whose payload is not a text is reported without a message.
    without_a_message_are_reported;
    /// A panic that a task joins is not reported, and neither is a panic that ends a `block_on`.
    that_are_joined_are_not_reported;
    /// A task that ends or is cancelled without a panic is not reported.
    are_not_reported_without_a_panic;
    /// A reporter may spawn tasks on the loop, and drop handles of its tasks.
    let_the_reporter_use_the_loop;
    /// A panic in the reporter leaves the run, and loses no task.
    in_the_reporter_lose_no_task;
}

fn panics(subject: Subject) -> BoxTask<()> {
    subject.task(body().perform(turn()).run(|| panic!("on purpose")))
}

fn of_a_detached_task_are_reported(subject: Subject) {
    let mut event_loop = new_loop();
    let reports = Reports::of(&event_loop);
    drop(event_loop.spawn_named("detached", panics(subject)));
    drop(event_loop.spawn_named("other", subject.task(body().repeat(5, turn))));
    turns(&mut event_loop, 2);
    // The report does not wait for the end of the run.
    assert_eq!(reports.take_names(), ["panic: detached, on purpose"]);
    event_loop.run().unwrap();
    drop(event_loop);
    assert_eq!(reports.len(), 0);
}

fn are_reported_when_the_handle_is_dropped(subject: Subject) {
    let mut event_loop = new_loop();
    let reports = Reports::of(&event_loop);
    let in_the_run = event_loop.spawn_named("in the run", panics(subject));
    let after_the_run = event_loop.spawn_named("after the run", panics(subject));
    let after_the_loop = event_loop.spawn_named("after the loop", panics(subject));
    turns(&mut event_loop, 3);
    assert_eq!(reports.len(), 0, "a task may still join");
    event_loop.run_detached(subject.task(body().run(move || drop(in_the_run))));
    assert_eq!(reports.take_names(), ["panic: in the run, on purpose"]);
    drop(after_the_run);
    assert_eq!(reports.take_names(), ["panic: after the run, on purpose"]);
    drop(event_loop);
    assert_eq!(reports.len(), 0);
    drop(after_the_loop);
    assert_eq!(reports.take_names(), ["panic: after the loop, on purpose"]);
}

fn are_reported_if_the_joining_task_is_cancelled(subject: Subject) {
    let mut event_loop = new_loop();
    let reports = Reports::of(&event_loop);
    let joined = event_loop.spawn_named("joined", panics(subject));
    let joins = event_loop.spawn(subject.task(body().perform(joined)));
    turns(&mut event_loop, 2);
    // The panic has made it ready, and it has not run since.
    joins.cancel();
    turns(&mut event_loop, 1);
    assert_eq!(reports.take_names(), ["panic: joined, on purpose"]);
}

/// A value whose destructor panics.
struct PanicsInDrop;

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        if !thread::panicking() {
            panic!("in a destructor");
        }
    }
}

fn of_a_destructor_are_reported(subject: Subject) {
    let mut event_loop = new_loop();
    let reports = Reports::of(&event_loop);
    let waits = body().hold(PanicsInDrop).perform(Notify::new().notified());
    let handle = event_loop.spawn_named("cancelled", subject.task(waits));
    turns(&mut event_loop, 1);
    handle.cancel();
    drop(handle);
    assert_eq!(reports.take_names(), ["panic: cancelled, in a destructor"]);
}

fn without_a_message_are_reported(subject: Subject) {
    let mut event_loop = new_loop();
    let reports = Reports::of(&event_loop);
    drop(event_loop.spawn_named("task", subject.task(body().run(|| panic_any(7)))));
    event_loop.run().unwrap();
    assert_eq!(reports.take_names(), ["panic: task, -"]);
}

fn that_are_joined_are_not_reported(subject: Subject) {
    let mut event_loop = new_loop();
    let reports = Reports::of(&event_loop);
    let joined = event_loop.spawn(panics(subject));
    let joins = body().perform_then(|| joined, |joined| assert!(joined.is_err()));
    event_loop.block_on(subject.task(joins)).unwrap();
    assert!(event_loop.block_on(panics(subject)).is_err());
    drop(event_loop);
    assert_eq!(reports.take_names(), [""; 0]);
}

fn are_not_reported_without_a_panic(subject: Subject) {
    let mut event_loop = new_loop();
    let reports = Reports::of(&event_loop);
    drop(event_loop.spawn(subject.task(body())));
    let waits = event_loop.start(subject.task(body().perform(Notify::new().notified())), 1);
    waits.cancel();
    drop(waits);
    turns(&mut event_loop, 2);
    drop(event_loop);
    assert_eq!(reports.take_names(), [""; 0]);
}

fn let_the_reporter_use_the_loop(subject: Subject) {
    let mut event_loop = new_loop();
    let (sender, receiver) = mpsc::channel();
    event_loop.reporter(move |report| {
        sender.send(report.to_string()).unwrap();
        if report.to_string().contains("first") {
            let panics = future(async { panic!("second") });
            drop(spawn_named("spawned by the reporter", panics));
        }
    });
    drop(event_loop.spawn(subject.task(body().run(|| panic!("first")))));
    event_loop.run().unwrap();
    let reports: Vec<_> = receiver.try_iter().collect();
    assert_eq!(reports.len(), 2, "{reports:?}");
    assert!(reports[1].contains("spawned by the reporter"), "{reports:?}");
}

fn in_the_reporter_lose_no_task(subject: Subject) {
    let mut event_loop = new_loop();
    event_loop.reporter(|report| panic!("the reporter got: {report}"));
    drop(event_loop.spawn(panics(subject)));
    let other = event_loop.spawn(subject.task(body().repeat(5, turn).output(|| 42)));
    let panicked = catch_panic(|| event_loop.run()).unwrap_err();
    assert!(panicked.starts_with("the reporter got: task 1"), "{panicked}");
    assert_eq!(event_loop.block_on(other).unwrap().unwrap(), 42);
}
