//! Styles inside styles: tasks of all styles that perform each other a hundred deep are one task.

use std::time::Duration;

use quadrivium::{prelude::*, task::BoxTask};

use crate::{
    Body, NO_NOTES, Notes, Probe, Subject, body, new_loop,
    styles::{ALL, Future},
    traced, turns,
};

laws! { ($) nesting:
    /// An output passes through a hundred tasks of all styles that perform each other.
    an_output_passes_through_a_hundred_tasks;
    /// A cancel drops a hundred nested tasks from the inside out.
    a_cancel_drops_a_hundred_tasks_inside_out;
    /// A panic passes through a hundred nested tasks and drops them all.
    a_panic_passes_through_a_hundred_tasks;
    /// A wake reaches the innermost of a hundred nested tasks, once.
    a_wake_reaches_the_innermost_of_a_hundred_tasks;
    /// A hundred nested tasks leave the trace of a single task.
    a_hundred_tasks_leave_the_trace_of_one on VirtualClock;
    /// A hundred nested tasks can spawn and join each other.
    a_hundred_tasks_spawn_and_join_each_other;
    /// One `join_all` drives parts of all styles.
    join_all_drives_parts_of_all_styles on VirtualClock;
}

const DEEP: usize = 100;

/// Nests a hundred tasks of all styles. `innermost` is the body of the innermost one, and `subject`
/// is the style of the outermost.
fn nested<T: 'static>(
    subject: Subject,
    innermost: Body<T>,
    around: impl Fn(BoxTask<T>) -> Body<T>,
) -> BoxTask<T> {
    let mut task = Subject::of(&Future).task(innermost);
    for n in 0..DEEP - 2 {
        task = Subject::of(ALL[n % ALL.len()]).task(around(task));
    }
    subject.task(around(task))
}

fn an_output_passes_through_a_hundred_tasks(subject: Subject) {
    let innermost = body().repeat(3, turn).output(|| 42);
    assert_eq!(new_loop().block_on(nested(subject, innermost, Body::performing)).unwrap(), 42);
}

fn a_cancel_drops_a_hundred_tasks_inside_out(subject: Subject) {
    let notes = Notes::default();
    let innermost = body().hold(notes.when_dropped("innermost")).perform(sleep(Duration::MAX));
    let around = |task| body().hold(notes.when_dropped("around")).perform(task);
    let mut event_loop = new_loop();
    let handle = event_loop.start(nested(subject, innermost, around), 1);
    assert_eq!(notes.lines(), NO_NOTES);
    handle.cancel();
    assert_eq!(notes.lines()[0], "innermost", "tasks must be dropped from the inside out");
    assert_eq!(notes.count("around"), DEEP - 1);
    assert_eq!(notes.lines().len(), DEEP);
}

fn a_panic_passes_through_a_hundred_tasks(subject: Subject) {
    let notes = Notes::default();
    let innermost = body().perform(turn()).run(|| panic!("on purpose"));
    let around = |task| body().hold(notes.when_dropped("around")).perform(task).note(&notes, "on");
    let error = new_loop().block_on(nested(subject, innermost, around)).unwrap_err();
    assert!(error.to_string().ends_with(" panicked: on purpose"), "{error}");
    assert_eq!(notes.lines(), ["around"; DEEP - 1]);
}

fn a_wake_reaches_the_innermost_of_a_hundred_tasks(subject: Subject) {
    let mut event_loop = new_loop();
    let probe = Probe::default();
    let innermost = body().perform(probe.waits()).output(|| 42);
    let handle = event_loop.start(nested(subject, innermost, Body::performing), 1);
    for resumes in 1..4 {
        assert_eq!(probe.resumes(), resumes);
        probe.wake();
        turns(&mut event_loop, 2);
    }
    probe.open();
    probe.wake();
    assert_eq!(event_loop.block_on(handle).unwrap().unwrap(), 42);
}

fn a_hundred_tasks_leave_the_trace_of_one(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let innermost = body().perform(turn()).perform(sleep(Duration::from_secs(1)));
    event_loop.block_on(nested(subject, innermost, Body::performing)).unwrap();
    trace.expect(&[
        // The loop sees a single task, which waits for the same things as the innermost one.
        "0ns task 1 spawned",
        "0ns task 1 resumed",
        "0ns task 1 suspended for a turn",
        "0ns task 1 resumed",
        "0ns task 1 suspended until 1s",
        "1s task 1 woken by its deadline",
        "1s task 1 resumed",
        "1s task 1 done",
    ]);
}

fn a_hundred_tasks_spawn_and_join_each_other(subject: Subject) {
    let notes = Notes::default();
    let around = |task: BoxTask<()>| {
        let joins = body().perform_ok(move || spawn(task));
        joins.note(&notes, "joined")
    };
    new_loop().block_on(nested(subject, body().perform(turn()), around)).unwrap();
    assert_eq!(notes.lines().len(), DEEP - 1);
}

fn join_all_drives_parts_of_all_styles(subject: Subject) {
    let mut event_loop = new_loop();
    let seconds = |n: usize| sleep(Duration::from_secs(n as u64));
    let part =
        |n: usize| Subject::of(ALL[n % 4]).task(body().perform(seconds(n)).output(move || n));
    let all = subject.task(Body::performing(Box::pin(join_all((0..8).map(part)))));
    assert_eq!(event_loop.block_on(all).unwrap(), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(event_loop.elapsed(), Duration::from_secs(7));
}
