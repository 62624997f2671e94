//! Deadlines that are moved, passed over by an early wake, or removed before they fire.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::{Duration, Instant},
};

use quadrivium::{
    event_loop::Turned,
    prelude::*,
    task::{BoxTask, Step, Wait},
};

use crate::{Probe, Subject, body, leaf, new_loop, traced, turns};

laws! { ($) moving_deadlines:
    /// A task that is woken early and waits again for the same deadline keeps its place among equal
    /// deadlines.
    an_early_wake_keeps_the_order_of_equal_deadlines on VirtualClock;
    /// A deadline that is moved fires once, at the time to which it was moved last.
    a_moved_deadline_fires_once on VirtualClock;
    /// If two tasks are woken by equal deadlines, the first may cancel the second before its
    /// resume.
    a_task_cancelled_at_its_deadline_is_not_resumed on VirtualClock;
    /// A task that is ended by a wake leaves no deadline.
    a_task_ended_by_a_wake_leaves_no_deadline on VirtualClock;
}

const MS: Duration = Duration::from_millis(1);

/// A leaf that waits until `deadline` has passed, and gives its waker to `probe`.
fn woken_early(deadline: Duration, probe: &Probe) -> BoxTask<()> {
    let mut waits = probe.waits();
    let mut until = None;
    Box::pin(leaf(move |cx| {
        let until = *until.get_or_insert(cx.now() + deadline);
        let _ = waits.as_mut().resume(cx);
        match until <= cx.now() {
            true => Step::Done(()),
            false => Step::Suspended(Wait::Until(until)),
        }
    }))
}

fn an_early_wake_keeps_the_order_of_equal_deadlines(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let probe = Probe::default();
    drop(event_loop.spawn(subject.task(body().perform(woken_early(MS, &probe)))));
    event_loop.start_detached(subject.task(body().perform(sleep(MS))), 1);
    let before = trace.lines().len();
    probe.wake();
    event_loop.run().unwrap();
    trace.after(before).expect(&[
        // Task 1 is woken before its deadline, and waits again for the same deadline.
        "0ns task 1 woken from outside",
        "0ns task 1 resumed",
        "0ns task 1 suspended until 1ms",
        // Task 1 was the first to wait for this deadline, and still comes first.
        "1ms task 1 woken by its deadline",
        "1ms task 2 woken by its deadline",
        "1ms task 1 resumed",
        "1ms task 1 done",
        "1ms task 2 resumed",
        "1ms task 2 done",
    ]);
}

fn a_moved_deadline_fires_once(subject: Subject) {
    let mut event_loop = new_loop();
    let start = event_loop.now();
    let deadline = Rc::new(Cell::new(start + MS));
    let probe = Probe::default();
    let mut waits = probe.waits();
    let (moving, resumes) = (Rc::clone(&deadline), Rc::new(RefCell::new(Vec::new())));
    let seen = Rc::clone(&resumes);
    let moves = leaf(move |cx| {
        let _ = waits.as_mut().resume(cx);
        seen.borrow_mut().push(cx.now() - start);
        match moving.get() <= cx.now() {
            true => Step::Done(()),
            false => Step::Suspended(Wait::Until(moving.get())),
        }
    });
    event_loop.start_detached(subject.task(body().perform(moves)), 1);
    // The deadline is moved to later and then to earlier, before the first time has come.
    for ms in [50, 5] {
        deadline.set(start + ms * MS);
        probe.wake();
        turns(&mut event_loop, 1);
    }
    event_loop.run().unwrap();
    assert_eq!(
        *resumes.borrow(),
        [0, 0, 0, 5].map(|ms| ms * MS),
        "the deadline must fire at 5 ms, not at 1 ms or 50 ms"
    );
    assert_eq!(event_loop.elapsed(), 5 * MS);
}

fn a_task_cancelled_at_its_deadline_is_not_resumed(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let handle = Rc::new(RefCell::new(None::<JoinHandle<()>>));
    let taken = Rc::clone(&handle);
    let first = body().perform(sleep(MS)).run(move || taken.borrow().as_ref().unwrap().cancel());
    drop(event_loop.spawn(subject.task(first)));
    *handle.borrow_mut() = Some(event_loop.spawn(subject.task(body().perform(sleep(MS)))));
    event_loop.run().unwrap();
    trace.after(6).expect(&[
        // Both are woken in the same turn ..
        "1ms task 1 woken by its deadline",
        "1ms task 2 woken by its deadline",
        // .. but the first cancels the second before that one is resumed.
        "1ms task 1 resumed",
        "1ms task 2 cancelled",
        "1ms task 1 done",
    ]);
}

fn a_task_ended_by_a_wake_leaves_no_deadline(subject: Subject) {
    let mut event_loop = new_loop();
    let probe = Probe::default();
    probe.open();
    let done_when_woken = {
        let mut waits = probe.waits();
        let mut is_first = true;
        leaf(move |cx| {
            let step = waits.as_mut().resume(cx);
            match std::mem::take(&mut is_first) {
                true => Step::Suspended(Wait::Until(cx.now() + 100 * MS)),
                false => step,
            }
        })
    };
    let handle = event_loop.spawn(subject.task(body().perform(done_when_woken)));
    let next: Instant = event_loop.now() + 100 * MS;
    assert_eq!(turns(&mut event_loop, 1), Turned::Until(next));
    probe.wake();
    assert_eq!(turns(&mut event_loop, 1), Turned::Empty);
    assert!(handle.is_finished());
    event_loop.run().unwrap();
    assert_eq!(event_loop.elapsed(), Duration::ZERO, "the deadline after 100 ms must be gone");
}
