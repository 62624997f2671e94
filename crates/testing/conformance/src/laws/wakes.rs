//! Wakes: they coalesce, none is lost, and a wake runs nothing by itself.

use std::{cell::RefCell, rc::Rc};

use quadrivium::{
    event_loop::Turned,
    prelude::*,
    task::{Step, Wait},
};

use crate::{
    Probe, Said, Subject, body, in_drop, leaf, new_loop, traced, turns, wakers::panicking_waker,
    watched, watched_loop,
};

laws! { ($) wakes:
    /// Wakes of a suspended task before it runs are one resume.
    many_wakes_are_one on VirtualClock;
    /// Wakes of a running task are one more resume.
    a_wake_while_running_is_one_more_resume on VirtualClock;
    /// A wake before the suspension it is meant for is not lost.
    a_wake_before_the_first_suspension_counts;
    /// A task that is woken and gives way is ready once.
    a_wake_and_a_turn_are_one_resume on VirtualClock;
    /// A wake of a ready task adds nothing.
    a_wake_of_a_ready_task_is_no_second_resume;
    /// A million wakes between two turns are one resume.
    a_million_wakes;
    /// A destructor may wake tasks, its own too.
    in_a_destructor;
    /// A wake runs nothing by itself, so it may be called under a borrow.
    under_a_borrow;
    /// Wakers of one task are equal, those of two are not.
    a_waker_compares;
}

fn many_wakes_are_one(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let (probe, handle) = watched(subject, &event_loop);
    turns(&mut event_loop, 1);
    let waker = probe.waker();
    waker.wake_by_ref();
    waker.wake_by_ref();
    waker.wake();
    assert_eq!(turns(&mut event_loop, 1), Turned::Waiting);
    handle.cancel();
    turns(&mut event_loop, 1);
    trace.expect(&[
        "0ns task 1 spawned",
        "0ns task 1 resumed",
        "0ns task 1 suspended until woken",
        // Three wakes: the first one makes it ready, the others find it so.
        "0ns task 1 woken from outside",
        "0ns task 1 resumed",
        "0ns task 1 suspended until woken",
        "0ns task 1 cancelled",
    ]);
}

/// A leaf that wakes itself so many times at its first resume and then waits for ever.
fn wakes_itself(times: usize, probe: &Probe) -> impl Task<Output = ()> + use<> {
    let mut waits = probe.waits();
    let mut times = times;
    leaf(move |cx| {
        let step = waits.as_mut().resume(cx);
        (0..std::mem::take(&mut times)).for_each(|_| cx.waker().wake_by_ref());
        step
    })
}

fn a_wake_while_running_is_one_more_resume(subject: Subject) {
    for times in [1, 2, 10] {
        let (mut event_loop, trace) = traced();
        let probe = Probe::default();
        drop(event_loop.spawn(subject.task(body().perform(wakes_itself(times, &probe)))));
        assert_eq!(turns(&mut event_loop, 1), Turned::Ready);
        assert_eq!(turns(&mut event_loop, 3), Turned::Waiting);
        trace.expect(&[
            "0ns task 1 spawned",
            "0ns task 1 resumed",
            // It runs: what it is woken for may have come after it looked.
            "0ns task 1 woken by task 1",
            "0ns task 1 suspended until woken",
            // So it looks once more, and only once.
            "0ns task 1 resumed",
            "0ns task 1 suspended until woken",
        ]);
    }
}

fn a_wake_before_the_first_suspension_counts(subject: Subject) {
    let mut event_loop = new_loop();
    let probe = Probe::default();
    let mut first = probe.waits();
    // Wakes itself in one sub-task and suspends in the next: the wake is not lost between.
    let wakes = leaf(move |cx| {
        let _ = first.as_mut().resume(cx);
        cx.waker().wake_by_ref();
        Step::Done(())
    });
    drop(event_loop.spawn(subject.task(body().perform(wakes).perform(probe.waits()))));
    assert_eq!(turns(&mut event_loop, 1), Turned::Ready);
    assert_eq!(turns(&mut event_loop, 1), Turned::Waiting);
    assert_eq!(probe.resumes(), 3);
}

