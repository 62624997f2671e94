//! Deadlines: never early, ties in the order of arming, gone with the task.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::{Duration, Instant},
};

use quadrivium::{
    event_loop::Turned,
    prelude::*,
    task::{BoxTask, Step, Wait},
    time::sleep_until,
};

use crate::styles::{Probe, Style, body, leaf, new_loop, traced, turns};

in_every_style![
    time_jumps_to_the_next_deadline,
    equal_deadlines_fire_in_the_order_they_were_armed,
    equal_deadlines_of_different_lengths,
    an_early_wake_keeps_the_place_among_equals,
    never_early,
    a_sleep_counts_from_its_first_resume,
    a_deadline_that_has_passed_gives_way_once,
    a_deadline_beyond_all_time_never_fires,
    a_task_whose_deadline_moves_is_woken_once,
    a_deadline_cancelled_by_its_equal_does_not_fire,
    a_wake_takes_the_deadline_away,
    a_turn_does_not_let_time_jump,
];

const MS: Duration = Duration::from_millis(1);

fn time_jumps_to_the_next_deadline(style: Style) {
    let (mut event_loop, trace) = traced();
    drop(event_loop.spawn(style.task(body().perform(sleep(3 * MS)))));
    drop(event_loop.spawn(style.task(body().perform(sleep(MS)).perform(sleep(MS)))));
    event_loop.run().unwrap();
    assert_eq!(
        trace.lines(),
        [
            "0ns task 1 spawned",
            "0ns task 2 spawned",
            // Both arm their deadlines; then nobody is ready.
            "0ns task 1 resumed",
            "0ns task 1 suspended until 3ms",
            "0ns task 2 resumed",
            "0ns task 2 suspended until 1ms",
            // Time jumps to the earlier one, not to the one armed first.
            "1ms task 2 woken by its deadline",
            "1ms task 2 resumed",
            "1ms task 2 suspended until 2ms",
            // Again it is the earlier one.
            "2ms task 2 woken by its deadline",
            "2ms task 2 resumed",
            "2ms task 2 done",
            // Only task 1 is left.
            "3ms task 1 woken by its deadline",
            "3ms task 1 resumed",
            "3ms task 1 done",
        ],
        "{style}"
    );
}

fn equal_deadlines_fire_in_the_order_they_were_armed(style: Style) {
    let (mut event_loop, trace) = traced();
    for _ in 0..6 {
        drop(event_loop.spawn(style.task(body().perform(sleep(MS)))));
    }
    // One in the middle goes, and the heap closes the gap.
    event_loop.spawn(style.task(body().perform(sleep(MS)))).cancel();
    event_loop.run().unwrap();
    let woken: Vec<_> =
        trace.lines().into_iter().filter(|line| line.contains("woken by its deadline")).collect();
    assert_eq!(
        woken,
        [
            // All at once, in the order in which the first turn armed them: that of spawning.
            "1ms task 1 woken by its deadline",
            "1ms task 2 woken by its deadline",
            "1ms task 3 woken by its deadline",
            "1ms task 4 woken by its deadline",
            "1ms task 5 woken by its deadline",
            "1ms task 6 woken by its deadline",
        ],
        "{style}"
    );
}

fn equal_deadlines_of_different_lengths(style: Style) {
    let (mut event_loop, trace) = traced();
    drop(event_loop.spawn(style.task(body().perform(sleep(MS)).perform(sleep(2 * MS)))));
    drop(event_loop.spawn(style.task(body().perform(sleep(3 * MS)))));
    event_loop.run().unwrap();
    assert_eq!(
        trace.lines()[6..],
        [
            "1ms task 1 woken by its deadline",
            "1ms task 1 resumed",
            "1ms task 1 suspended until 3ms",
            // Both are due at 3 ms. Task 2 armed its deadline at 0, task 1 at 1 ms.
            "3ms task 2 woken by its deadline",
            "3ms task 1 woken by its deadline",
            "3ms task 2 resumed",
            "3ms task 2 done",
            "3ms task 1 resumed",
            "3ms task 1 done",
        ],
        "{style}"
    );
}

/// A leaf that suspends until `deadline` until that has come, and says to whom it gave its waker.
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

fn an_early_wake_keeps_the_place_among_equals(style: Style) {
    let (mut event_loop, trace) = traced();
    let probe = Probe::default();
    drop(event_loop.spawn(style.task(body().perform(woken_early(MS, &probe)))));
    drop(event_loop.spawn(style.task(body().perform(sleep(MS)))));
    turns(&mut event_loop, 1);
    let before = trace.lines().len();
    probe.wake();
    event_loop.run().unwrap();
    assert_eq!(
        trace.lines()[before..],
        [
            // A wake before the deadline: task 1 looks around and waits on, for the same deadline.
            "0ns task 1 woken from outside",
            "0ns task 1 resumed",
            "0ns task 1 suspended until 1ms",
            // It had armed that first, and still comes first.
            "1ms task 1 woken by its deadline",
            "1ms task 2 woken by its deadline",
            "1ms task 1 resumed",
            "1ms task 1 done",
            "1ms task 2 resumed",
            "1ms task 2 done",
        ],
        "{style}"
    );
}

