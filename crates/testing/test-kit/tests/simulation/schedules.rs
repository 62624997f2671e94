//! The trait `Schedule`: which questions a loop asks, and how it uses the answers.

use std::{cell::RefCell, rc::Rc, time::Duration};

use quadrivium::{
    EventLoop,
    event_loop::{Fault, Recorder, Schedule, Turned},
    host::TaskId,
    prelude::*,
    sync::oneshot,
};

use crate::styles::{in_every_style, panics, script};

const SECOND: Duration = Duration::from_secs(1);

/// A schedule that notes each question, in order, and always answers the same.
#[derive(Clone, Default)]
struct NotingSchedule {
    lines: Rc<RefCell<Vec<String>>>,
    delay: Duration,
}

impl NotingSchedule {
    fn note(&self, line: String) {
        self.lines.borrow_mut().push(line);
    }
}

impl Schedule for NotingSchedule {
    fn next(&mut self, ready: &[TaskId]) -> usize {
        self.note(format!("next of {:?}", ready.iter().map(|id| id.0).collect::<Vec<_>>()));
        0
    }

    fn suspended(&mut self, task: TaskId) -> Fault {
        self.note(format!("{task} suspended"));
        Fault::None
    }

    fn woken(&mut self, task: TaskId) -> Duration {
        self.note(format!("{task} woken"));
        self.delay
    }
}

#[test]
fn a_schedule_is_asked_about_every_step_suspension_and_wake() {
    in_every_style(|style| {
        let asked = NotingSchedule::default();
        let mut event_loop = EventLoop::with_schedule(asked.clone()).unwrap();
        let (sender, receiver) = oneshot::channel();
        drop(event_loop.spawn(style.task(script().perform(receiver))));
        let cancelled = event_loop.spawn(style.task(script()));
        let sends = script().turns(1).run(move || sender.send(()).unwrap()).perform(sleep(SECOND));
        drop(event_loop.spawn(style.task(sends)));
        cancelled.cancel();
        event_loop.run().unwrap();
        assert_eq!(
            *asked.lines.borrow(),
            [
                "next of [1, 3]", // Task 2 was cancelled, so it is no choice.
                "task 1 suspended",
                "next of [3]",
                "task 3 suspended", // For a turn: it is ready at once, and not woken.
                "next of [3]",
                "task 1 woken", // Task 3 has sent the value.
                "task 3 suspended",
                "next of [1]",  // Its last step: it is done.
                "task 3 woken", // By its deadline.
                "next of [3]",
            ]
        );
    });
}

#[test]
fn a_turn_is_one_step() {
    in_every_style(|style| {
        let mut event_loop = EventLoop::with_schedule(NotingSchedule::default()).unwrap();
        for _ in 0..2 {
            drop(event_loop.spawn(style.task(script())));
        }
        assert_eq!(event_loop.turn().unwrap(), Turned::Ready);
        assert_eq!(event_loop.live(), 1);
        assert_eq!(event_loop.turn().unwrap(), Turned::Empty);
    });
}

#[test]
fn a_loop_waits_for_a_late_wake() {
    in_every_style(|style| {
        let asked = NotingSchedule { delay: SECOND, ..NotingSchedule::default() };
        let mut event_loop = EventLoop::with_schedule(asked).unwrap();
        let recorder = Recorder::default();
        event_loop.trace(recorder.clone());
        let (sender, receiver) = oneshot::channel();
        drop(event_loop.spawn(style.task(script().perform(receiver))));
        event_loop.turn().unwrap();
        sender.send(()).unwrap();
        let due = event_loop.now() + SECOND;
        assert_eq!(event_loop.turn().unwrap(), Turned::Until(due));
        event_loop.run().unwrap();
        assert_eq!(
            recorder.lines(),
            [
                "0ns task 1 spawned",
                "0ns task 1 resumed",
                "0ns task 1 suspended until woken",
                "0ns task 1 woken from outside",
                "0ns task 1 delayed by 1s",
                "1s task 1 resumed", // Nothing else could happen, so time jumped.
                "1s task 1 done",
            ]
        );
    });
}

#[test]
fn a_task_that_is_cancelled_while_its_wake_is_late_leaves_nothing_to_wait_for() {
    in_every_style(|style| {
        let asked = NotingSchedule { delay: SECOND, ..NotingSchedule::default() };
        let mut event_loop = EventLoop::with_schedule(asked).unwrap();
        let (sender, receiver) = oneshot::channel();
        let waits = event_loop.spawn(style.task(script().perform(receiver)));
        event_loop.turn().unwrap();
        sender.send(()).unwrap();
        event_loop.turn().unwrap();
        waits.cancel();
        assert_eq!(event_loop.turn().unwrap(), Turned::Empty);
        // Another task gets its slot. The late wake is not for that task.
        let next = event_loop.spawn(style.task(script().turns(1)));
        assert!(event_loop.block_on(next).unwrap().is_ok());
        assert!(event_loop.elapsed() <= SECOND, "the wake of the join may be late, too");
    });
}

#[test]
fn an_index_out_of_range_panics_and_no_task_is_lost() {
    struct Once(bool);
    impl Schedule for Once {
        fn next(&mut self, ready: &[TaskId]) -> usize {
            if std::mem::take(&mut self.0) { ready.len() } else { 0 }
        }
    }
    in_every_style(|style| {
        let mut event_loop = EventLoop::with_schedule(Once(true)).unwrap();
        drop(event_loop.spawn(style.task(script())));
        let message = panics(|| event_loop.run().unwrap());
        assert_eq!(
            message,
            "Schedule::next returned 1, but it must return an index below 1, the number of ready tasks"
        );
        event_loop.run().unwrap();
        assert_eq!(event_loop.live(), 0);
    });
}
