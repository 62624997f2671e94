//! Order: the ready queue is FIFO, first come first served; one resume a turn; the same trace in every
//! style.

use std::{cell::RefCell, rc::Rc};

use quadrivium::{prelude::*, sync::Notify};

use crate::{Probe, Said, Subject, body, new_loop, traced, turns};

laws! { ($) order:
    /// Tasks start in the order in which they were spawned.
    first_come_first_served on VirtualClock;
    /// A turn resumes each task that was ready at its start once, in order.
    a_turn_runs_each_ready_task_once on VirtualClock;
    /// A task spawned in a turn starts in the next one, behind those that were ready.
    a_task_spawned_in_a_turn_starts_in_the_next on VirtualClock;
    /// A wake only enqueues: the woken task runs in the next turn, in the order of waking.
    a_task_woken_in_a_turn_runs_in_the_next on VirtualClock;
    /// Tasks that wait for one thing are woken in the order in which they came.
    all_are_woken_in_the_order_they_came on VirtualClock;
    /// A cancelled task leaves the order of the others as it was.
    a_cancelled_task_leaves_the_order_of_the_others on VirtualClock;
    /// Tasks that take turns run one after the other, round after round.
    long_work_in_turns_is_shared_fairly;
    /// Tasks that spawn their successors do not keep the others from running.
    a_spawn_storm_lets_the_others_run;
    /// No two tasks of a loop have the same number.
    a_reused_slot_has_a_new_number;
}

fn first_come_first_served(subject: Subject) {
    let (mut event_loop, trace) = traced();
    for name in ["ada", "bob", "cyd"] {
        drop(event_loop.spawn_named(name, subject.task(body())));
    }
    event_loop.run().unwrap();
    assert_eq!(
        trace.lines(),
        [
            // Handed over; nothing runs before the loop does.
            "0ns task 1 \"ada\" spawned",
            "0ns task 2 \"bob\" spawned",
            "0ns task 3 \"cyd\" spawned",
            // The first turn, in the order of spawning. None suspends, so none is left.
            "0ns task 1 \"ada\" resumed",
            "0ns task 1 \"ada\" done",
            "0ns task 2 \"bob\" resumed",
            "0ns task 2 \"bob\" done",
            "0ns task 3 \"cyd\" resumed",
            "0ns task 3 \"cyd\" done",
        ],
        "{subject}"
    );
}

fn a_turn_runs_each_ready_task_once(subject: Subject) {
    let (mut event_loop, trace) = traced();
    drop(event_loop.spawn(subject.task(body().perform(turn()))));
    drop(event_loop.spawn(subject.task(body().perform(turn()))));
    turns(&mut event_loop, 1);
    assert_eq!(
        trace.lines(),
        [
            "0ns task 1 spawned",
            "0ns task 2 spawned",
            // Task 1 is ready again at once, behind task 2 ...
            "0ns task 1 resumed",
            "0ns task 1 suspended for a turn",
            // ... which has its share first. The turn ends here: both have run once.
            "0ns task 2 resumed",
            "0ns task 2 suspended for a turn",
        ],
        "{subject}"
    );
    turns(&mut event_loop, 1);
    assert_eq!(
        trace.lines()[6..],
        [
            // The second turn, in the order in which they suspended.
            "0ns task 1 resumed",
            "0ns task 1 done",
            "0ns task 2 resumed",
            "0ns task 2 done",
        ],
        "{subject}"
    );
}

fn a_task_spawned_in_a_turn_starts_in_the_next(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let child = subject.task(body());
    drop(event_loop.spawn(subject.task(body().run(|| drop(spawn_named("child", child))))));
    drop(event_loop.spawn(subject.task(body())));
    turns(&mut event_loop, 1);
    assert_eq!(
        trace.lines(),
        [
            "0ns task 1 spawned",
            "0ns task 2 spawned",
            // The child is born here and queues up behind task 2; the turn knew of two tasks only.
            "0ns task 1 resumed",
            "0ns task 3 \"child\" spawned by task 1",
            "0ns task 1 done",
            "0ns task 2 resumed",
            "0ns task 2 done",
        ],
        "{subject}"
    );
    turns(&mut event_loop, 1);
    assert_eq!(
        trace.lines()[7..],
        [
            // The second turn has the child alone.
            "0ns task 3 \"child\" resumed",
            "0ns task 3 \"child\" done",
        ],
        "{subject}"
    );
}

