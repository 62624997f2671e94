//! Barriers: all have come, or nobody goes on.

use quadrivium::{
    prelude::*,
    sync::{Barrier, barrier::BarrierWaitResult},
    task::BoxTask,
};

use crate::{Said, Subject, body, new_loop, turns};

laws! { ($) barriers:
    /// Nobody goes on until all have come; the last leads, and the others follow in order.
    nobody_goes_on_until_all_have_come;
    /// A barrier is as new after each round.
    serves_round_after_round;
    /// Who waits at a barrier and is cancelled does not count.
    a_waiter_that_is_cancelled_does_not_count;
    /// Who is cancelled when all have come has counted, and holds nobody up.
    a_waiter_that_is_cancelled_once_all_have_come;
    /// A spurious resume at a barrier counts nobody twice.
    a_spurious_resume_counts_once;
    /// A barrier for nobody, or for one, holds nobody up.
    for_one_or_none;
    /// Too few at a barrier are a deadlock.
    too_few_are_a_deadlock on Deadlocks;
}

/// Waits at the barrier so many times, and says each time whether it led.
fn waits(
    subject: Subject,
    barrier: &Barrier,
    said: &Said,
    name: &'static str,
    rounds: usize,
) -> BoxTask<()> {
    let (barrier, said) = (barrier.clone(), said.clone());
    let says = move |result: BarrierWaitResult| {
        said.say(match result.is_leader() {
            true => format!("{name} leads"),
            false => name.into(),
        });
    };
    subject.task(body().repeat_then(rounds, move || barrier.wait(), says))
}

fn nobody_goes_on_until_all_have_come(subject: Subject) {
    let (barrier, said, mut event_loop) = (Barrier::new(3), Said::default(), new_loop());
    let _first = ["a", "b"].map(|name| event_loop.spawn(waits(subject, &barrier, &said, name, 1)));
    turns(&mut event_loop, 3);
    assert!(said.lines().is_empty());
    let _last = event_loop.spawn(waits(subject, &barrier, &said, "c", 1));
    event_loop.run().unwrap();
    assert_eq!(said.lines(), ["c leads", "a", "b"]);
}

fn serves_round_after_round(subject: Subject) {
    let (barrier, said, mut event_loop) = (Barrier::new(2), Said::default(), new_loop());
    let _tasks = ["a", "b"].map(|name| event_loop.spawn(waits(subject, &barrier, &said, name, 3)));
    event_loop.run().unwrap();
    assert_eq!(said.lines(), ["b leads", "a", "a leads", "b", "b leads", "a"]);
}

fn a_waiter_that_is_cancelled_does_not_count(subject: Subject) {
    let (barrier, said, mut event_loop) = (Barrier::new(2), Said::default(), new_loop());
    let cancelled = event_loop.start(waits(subject, &barrier, &said, "a", 1), 1);
    cancelled.cancel();
    let _b = event_loop.start(waits(subject, &barrier, &said, "b", 1), 2);
    assert!(said.lines().is_empty(), "it is alone");
    let _c = event_loop.spawn(waits(subject, &barrier, &said, "c", 1));
    event_loop.run().unwrap();
    assert_eq!(said.lines(), ["c leads", "b"]);
}

fn a_waiter_that_is_cancelled_once_all_have_come(subject: Subject) {
    let (barrier, said, mut event_loop) = (Barrier::new(2), Said::default(), new_loop());
    let cancelled = event_loop.start(waits(subject, &barrier, &said, "a", 1), 1);
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
    let _next = ["b", "c"].map(|name| event_loop.spawn(waits(subject, &barrier, &said, name, 1)));
    event_loop.run().unwrap();
    assert_eq!(said.lines(), ["c leads", "b"], "the next round begins with nobody");
}

fn a_spurious_resume_counts_once(subject: Subject) {
    let (barrier, said, mut event_loop) = (Barrier::new(2), Said::default(), new_loop());
    let probe = crate::Probe::default();
    let wait = waits(subject, &barrier, &said, "a", 1);
    let _task = event_loop.start(subject.task(body().perform(race(wait, probe.waits()))), 1);
    probe.wake();
    turns(&mut event_loop, 2);
    assert!(said.lines().is_empty());
    let _other = event_loop.spawn(waits(subject, &barrier, &said, "b", 1));
    event_loop.run().unwrap();
    assert_eq!(said.lines(), ["b leads", "a"]);
}

fn for_one_or_none(subject: Subject) {
    for n in [0, 1] {
        let (barrier, said, mut event_loop) = (Barrier::new(n), Said::default(), new_loop());
        let _task = event_loop.start(waits(subject, &barrier, &said, "a", 2), 1);
        assert_eq!(said.lines(), ["a leads", "a leads"]);
    }
}

fn too_few_are_a_deadlock(subject: Subject) {
    let (barrier, said, mut event_loop) = (Barrier::new(2), Said::default(), new_loop());
    let _task = event_loop.spawn(waits(subject, &barrier, &said, "a", 1));
    assert!(matches!(event_loop.run(), Err(RunError::Deadlock(_))));
}
