//! Spurious and late wakes: nothing is lost, and the trace says what was done.

use std::time::Duration;

use quadrivium::{
    EventLoop,
    prelude::*,
    sync::oneshot,
    test::{Faults, Order, Simulation},
};

use crate::styles::{Style, in_every_style, script, trace};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_spurious_wake_resumes_a_task_too_early_and_it_waits_on() {
    in_every_style(|style| {
        let simulation = Simulation::new().max_steps(3).faults(
            // Always, and at once: it would go on for ever.
            Faults::none().spurious_wakes(1.0, Duration::ZERO),
        );
        let replay = simulation.replay(0, |event_loop: &mut EventLoop| {
            drop(event_loop.block_on(style.task(script().perform(sleep(SECOND)))));
        });
        assert_eq!(
            replay.trace,
            [
                "0ns task 1 spawned",
                "0ns task 1 resumed",
                "0ns task 1 suspended until 1s",
                "0ns task 1 woken for no reason", // The fault.
                "0ns task 1 resumed",
                "0ns task 1 suspended until 1s", // Its second is not over.
                "0ns task 1 woken for no reason",
                "0ns task 1 resumed",
                "0ns task 1 suspended until 1s",
                "0ns task 1 woken for no reason", // Another step is one too many.
                "0ns task 1 cancelled",           // The loop is dropped.
            ]
        );
    });
}

#[test]
fn a_delayed_deadline_is_late() {
    in_every_style(|style| {
        let late = Simulation::new().faults(Faults::none().delayed_wakes(1.0, SECOND));
        let lines = trace(&late, || style.task(script().perform(sleep(SECOND))));
        let (start, end) = (&lines[..4], &lines[4..]);
        assert_eq!(
            start,
            [
                "0ns task 1 spawned",
                "0ns task 1 resumed", // A new task is not delayed.
                "0ns task 1 suspended until 1s",
                "1s task 1 woken by its deadline", // Time jumped there.
            ]
        );
        let delay = end[0].strip_prefix("1s task 1 delayed by ").expect("the fault").to_string();
        let resumed_at = format!("1.{}", delay.trim_end_matches("ms").replace('.', ""));
        assert!(end[1].starts_with(&resumed_at) && end[1].ends_with("resumed"), "{end:?}");
        assert!(end[2].ends_with("task 1 done"), "{end:?}");
    });
}

#[test]
fn a_delayed_wake_comes_and_is_no_deadlock() {
    in_every_style(|style| {
        let late = Simulation::new().faults(Faults::none().delayed_wakes(1.0, SECOND));
        late.run(|event_loop| {
            let (sender, receiver) = oneshot::channel();
            drop(event_loop.spawn(style.task(script().turns(5).run(|| sender.send(7).unwrap()))));
            // While its wake is late, nothing is ready and there is no deadline.
            event_loop.block_on(style.task(script().then(|| receiver, |it| assert_eq!(it, Ok(7)))))
        });
    });
}

#[test]
fn a_late_wake_for_a_task_that_was_cancelled_finds_nobody() {
    in_every_style(|style| {
        let faults = Faults::none().delayed_wakes(1.0, SECOND).spurious_wakes(1.0, SECOND);
        Simulation::new().order(Order::Fifo).faults(faults).run(|event_loop| {
            let (sender, receiver) = oneshot::channel::<()>();
            let waits = event_loop.spawn(style.task(script().perform(receiver)));
            let cancels = script().turns(2).run(move || {
                sender.send(()).unwrap();
                waits.cancel();
            });
            event_loop.block_on(style.task(cancels))?;
            // In the slot of the one that was cancelled.
            let next = event_loop.spawn(style.task(script().turns(1)));
            assert!(event_loop.block_on(next)?.is_ok());
            event_loop.run()
        });
    });
}

#[test]
fn nothing_is_lost_whatever_wakes_come() {
    in_every_style(|style| {
        let simulation = Simulation::new().faults(Faults::mild());
        simulation.run(|event_loop| sum_of_what_is_sent(style, event_loop));
    });
}

fn sum_of_what_is_sent(style: Style, event_loop: &mut EventLoop) {
    use quadrivium::sync::channel;
    use std::{cell::Cell, rc::Rc};

    let (sender, receiver) = channel::bounded(2);
    for _ in 0..3 {
        let sends = (1..=3).fold(script(), |script, n| script.perform(sender.send(n)));
        drop(event_loop.spawn(style.task(sends)));
    }
    let (sum, receiver) = (Rc::new(Cell::new(0)), Rc::new(receiver));
    let receives = (0..9).fold(script(), |script, _| {
        let (sum, receiver) = (Rc::clone(&sum), Rc::clone(&receiver));
        script
            .then(move || receiver.recv(), move |n| sum.set(sum.get() + n.expect("nine are sent")))
    });
    event_loop.block_on(style.task(receives)).unwrap();
    assert_eq!(sum.get(), 18);
    drop(sender);
}
