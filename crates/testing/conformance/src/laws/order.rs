//! Order: the ready queue is first in, first out, each task is resumed once a turn, and every style
//! leaves the same trace.

use std::{cell::RefCell, rc::Rc};

use quadrivium::{prelude::*, sync::Notify};

use crate::{Notes, Probe, Subject, body, new_loop, notes_and_loop, traced, turns};

laws! { ($) order:
    /// Tasks start in the order in which they were spawned.
    tasks_start_in_the_order_of_spawning on VirtualClock;
    /// A turn resumes every task that was ready at its start once, in order.
    a_turn_runs_each_ready_task_once on VirtualClock;
    /// A task that is spawned in a turn starts in the next one, behind the tasks that were ready
    /// before.
    a_task_spawned_in_a_turn_starts_in_the_next on VirtualClock;
    /// A wake puts a task into the ready queue, and no more. The task runs in the next turn, in the
    /// order of the wakes.
    a_task_woken_in_a_turn_runs_in_the_next on VirtualClock;
    /// Tasks that wait for the same thing are woken in the order in which they came.
    waiting_tasks_are_woken_in_order on VirtualClock;
    /// A cancelled task does not change the order of the others.
    a_cancel_keeps_the_order_of_other_tasks on VirtualClock;
    /// Tasks that wait for turns run one after another, round after round.
    tasks_that_wait_for_turns_alternate;
    /// Tasks that spawn their successors do not keep other tasks from running.
    a_spawn_storm_lets_other_tasks_run;
    /// No two tasks of a loop have the same number, even if they use the same slot.
    a_reused_slot_gets_a_new_task_number;
}

fn tasks_start_in_the_order_of_spawning(subject: Subject) {
    let (mut event_loop, trace) = traced();
    for name in ["ada", "bob", "cyd"] {
        drop(event_loop.spawn_named(name, subject.task(body())));
    }
    event_loop.run().unwrap();
    trace.expect(&[
        // The tasks are handed over. Nothing runs before the loop does.
        "0ns task 1 \"ada\" spawned",
        "0ns task 2 \"bob\" spawned",
        "0ns task 3 \"cyd\" spawned",
        // The first turn, in the order of spawning. No task suspends, so none is left.
        "0ns task 1 \"ada\" resumed",
        "0ns task 1 \"ada\" done",
        "0ns task 2 \"bob\" resumed",
        "0ns task 2 \"bob\" done",
        "0ns task 3 \"cyd\" resumed",
        "0ns task 3 \"cyd\" done",
    ]);
}

fn a_turn_runs_each_ready_task_once(subject: Subject) {
    let (mut event_loop, trace) = traced();
    drop(event_loop.spawn(subject.task(body().perform(turn()))));
    event_loop.start_detached(subject.task(body().perform(turn())), 1);
    trace.expect(&[
        "0ns task 1 spawned",
        "0ns task 2 spawned",
        // Task 1 is ready again at once, behind task 2 ..
        "0ns task 1 resumed",
        "0ns task 1 suspended for a turn",
        // .. which runs next. The turn ends here, since both have run once.
        "0ns task 2 resumed",
        "0ns task 2 suspended for a turn",
    ]);
    turns(&mut event_loop, 1);
    trace.after(6).expect(&[
        // The second turn, in the order in which they suspended.
        "0ns task 1 resumed",
        "0ns task 1 done",
        "0ns task 2 resumed",
        "0ns task 2 done",
    ]);
}

fn a_task_spawned_in_a_turn_starts_in_the_next(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let child = subject.task(body());
    drop(event_loop.spawn(subject.task(body().run(|| drop(spawn_named("child", child))))));
    event_loop.start_detached(subject.task(body()), 1);
    trace.expect(&[
        "0ns task 1 spawned",
        "0ns task 2 spawned",
        // The child is queued behind task 2. It does not belong to this turn, which began with two
        // tasks.
        "0ns task 1 resumed",
        "0ns task 3 \"child\" spawned by task 1",
        "0ns task 1 done",
        "0ns task 2 resumed",
        "0ns task 2 done",
    ]);
    turns(&mut event_loop, 1);
    trace.after(7).expect(&[
        // The second turn runs the child alone.
        "0ns task 3 \"child\" resumed",
        "0ns task 3 \"child\" done",
    ]);
}

