//! Steps that take long: the watchdog of a loop reports the task that occupies the loop.
//!
//! The tasks block the thread until the report has come, so the laws depend on no time.

use std::{
    sync::{
        Mutex,
        mpsc::{self, Receiver},
    },
    time::Duration,
};

use quadrivium::{
    event_loop::Report,
    inspect::{Activity, LongStep},
    prelude::*,
    sync::Notify,
};

use crate::{Subject, TestLoop, body, in_drop, new_loop, turns};

laws! { ($) long_steps:
    /// A step that takes longer than the limit of the watchdog is reported while it lasts. The
    /// report has the name of the task and the line that spawned it.
    are_reported_while_they_last;
    /// The report of a blocked thread has the system call that blocks it, if the operating system
    /// tells it.
    have_their_system_call;
    /// A step is reported again, with a longer time. After its end it is reported once more.
    are_reported_again_and_at_their_end;
    /// A step is reported under the name of the task whose destructors run, if a cancel has begun
    /// them.
    of_destructors_have_the_name_of_their_task needs QuietCancel;
    /// Each of two long steps of one task is reported by itself.
    of_one_task_are_reported_one_by_one;
    /// Reports go to the reporter that was set last, and a reporter may panic.
    are_reported_to_the_last_reporter;
}

/// So long that no machine fails for being slow.
const PATIENCE: Duration = Duration::from_secs(120);

/// The limit of the watchdogs.
const LIMIT: Duration = Duration::from_millis(5);

/// Returns a loop with a watchdog, and its reports.
fn watched_loop() -> (TestLoop, Receiver<Report>) {
    let event_loop = new_loop();
    let reports = reports_of(&event_loop);
    event_loop.watchdog(LIMIT).unwrap();
    (event_loop, reports)
}

fn reports_of(event_loop: &EventLoop) -> Receiver<Report> {
    let (sender, reports) = mpsc::channel();
    let sender = Mutex::new(sender);
    event_loop.reporter(move |report| _ = sender.lock().unwrap().send(report.clone()));
    reports
}

/// Blocks the thread until the next report of a long step.
fn next_long_step(reports: &Receiver<Report>) -> LongStep {
    match reports.recv_timeout(PATIENCE) {
        Ok(Report::LongStep(step)) => step,
        other => panic!("expected the report of a long step: {other:?}"),
    }
}

/// Waits for the report of the end of a long step.
fn end_of_a_long_step(reports: &Receiver<Report>) -> LongStep {
    // The watchdog may have looked again before the step has ended.
    let mut reports = std::iter::from_fn(|| reports.recv_timeout(PATIENCE).ok());
    let end = reports.find_map(|report| match report {
        Report::LongStepEnded(step) => Some(step),
        _ => None,
    });
    end.expect("the watchdog reports the end of the step")
}

fn name(step: &LongStep) -> &str {
    step.task.name.as_deref().unwrap_or_default()
}

fn are_reported_while_they_last(subject: Subject) {
    let (mut event_loop, reports) = watched_loop();
    let (before, after) = (body().repeat(3, turn), body().repeat(3, turn));
    drop(event_loop.spawn_named("before", subject.task(before)));
    let blocks = body().perform(turn()).run(move || {
        let step = next_long_step(&reports);
        assert_eq!(name(&step), "blocks");
        assert!(step.lasted >= LIMIT, "{step:?}");
        assert!(step.task.spawned_at.file().ends_with("long_steps.rs"), "{step:?}");
    });
    let blocks = event_loop.spawn_named("blocks", subject.task(blocks));
    drop(event_loop.spawn_named("after", subject.task(after)));
    event_loop.block_on(blocks).unwrap().unwrap();
}

fn have_their_system_call(subject: Subject) {
    let (mut event_loop, reports) = watched_loop();
    let blocks = body().run(move || {
        let is_blocked = |step: LongStep| match step.activity {
            // The thread was looked at before it was blocked.
            Activity::Computes => false,
            Activity::InSystemCall(call) => {
                assert_eq!(call.to_string(), FUTEX);
                true
            }
            _ => !cfg!(target_os = "linux"),
        };
        while !is_blocked(next_long_step(&reports)) {}
    });
    event_loop.block_on(subject.task(blocks)).unwrap();
}

const FUTEX: &str = "waits for a lock or for another thread, in the system call futex";

fn are_reported_again_and_at_their_end(subject: Subject) {
    let (mut event_loop, reports) = watched_loop();
    let blocks = body().output(move || {
        let lasted = [(); 3].map(|()| next_long_step(&reports).lasted);
        // The pauses grow.
        assert!(lasted[1] >= lasted[0] * 2 && lasted[2] >= lasted[1] * 2, "{lasted:?}");
        (reports, lasted[2])
    });
    let (reports, lasted) = event_loop.block_on(subject.task(blocks)).unwrap();
    let ended = end_of_a_long_step(&reports);
    assert!(ended.lasted >= lasted, "{ended:?}");
    // The report after the end is the last one.
    drop(event_loop);
    assert!(reports.recv_timeout(PATIENCE).is_err());
}

fn of_destructors_have_the_name_of_their_task(subject: Subject) {
    let (mut event_loop, reports) = watched_loop();
    // The destructor blocks the thread until it is reported.
    let blocks = in_drop(move || assert_eq!(name(&next_long_step(&reports)), "cancelled"));
    let waits = body().hold(blocks).perform(Notify::new().notified());
    let waits = event_loop.spawn_named("cancelled", subject.task(waits));
    turns(&mut event_loop, 1);
    let cancels = subject.task(body().run(move || waits.cancel()));
    let cancels = event_loop.spawn_named("cancels", cancels);
    event_loop.block_on(cancels).unwrap().unwrap();
}

fn of_one_task_are_reported_one_by_one(subject: Subject) {
    let (mut event_loop, reports) = watched_loop();
    let blocks = body().output(move || {
        next_long_step(&reports);
        reports
    });
    let reports = event_loop.block_on(subject.task(blocks)).unwrap();
    let first = end_of_a_long_step(&reports);
    let again = body().output(move || (next_long_step(&reports), reports));
    let (second, _reports) = event_loop.block_on(subject.task(again)).unwrap();
    assert_ne!(first.task.id, second.task.id);
}

fn are_reported_to_the_last_reporter(subject: Subject) {
    let (mut event_loop, _) = watched_loop();
    let (sender, was_called) = mpsc::channel();
    event_loop.reporter(move |_| {
        sender.send(()).unwrap();
        panic!("a reporter may panic");
    });
    let blocks = body().run(move || was_called.recv_timeout(PATIENCE).unwrap());
    event_loop.block_on(subject.task(blocks)).unwrap();
    let reports = reports_of(&event_loop);
    let blocks = body().run(move || {
        // The end of the first step may be reported before.
        let mut reports = std::iter::from_fn(|| reports.recv_timeout(PATIENCE).ok());
        assert!(reports.any(|report| matches!(report, Report::LongStep(_))));
    });
    event_loop.block_on(subject.task(blocks)).unwrap();
}
