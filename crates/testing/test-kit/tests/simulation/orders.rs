//! Every order is tried once: the number of orders is the one that combinatorics gives.

use std::collections::BTreeSet;

use quadrivium::{
    EventLoop,
    event_loop::{Recorder, Schedule},
    host::TaskId,
    spawn,
    sync::oneshot,
    test::{Order, Simulation, choose, every_order},
};

use crate::styles::{Notes, Style, in_every_style, script};

/// Spawns a task for each number of steps, and runs them.
fn side_by_side(style: Style, event_loop: &mut EventLoop, steps: &[usize]) {
    for steps in steps {
        drop(event_loop.spawn(style.task(script().turns(steps - 1))));
    }
    event_loop.run().unwrap();
}

#[test]
fn independent_tasks_have_as_many_orders_as_their_steps_can_be_shuffled() {
    // (sum of steps)! / product of (steps!).
    let programs: [(&[usize], u64); 6] =
        [(&[3, 3], 20), (&[2, 2, 2], 90), (&[1, 1, 1, 1], 24), (&[2, 4], 15), (&[5], 1), (&[], 1)];
    in_every_style(|style| {
        for (steps, orders) in programs {
            let found = every_order(|event_loop| side_by_side(style, event_loop, steps));
            assert_eq!(found, orders, "{steps:?}");
        }
    });
}

#[test]
fn a_spawned_task_runs_after_the_step_that_spawned_it() {
    in_every_style(|style| {
        let orders = every_order(|event_loop| {
            // A task of three steps. The first step spawns a child of two steps.
            let child = move || drop(spawn(style.task(script().turns(1))));
            drop(event_loop.spawn(style.task(script().run(child).turns(1))));
            drop(event_loop.spawn(style.task(script().turns(1))));
            event_loop.run()
        });
        // The steps are p1 p2 of the parent, c1 c2 of the child, and a1 a2 of another task. p1
        // comes before p2, c1 and c2. So parent and child have 3 orders: p1, then p2 among c1 c2.
        // Into each of these sequences of four, a1 a2 can be shuffled in 6 choose 2 = 15 ways.
        assert_eq!(orders, 3 * 15);
    });
}

#[test]
fn a_task_that_waits_runs_after_its_wake() {
    in_every_style(|style| {
        let orders = every_order(|event_loop| {
            let (sender, receiver) = oneshot::channel();
            let send = move || sender.send(1).unwrap();
            drop(event_loop.spawn(style.task(script().turns(1).run(send))));
            drop(event_loop.spawn(style.task(script().perform(receiver))));
            drop(event_loop.spawn(style.task(script())));
            event_loop.run()
        });
        // The sender has steps s1 s2 and sends in s2. The receiver is done in its first step when
        // it comes after s2: s1 s2 r. Otherwise it suspends, and its second step comes after s2:
        // s1 r1 s2 r2 and r1 s1 s2 r2. A third task of one step has 4 places in a sequence of
        // three and 5 in one of four.
        assert_eq!(orders, 4 + 5 + 5);
    });
}

#[test]
fn no_two_orders_are_the_same() {
    in_every_style(|style| {
        let mut seen = BTreeSet::new();
        let orders = every_order(|event_loop| {
            let recorder = Recorder::default();
            event_loop.trace(recorder.clone());
            side_by_side(style, event_loop, &[2, 2, 2]);
            seen.insert(recorder.lines());
        });
        assert_eq!(seen.len() as u64, orders);
    });
}

#[test]
fn every_answer_of_a_choice_is_tried() {
    in_every_style(|style| {
        let notes = Notes::default();
        let orders = every_order(|event_loop| {
            let notes = notes.clone();
            let chooses = script().run(move || notes.add(choose(2) * 10 + choose(3)));
            event_loop.block_on(style.task(chooses))
        });
        assert_eq!(orders, 6);
        assert_eq!(notes.lines(), ["0", "1", "2", "10", "11", "12"]);
    });
}

#[test]
fn fifo_order_leaves_only_the_choices_of_the_program() {
    in_every_style(|style| {
        let simulation = Simulation::new().order(Order::Fifo);
        let orders = simulation.every_order(|event_loop| {
            side_by_side(style, event_loop, &[3, 3]);
            choose(2);
        });
        assert_eq!(orders, 2);
    });
}

#[test]
fn seeds_try_different_orders() {
    in_every_style(|style| {
        let program = |event_loop: &mut EventLoop| side_by_side(style, event_loop, &[3, 3]);
        let simulation = Simulation::new();
        let traces: BTreeSet<_> =
            (0..500).map(|seed| simulation.replay(seed, program).trace).collect();
        assert_eq!(traces.len(), 20, "all orders");
    });
}

#[test]
fn a_schedule_that_is_fifo_leaves_the_trace_of_an_ordinary_loop() {
    struct Fifo;
    impl Schedule for Fifo {
        fn next(&mut self, _: &[TaskId]) -> usize {
            0
        }
    }
    in_every_style(|style| {
        let loops = [EventLoop::with_virtual_clock(), EventLoop::with_schedule(Fifo)];
        let [ordinary, scheduled] = loops.map(|event_loop| {
            let (mut event_loop, recorder) = (event_loop.unwrap(), Recorder::default());
            event_loop.trace(recorder.clone());
            everything(style, &mut event_loop);
            recorder.lines()
        });
        assert_eq!(scheduled, ordinary);
        assert!(ordinary.len() > 40, "it is a program with many events");
    });
}

/// A program with spawns, wakes, deadlines, cancels and joins.
pub fn everything(style: Style, event_loop: &mut EventLoop) {
    use std::time::Duration;

    use quadrivium::{prelude::*, sync::channel, time::timeout};

    let second = Duration::from_secs(1);
    let (sender, receiver) = channel::bounded(1);
    for i in 0..3 {
        let sends = (0..3).fold(script(), |script, n| {
            script.perform(sender.send(10 * i + n)).perform(sleep(second * (i + 1)))
        });
        drop(event_loop.spawn_named("sender", style.task(sends)));
    }
    drop(sender);
    let never = event_loop.spawn(style.task(script().perform(sleep(Duration::MAX))));
    let receives = script().then(move || timeout(second * 2, receiver.recv()), drop);
    let receives = receives.turns(2).run(move || never.cancel());
    let receives = receives.then(
        move || spawn(style.task(script().turns(1).perform(sleep(second)))),
        |joined| assert!(joined.is_ok() || matches!(joined, Err(JoinError::Cancelled))),
    );
    event_loop.block_on(style.task(receives)).unwrap();
    event_loop.run().unwrap();
}