fn a_task_woken_in_a_turn_runs_in_the_next(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let notify = Notify::new();
    drop(event_loop.spawn_named("waits", subject.task(body().perform(notify.notified()))));
    let wakes = body().perform(turn()).run(move || notify.notify_one()).perform(turn());
    drop(event_loop.spawn_named("wakes", subject.task(wakes)));
    event_loop.run().unwrap();
    trace.expect(&[
        "0ns task 1 \"waits\" spawned",
        "0ns task 2 \"wakes\" spawned",
        // The first turn: one task waits for a notification, the other lets it do so.
        "0ns task 1 \"waits\" resumed",
        "0ns task 1 \"waits\" suspended until woken",
        "0ns task 2 \"wakes\" resumed",
        "0ns task 2 \"wakes\" suspended for a turn",
        // The second turn: a wake only queues a task, so the task that wakes continues first.
        "0ns task 2 \"wakes\" resumed",
        "0ns task 1 \"waits\" woken by task 2",
        "0ns task 2 \"wakes\" suspended for a turn",
        // The third turn: the woken task was queued first.
        "0ns task 1 \"waits\" resumed",
        "0ns task 1 \"waits\" done",
        "0ns task 2 \"wakes\" resumed",
        "0ns task 2 \"wakes\" done",
    ]);
}

fn waiting_tasks_are_woken_in_order(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let notify = Notify::new();
    for _ in 0..3 {
        drop(event_loop.spawn(subject.task(body().perform(notify.notified()))));
    }
    turns(&mut event_loop, 1);
    notify.notify_all();
    let before = trace.lines().len();
    event_loop.run().unwrap();
    trace.after(before).expect(&[
        // No task runs here, so the wakes come from outside, in the order of the waits.
        "0ns task 1 woken from outside",
        "0ns task 2 woken from outside",
        "0ns task 3 woken from outside",
        // The tasks continue in the same order.
        "0ns task 1 resumed",
        "0ns task 1 done",
        "0ns task 2 resumed",
        "0ns task 2 done",
        "0ns task 3 resumed",
        "0ns task 3 done",
    ]);
}

fn a_cancel_keeps_the_order_of_other_tasks(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let handles = [0, 1, 2].map(|_| event_loop.spawn(subject.task(body().perform(turn()))));
    turns(&mut event_loop, 1);
    handles[1].cancel();
    let before = trace.lines().len();
    event_loop.run().unwrap();
    trace.after(before).expect(&[
        // The task is removed at once, between two turns.
        "0ns task 2 cancelled",
        // Its place in the ready queue is skipped.
        "0ns task 1 resumed",
        "0ns task 1 done",
        "0ns task 3 resumed",
        "0ns task 3 done",
    ]);
}

fn tasks_that_wait_for_turns_alternate(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    for name in ["a", "b", "c"] {
        let notes = notes.clone();
        let work = move || {
            notes.add(name);
            turn()
        };
        drop(event_loop.spawn(subject.task(body().repeat(100, work))));
    }
    event_loop.run().unwrap();
    assert_eq!(notes.lines().concat(), "abc".repeat(100));
}

fn a_spawn_storm_lets_other_tasks_run(subject: Subject) {
    // Each task of the storm spawns the next. The other task has a turn between any two of them.
    fn storm(subject: Subject, notes: Notes, left: usize) {
        if left > 0 {
            let next = notes.clone();
            let body = body().run(move || {
                next.add("storm");
                storm(subject, next, left - 1);
            });
            drop(spawn(subject.task(body)));
        }
    }
    let (notes, mut event_loop) = notes_and_loop();
    let first = notes.clone();
    drop(event_loop.spawn(subject.task(body().run(move || storm(subject, first, 50)))));
    let other = notes.clone();
    let other = move || {
        other.add("other");
        turn()
    };
    event_loop.run_detached(subject.task(body().repeat(51, other)));
    let expected = ["other", "storm"].repeat(50);
    assert_eq!(notes.lines()[..100], expected);
}

fn a_reused_slot_gets_a_new_task_number(subject: Subject) {
    let mut event_loop = new_loop();
    let ids = Rc::new(RefCell::new(Vec::new()));
    for _ in 0..3 {
        let handle = event_loop.spawn(subject.task(body()));
        ids.borrow_mut().push(handle.id().0);
        event_loop.block_on(handle).unwrap().unwrap();
    }
    // Two tasks a round: one is spawned here, and `block_on` makes one of its handle.
    assert_eq!(*ids.borrow(), [1, 3, 5]);
    let probe = Probe::default();
    event_loop.start_detached(subject.task(body().perform(probe.waits())), 1);
    assert_eq!(probe.resumes(), 1);
}
