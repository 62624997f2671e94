//! Barriers: no task continues before all have arrived.

use quadrivium::{
    prelude::*,
    sync::{Barrier, barrier::BarrierWaitResult},
    task::BoxTask,
};

use super::deadlock::expect_deadlock;
use crate::{NO_NOTES, Notes, Subject, body, new_loop, turns};

laws! { ($) barriers:
    /// No task continues before all have arrived at the barrier. The last to arrive is the leader,
    /// and the others follow in the order of their arrival.
    all_tasks_arrive_before_any_continues;
    /// After each round a barrier can be used again, like a new one.
    can_be_used_again;
    /// A task that is cancelled while it waits at a barrier no longer counts as arrived.
    a_cancelled_waiter_does_not_count;
    /// A task that is cancelled after all have arrived still counts, and delays no other task.
    a_waiter_cancelled_after_the_last_arrival_counts;
    /// A spurious resume at a barrier does not count a task twice.
    a_spurious_resume_does_not_count_twice;
    /// A barrier for zero tasks, or for one, never makes a task wait.
    for_zero_or_one_task_never_waits;
    /// If fewer tasks arrive than a barrier needs, the run ends with a deadlock.
    too_few_tasks_are_a_deadlock on Deadlocks;
}

/// Waits at the barrier `rounds` times. Notes each time whether this task was the leader.
fn waiting_task(
    subject: Subject,
    barrier: &Barrier,
    notes: &Notes,
    name: &'static str,
    rounds: usize,
) -> BoxTask<()> {
    let (barrier, notes) = (barrier.clone(), notes.clone());
    let note = move |result: BarrierWaitResult| {
        notes.add(match result.is_leader() {
            true => format!("{name} leads"),
            false => name.into(),
        });
    };
    subject.task(body().repeat_then(rounds, move || barrier.wait(), note))
}

fn all_tasks_arrive_before_any_continues(subject: Subject) {
    let (barrier, notes, mut event_loop) = (Barrier::new(3), Notes::default(), new_loop());
    let _first =
        ["a", "b"].map(|name| event_loop.spawn(waiting_task(subject, &barrier, &notes, name, 1)));
    turns(&mut event_loop, 3);
    assert_eq!(notes.lines(), NO_NOTES);
    let _last = event_loop.spawn(waiting_task(subject, &barrier, &notes, "c", 1));
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["c leads", "a", "b"]);
}

fn can_be_used_again(subject: Subject) {
    let (barrier, notes, mut event_loop) = (Barrier::new(2), Notes::default(), new_loop());
    let _tasks =
        ["a", "b"].map(|name| event_loop.spawn(waiting_task(subject, &barrier, &notes, name, 3)));
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["b leads", "a", "a leads", "b", "b leads", "a"]);
}

fn a_cancelled_waiter_does_not_count(subject: Subject) {
    let (barrier, notes, mut event_loop) = (Barrier::new(2), Notes::default(), new_loop());
    let cancelled = event_loop.start(waiting_task(subject, &barrier, &notes, "a", 1), 1);
    cancelled.cancel();
    let _b = event_loop.start(waiting_task(subject, &barrier, &notes, "b", 1), 2);
    assert_eq!(notes.lines(), NO_NOTES, "only one task waits at the barrier: it must not continue");
    let _c = event_loop.spawn(waiting_task(subject, &barrier, &notes, "c", 1));
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["c leads", "b"]);
}

fn a_waiter_cancelled_after_the_last_arrival_counts(subject: Subject) {
    let (barrier, notes, mut event_loop) = (Barrier::new(2), Notes::default(), new_loop());
    let cancelled = event_loop.start(waiting_task(subject, &barrier, &notes, "a", 1), 1);
    let own = barrier.clone();
    let leads = body().perform_then(
        move || own.wait(),
        move |result| {
            assert!(result.is_leader());
            cancelled.cancel();
        },
    );
    let leads = event_loop.spawn(subject.task(leads));
    event_loop.block_on(leads).unwrap().unwrap();
    let _next =
        ["b", "c"].map(|name| event_loop.spawn(waiting_task(subject, &barrier, &notes, name, 1)));
    event_loop.run().unwrap();
    assert_eq!(
        notes.lines(),
        ["c leads", "b"],
        "a cancelled task must not count in the next round"
    );
}

fn a_spurious_resume_does_not_count_twice(subject: Subject) {
    let (barrier, notes, mut event_loop) = (Barrier::new(2), Notes::default(), new_loop());
    let probe = crate::Probe::default();
    let wait = waiting_task(subject, &barrier, &notes, "a", 1);
    let _task = event_loop.start(subject.task(body().perform(race(wait, probe.waits()))), 1);
    probe.wake();
    turns(&mut event_loop, 2);
    assert_eq!(notes.lines(), NO_NOTES);
    let _other = event_loop.spawn(waiting_task(subject, &barrier, &notes, "b", 1));
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["b leads", "a"]);
}

fn for_zero_or_one_task_never_waits(subject: Subject) {
    for n in [0, 1] {
        let (barrier, notes, mut event_loop) = (Barrier::new(n), Notes::default(), new_loop());
        let _task = event_loop.start(waiting_task(subject, &barrier, &notes, "a", 2), 1);
        assert_eq!(notes.lines(), ["a leads", "a leads"]);
    }
}

fn too_few_tasks_are_a_deadlock(subject: Subject) {
    let (barrier, notes, mut event_loop) = (Barrier::new(2), Notes::default(), new_loop());
    let _task = event_loop.spawn(waiting_task(subject, &barrier, &notes, "a", 1));
    expect_deadlock(event_loop.run());
}
