//! Wakes: several become one resume, none is lost, and a wake by itself runs no task.

use std::{cell::RefCell, rc::Rc};

use quadrivium::{
    event_loop::Turned,
    prelude::*,
    task::{Step, Wait},
};

use crate::{
    Notes, Probe, Subject, body, in_drop, leaf, loop_with_probe, new_loop, spawn_with_probe,
    traced, turns, wakers::panicking_waker,
};

laws! { ($) wakes:
    /// Several wakes of a suspended task before it runs cause a single resume.
    many_wakes_are_one_resume on VirtualClock;
    /// Wakes of a running task cause one more resume.
    a_wake_while_running_is_one_more_resume on VirtualClock;
    /// A wake that comes before the suspension it is meant for is not lost.
    a_wake_before_the_suspension_is_not_lost;
    /// A task that is woken and waits for a turn is queued once.
    a_wake_and_a_turn_are_one_resume on VirtualClock;
    /// A wake of a task that is ready already adds no resume.
    a_wake_of_a_ready_task_is_no_second_resume;
    /// A million wakes between two turns cause a single resume.
    a_million_wakes_are_one_resume;
    /// A destructor may wake tasks, also its own.
    in_a_destructor_are_allowed;
    /// A wake by itself runs no task, so it may be called while a value is borrowed.
    under_a_borrow_run_nothing;
    /// Wakers of the same task are equal, and wakers of different tasks are not.
    wakers_of_one_task_are_equal;
}

fn many_wakes_are_one_resume(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let (probe, handle) = spawn_with_probe(subject, &event_loop);
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
        // Three wakes: the first makes the task ready, and the others change nothing.
        "0ns task 1 woken from outside",
        "0ns task 1 resumed",
        "0ns task 1 suspended until woken",
        "0ns task 1 cancelled",
    ]);
}

/// A leaf that wakes itself this number of times at its first resume, and then waits forever.
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
            // The task runs, but may have checked its condition before this wake came.
            "0ns task 1 woken by task 1",
            "0ns task 1 suspended until woken",
            // So it is resumed once more, and only once.
            "0ns task 1 resumed",
            "0ns task 1 suspended until woken",
        ]);
    }
}

fn a_wake_before_the_suspension_is_not_lost(subject: Subject) {
    let mut event_loop = new_loop();
    let probe = Probe::default();
    let mut first = probe.waits();
    // The task wakes itself in one sub-task and suspends in the next. The wake must not be lost.
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
        // The task is woken and also waits for a turn. It is queued once.
        "0ns task 1 woken by task 1",
        "0ns task 1 suspended for a turn",
        // The leaf is done. The next one waits for a turn, too.
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
        assert_eq!(probe.resumes(), turn, "a ready task must run once in each turn");
        // The task is in the ready queue already, and stays in it once.
        probe.wake();
        probe.wake();
    }
}

/// A million for a single style. A thousand for pairs of styles, which would find no more.
pub fn million(subject: Subject) -> usize {
    if !subject.is_pair() { 1_000_000 } else { 1_000 }
}

fn a_million_wakes_are_one_resume(subject: Subject) {
    let (mut event_loop, probe, _handle) = loop_with_probe(subject);
    let waker = probe.waker();
    (0..million(subject)).for_each(|_| waker.wake_by_ref());
    turns(&mut event_loop, 1);
    assert_eq!(probe.resumes(), 2, "wakes between two turns must cause one resume");
}

/// Returns a value that wakes the task of the probe when it is dropped.
fn wakes_in_drop(probe: &Probe) -> impl Sized + use<> {
    let probe = probe.clone();
    in_drop(move || probe.wake())
}

fn in_a_destructor_are_allowed(subject: Subject) {
    let (mut event_loop, probe, _handle) = loop_with_probe(subject);
    let wakes = body().hold(wakes_in_drop(&probe)).perform(turn());
    event_loop.start_detached(subject.task(wakes), 2);
    assert_eq!(probe.resumes(), 1, "a wake by itself must run nothing");
    turns(&mut event_loop, 1);
    assert_eq!(probe.resumes(), 2);
    // The destructor of a task that is cancelled may also wake that task itself.
    let own = Probe::default();
    let body = body().hold(wakes_in_drop(&own)).perform(own.waits());
    let handle = event_loop.start(subject.task(body), 1);
    handle.cancel();
    turns(&mut event_loop, 1);
    assert_eq!(own.resumes(), 1);
}

fn under_a_borrow_run_nothing(subject: Subject) {
    let mut event_loop = new_loop();
    let shared = Rc::new(RefCell::new(Notes::default()));
    let probe = Probe::default();
    let borrows = Rc::clone(&shared);
    let waits = probe.waits();
    let body = body().perform(waits).run(move || borrows.borrow_mut().add("woken"));
    let handle = event_loop.start(subject.task(body), 1);
    probe.open();
    let borrowed = shared.borrow_mut();
    // If the wake ran the task, the task would find the value borrowed.
    probe.wake();
    drop(borrowed);
    turns(&mut event_loop, 1);
    assert!(handle.is_finished());
    assert_eq!(shared.borrow().lines(), ["woken"]);
}

fn wakers_of_one_task_are_equal(subject: Subject) {
    let mut event_loop = new_loop();
    let (one, _one) = spawn_with_probe(subject, &event_loop);
    let (other, _other) = spawn_with_probe(subject, &event_loop);
    turns(&mut event_loop, 1);
    assert!(one.waker().will_wake(&one.waker()));
    assert!(!one.waker().will_wake(&other.waker()));
    assert!(!one.waker().will_wake(&panicking_waker()));
}