fn a_wake_and_a_turn_are_one_resume(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let mut has_run = false;
    let both = leaf(move |cx| match std::mem::replace(&mut has_run, true) {
        true => Step::Done(()),
        false => {
            cx.waker().wake_by_ref();
            Step::Suspended(Wait::Turn)
        }
    });
    event_loop.run_detached(subject.task(body().perform(both).perform(turn())));
    trace.expect(&[
        "0ns task 1 spawned",
        "0ns task 1 resumed",
        // Woken, and it lets a turn go by: it is ready for one reason or two, once.
        "0ns task 1 woken by task 1",
        "0ns task 1 suspended for a turn",
        // The leaf is done, and the next one lets a turn go by.
        "0ns task 1 resumed",
        "0ns task 1 suspended for a turn",
        "0ns task 1 resumed",
        "0ns task 1 done",
    ]);
}

fn a_wake_of_a_ready_task_is_no_second_resume(subject: Subject) {
    let mut event_loop = new_loop();
    let probe = Probe::default();
    let mut waits = probe.waits();
    let takes_turns = leaf(move |cx| {
        let _ = waits.as_mut().resume(cx);
        Step::<()>::Suspended(Wait::Turn)
    });
    drop(event_loop.spawn(subject.task(body().perform(takes_turns))));
    for turn in 1..5 {
        turns(&mut event_loop, 1);
        assert_eq!(probe.resumes(), turn, "once in each turn");
        // It is in the ready queue already, and stays in it once.
        probe.wake();
        probe.wake();
    }
}

/// A million; a thousand in pairs of styles, which would tell no more.
pub fn million(subject: Subject) -> usize {
    if !subject.is_pair() { 1_000_000 } else { 1_000 }
}

fn a_million_wakes(subject: Subject) {
    let (mut event_loop, probe, _handle) = watched_loop(subject);
    let waker = probe.waker();
    (0..million(subject)).for_each(|_| waker.wake_by_ref());
    turns(&mut event_loop, 1);
    assert_eq!(probe.resumes(), 2, "the loop did not run between them");
}

/// Wakes when it is dropped.
fn wakes_in_drop(probe: &Probe) -> impl Sized + use<> {
    let probe = probe.clone();
    in_drop(move || probe.wake())
}

fn in_a_destructor(subject: Subject) {
    let (mut event_loop, probe, _handle) = watched_loop(subject);
    let wakes = body().hold(wakes_in_drop(&probe)).perform(turn());
    event_loop.start_detached(subject.task(wakes), 2);
    assert_eq!(probe.resumes(), 1, "a wake runs nothing by itself");
    turns(&mut event_loop, 1);
    assert_eq!(probe.resumes(), 2);
    // Also the destructors of a task that is cancelled, and may wake that task itself.
    let own = Probe::default();
    let body = body().hold(wakes_in_drop(&own)).perform(own.waits());
    let handle = event_loop.start(subject.task(body), 1);
    handle.cancel();
    turns(&mut event_loop, 1);
    assert_eq!(own.resumes(), 1);
}

fn under_a_borrow(subject: Subject) {
    let mut event_loop = new_loop();
    let shared = Rc::new(RefCell::new(Said::default()));
    let probe = Probe::default();
    let borrows = Rc::clone(&shared);
    let waits = probe.waits();
    let body = body().perform(waits).run(move || borrows.borrow_mut().say("woken"));
    let handle = event_loop.start(subject.task(body), 1);
    probe.open();
    let borrowed = shared.borrow_mut();
    // Were the task run inside the wake, it would meet this borrow.
    probe.wake();
    drop(borrowed);
    turns(&mut event_loop, 1);
    assert!(handle.is_finished());
    assert_eq!(shared.borrow().lines(), ["woken"]);
}

fn a_waker_compares(subject: Subject) {
    let mut event_loop = new_loop();
    let (one, _one) = watched(subject, &event_loop);
    let (other, _other) = watched(subject, &event_loop);
    turns(&mut event_loop, 1);
    assert!(one.waker().will_wake(&one.waker()));
    assert!(!one.waker().will_wake(&other.waker()));
    assert!(!one.waker().will_wake(&panicking_waker()));
}