fn never_early(style: Style) {
    let mut event_loop = new_loop();
    let handle = event_loop.spawn(style.task(body().perform(sleep(MS))));
    turns(&mut event_loop, 1);
    event_loop.advance(MS - Duration::from_nanos(1));
    turns(&mut event_loop, 2);
    assert!(!handle.is_finished(), "a nanosecond is missing");
    event_loop.advance(Duration::from_nanos(1));
    turns(&mut event_loop, 1);
    assert!(handle.is_finished());
}

fn a_sleep_counts_from_its_first_resume(style: Style) {
    let mut event_loop = new_loop();
    let handle = event_loop.spawn(style.task(body().perform(sleep(MS))));
    event_loop.advance(10 * MS);
    event_loop.block_on(handle).unwrap().unwrap();
    assert_eq!(event_loop.elapsed(), 11 * MS, "tasks are lazy, and so are their deadlines");
}

fn a_deadline_that_has_passed_gives_way_once(style: Style) {
    let (mut event_loop, trace) = traced();
    event_loop.advance(5 * MS);
    let passed = event_loop.now() - 3 * MS;
    event_loop.block_on(style.task(body().perform(sleep_until(passed)))).unwrap();
    assert_eq!(
        trace.lines(),
        [
            "5ms task 1 spawned",
            "5ms task 1 resumed",
            // Over already, so the next turn wakes it; time does not go back.
            "5ms task 1 suspended until 2ms",
            "5ms task 1 woken by its deadline",
            "5ms task 1 resumed",
            "5ms task 1 done",
        ],
        "{style}"
    );
    // Also one from before the loop was made.
    let long_ago = event_loop.now() - Duration::from_secs(1);
    event_loop.block_on(style.task(body().perform(sleep_until(long_ago)))).unwrap();
    assert_eq!(event_loop.elapsed(), 5 * MS);
}

fn a_deadline_beyond_all_time_never_fires(style: Style) {
    let mut event_loop = new_loop();
    for never in [Duration::MAX, Duration::from_secs(u64::MAX / 4), Duration::from_secs(1 << 40)] {
        let body = body().perform(sleep(never));
        let handle = event_loop.spawn(style.task(body));
        assert_eq!(turns(&mut event_loop, 1), Turned::Waiting, "no deadline is kept");
        handle.cancel();
    }
    // A deadline of five hundred years is one.
    let years = Duration::from_secs(500 * 365 * 86_400);
    event_loop.block_on(style.task(body().perform(sleep(years)))).unwrap();
    assert_eq!(event_loop.elapsed(), years);
}

fn a_task_whose_deadline_moves_is_woken_once(style: Style) {
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
    drop(event_loop.spawn(style.task(body().perform(moves))));
    turns(&mut event_loop, 1);
    // Later, then earlier, before the first one is due.
    for ms in [50, 5] {
        deadline.set(start + ms * MS);
        probe.wake();
        turns(&mut event_loop, 1);
    }
    event_loop.run().unwrap();
    assert_eq!(*resumes.borrow(), [0 * MS, 0 * MS, 0 * MS, 5 * MS], "not at 1, not at 50");
    assert_eq!(event_loop.elapsed(), 5 * MS);
}

fn a_deadline_cancelled_by_its_equal_does_not_fire(style: Style) {
    let (mut event_loop, trace) = traced();
    let handle = Rc::new(RefCell::new(None::<JoinHandle<()>>));
    let taken = Rc::clone(&handle);
    let first = body().perform(sleep(MS)).run(move || taken.borrow().as_ref().unwrap().cancel());
    drop(event_loop.spawn(style.task(first)));
    *handle.borrow_mut() = Some(event_loop.spawn(style.task(body().perform(sleep(MS)))));
    event_loop.run().unwrap();
    assert_eq!(
        trace.lines()[6..],
        [
            // Both are woken by the turn ...
            "1ms task 1 woken by its deadline",
            "1ms task 2 woken by its deadline",
            // ... but the first one takes the second one away before it is resumed.
            "1ms task 1 resumed",
            "1ms task 2 cancelled",
            "1ms task 1 done",
        ],
        "{style}"
    );
}

fn a_wake_takes_the_deadline_away(style: Style) {
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
    let handle = event_loop.spawn(style.task(body().perform(done_when_woken)));
    let next: Instant = event_loop.now() + 100 * MS;
    assert_eq!(turns(&mut event_loop, 1), Turned::Until(next));
    probe.wake();
    assert_eq!(turns(&mut event_loop, 1), Turned::Empty);
    assert!(handle.is_finished());
    event_loop.run().unwrap();
    assert_eq!(event_loop.elapsed(), Duration::ZERO, "nobody waits for 100 ms any more");
}

fn a_turn_does_not_let_time_jump(style: Style) {
    let mut event_loop = new_loop();
    drop(event_loop.spawn(style.task(body().perform(sleep(MS)))));
    let due = event_loop.now() + MS;
    for _ in 0..3 {
        assert_eq!(turns(&mut event_loop, 1), Turned::Until(due));
    }
    event_loop.advance(MS);
    assert_eq!(turns(&mut event_loop, 1), Turned::Empty);
}