fn a_task_woken_in_a_turn_runs_in_the_next(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let notify = Notify::new();
    drop(event_loop.spawn_named("waits", subject.task(body().perform(notify.notified()))));
    let wakes = body().perform(turn()).run(move || notify.notify_one()).perform(turn());
    drop(event_loop.spawn_named("wakes", subject.task(wakes)));
    event_loop.run().unwrap();
    assert_eq!(
        trace.lines(),
        [
            "0ns task 1 \"waits\" spawned",
            "0ns task 2 \"wakes\" spawned",
            // The first turn: one gets into line, the other gives it the time to.
            "0ns task 1 \"waits\" resumed",
            "0ns task 1 \"waits\" suspended until woken",
            "0ns task 2 \"wakes\" resumed",
            "0ns task 2 \"wakes\" suspended for a turn",
            // The second turn: a wake only enqueues, so the waker goes on first.
            "0ns task 2 \"wakes\" resumed",
            "0ns task 1 \"waits\" woken by task 2",
            "0ns task 2 \"wakes\" suspended for a turn",
            // The third turn: the woken one was enqueued first.
            "0ns task 1 \"waits\" resumed",
            "0ns task 1 \"waits\" done",
            "0ns task 2 \"wakes\" resumed",
            "0ns task 2 \"wakes\" done",
        ],
        "{subject}"
    );
}

fn all_are_woken_in_the_order_they_came(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let notify = Notify::new();
    for _ in 0..3 {
        drop(event_loop.spawn(subject.task(body().perform(notify.notified()))));
    }
    turns(&mut event_loop, 1);
    notify.notify_all();
    let before = trace.lines().len();
    event_loop.run().unwrap();
    assert_eq!(
        trace.lines()[before..],
        [
            // No task runs, so the wakes are from outside, in the order of getting into line.
            "0ns task 1 woken from outside",
            "0ns task 2 woken from outside",
            "0ns task 3 woken from outside",
            // And so they go on.
            "0ns task 1 resumed",
            "0ns task 1 done",
            "0ns task 2 resumed",
            "0ns task 2 done",
            "0ns task 3 resumed",
            "0ns task 3 done",
        ],
        "{subject}"
    );
}

fn a_cancelled_task_leaves_the_order_of_the_others(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let handles = [0, 1, 2].map(|_| event_loop.spawn(subject.task(body().perform(turn()))));
    turns(&mut event_loop, 1);
    handles[1].cancel();
    let before = trace.lines().len();
    event_loop.run().unwrap();
    assert_eq!(
        trace.lines()[before..],
        [
            // Taken away at once, between two turns.
            "0ns task 2 cancelled",
            // Its place in the ready queue is skipped.
            "0ns task 1 resumed",
            "0ns task 1 done",
            "0ns task 3 resumed",
            "0ns task 3 done",
        ],
        "{subject}"
    );
}

fn long_work_in_turns_is_shared_fairly(subject: Subject) {
    let said = Said::default();
    let mut event_loop = new_loop();
    for name in ["a", "b", "c"] {
        let said = said.clone();
        let work = move || {
            said.say(name);
            turn()
        };
        drop(event_loop.spawn(subject.task(body().repeat(100, work))));
    }
    event_loop.run().unwrap();
    assert_eq!(said.lines().concat(), "abc".repeat(100));
}

fn a_spawn_storm_lets_the_others_run(subject: Subject) {
    // Each task of the storm spawns the next one; the other task has its turn between any two.
    fn storm(subject: Subject, said: Said, left: usize) {
        if left > 0 {
            let next = said.clone();
            let body = body().run(move || {
                next.say("storm");
                storm(subject, next, left - 1);
            });
            drop(spawn(subject.task(body)));
        }
    }
    let said = Said::default();
    let mut event_loop = new_loop();
    let first = said.clone();
    drop(event_loop.spawn(subject.task(body().run(move || storm(subject, first, 50)))));
    let other = said.clone();
    let other = move || {
        other.say("other");
        turn()
    };
    drop(event_loop.spawn(subject.task(body().repeat(51, other))));
    event_loop.run().unwrap();
    let expected = ["other", "storm"].repeat(50);
    assert_eq!(said.lines()[..100], expected);
}

fn a_reused_slot_has_a_new_number(subject: Subject) {
    let mut event_loop = new_loop();
    let ids = Rc::new(RefCell::new(Vec::new()));
    for _ in 0..3 {
        let handle = event_loop.spawn(subject.task(body()));
        ids.borrow_mut().push(handle.id().0);
        event_loop.block_on(handle).unwrap().unwrap();
    }
    // Two tasks a round: the one spawned here and the one that `block_on` makes of its handle.
    assert_eq!(*ids.borrow(), [1, 3, 5]);
    let probe = Probe::default();
    drop(event_loop.spawn(subject.task(body().perform(probe.waits()))));
    turns(&mut event_loop, 1);
    assert_eq!(probe.resumes(), 1);
}
