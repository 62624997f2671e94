//! Spurious and late wakes: nothing is lost, and the trace shows the faults.

use std::time::Duration;

use quadrivium::{
    EventLoop,
    event_loop::{Fault, Schedule},
    host::TaskId,
    join_all,
    prelude::*,
    sync::oneshot,
    test::{Faults, Order, Simulation},
};

use crate::styles::{Style, in_every_style, script, trace};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_spurious_wake_resumes_a_task_too_early_and_it_waits_on() {
    in_every_style(|style| {
        let at_once = Faults::none().spurious_wakes(1.0, Duration::ZERO);
        let simulation = Simulation::new().max_steps(100).faults(at_once);
        assert_eq!(
            trace(&simulation, || style.task(script().perform(sleep(SECOND)))),
            [
                "0ns task 1 spawned",
                "0ns task 1 resumed",
                "0ns task 1 suspended until 1s",
                "0ns task 1 woken for no reason", // The fault.
                "0ns task 1 resumed",
                "0ns task 1 suspended until 1s", // Its sleep is not over.
                // No fault follows a fault, or time would stand still.
                "1s task 1 woken by its deadline",
                "1s task 1 resumed",
                "1s task 1 done",
            ]
        );
    });
}

#[test]
fn a_task_that_was_woken_for_a_reason_is_woken_for_no_reason_again() {
    in_every_style(|style| {
        let at_once = Faults::none().spurious_wakes(1.0, Duration::ZERO);
        let simulation = Simulation::new().max_steps(100).faults(at_once);
        let sleeps = || style.task(script().perform(sleep(SECOND)).perform(sleep(SECOND)));
        let lines = trace(&simulation, sleeps);
        let faults: Vec<_> = lines.iter().filter(|line| line.ends_with("for no reason")).collect();
        assert_eq!(faults, ["0ns task 1 woken for no reason", "1s task 1 woken for no reason"]);
    });
}

#[test]
fn a_deadlock_is_reported_in_spite_of_spurious_wakes() {
    in_every_style(|style| {
        for within in [Duration::ZERO, SECOND] {
            let faults = Faults::none().spurious_wakes(1.0, within);
            let always = Simulation::new().max_steps(100).faults(faults);
            let replay = always.replay(0, |event_loop: &mut EventLoop| {
                let (_sender, receiver) = oneshot::channel::<()>();
                let error = event_loop.block_on(style.task(script().perform(receiver)));
                matches!(error, Err(RunError::Deadlock(_)))
            });
            assert_eq!(replay.result, Ok(true), "within {within:?}");
        }
    });
}

#[test]
fn a_schedule_that_repeats_a_fault_does_not_stop_the_time() {
    /// Wakes every task that suspends, also after a spurious wake. Counts the steps.
    struct Always(usize);

    impl Schedule for Always {
        fn next(&mut self, _: &[TaskId]) -> usize {
            self.0 += 1;
            assert!(self.0 < 100, "time stands still");
            0
        }

        fn suspended(&mut self, _: TaskId) -> Fault {
            Fault::Wake(Duration::ZERO)
        }
    }

    in_every_style(|style| {
        let mut event_loop = EventLoop::with_schedule(Always(0)).unwrap();
        let sleeps = [1, 2, 3].map(|n| {
            let sleeps = style.task(script().turns(n).perform(sleep(SECOND)));
            event_loop.spawn(sleeps)
        });
        event_loop.block_on(join_all(sleeps)).unwrap();
        assert_eq!(event_loop.elapsed(), SECOND);
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
            // While its wake is late, no task is ready and there is no deadline.
            event_loop.block_on(style.task(script().then(|| receiver, |it| assert_eq!(it, Ok(7)))))
        });
    });
}

#[test]
fn a_late_wake_for_a_cancelled_task_wakes_no_other_task() {
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
            // A new task in the slot of the task that was cancelled.
            let next = event_loop.spawn(style.task(script().turns(1)));
            assert!(event_loop.block_on(next)?.is_ok());
            event_loop.run()
        });
    });
}

#[test]
fn mild_faults_lose_no_value() {
    in_every_style(|style| {
        let simulation = Simulation::new().faults(Faults::mild());
        simulation.run(|event_loop| sum_of_what_is_sent(style, event_loop));
    });
}

fn sum_of_what_is_sent(style: Style, event_loop: &mut EventLoop) {
    use std::{cell::Cell, rc::Rc};

    use quadrivium::sync::channel;

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
