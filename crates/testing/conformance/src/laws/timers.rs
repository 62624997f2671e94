//! Deadlines: they never fire early, equal ones fire in the order of arming, and they end with
//! their task. A deadline is armed when its task suspends until then.

use std::time::Duration;

use quadrivium::{event_loop::Turned, prelude::*, sync::Notify, time::sleep_until};

use super::deadlock::expect_deadlock;
use crate::{Subject, body, new_loop, notes_and_loop, traced, turns};

laws! { ($) timers:
    /// A virtual clock jumps to the earliest deadline when no task is ready.
    the_clock_jumps_to_the_next_deadline on VirtualClock;
    /// Equal deadlines fire in the order in which they were armed, which is when their tasks
    /// suspended.
    equal_deadlines_fire_in_the_order_of_arming on VirtualClock;
    /// Two thousand deadlines fire in their order, and equal ones in the order of arming.
    many_deadlines_fire_in_their_order on VirtualClock;
    /// Two hundred tasks with equal deadlines run in the order of arming, and all of them before
    /// one of them runs again.
    tasks_with_equal_deadlines_run_once_in_a_turn on VirtualClock;
    /// The order of equal deadlines depends on when they were armed, and not on the lengths of the
    /// sleeps.
    equal_deadlines_ignore_the_lengths_of_sleeps on VirtualClock;
    /// A deadline does not fire even a nanosecond early.
    a_deadline_never_fires_early on VirtualClock;
    /// A sleep counts from its first resume, and not from the call of `sleep`.
    a_sleep_counts_from_its_first_resume on VirtualClock;
    /// A deadline in the past suspends its task once, and the clock does not go back.
    a_past_deadline_suspends_once on VirtualClock;
    /// A deadline later than the clock can count never fires.
    a_deadline_beyond_the_clock_never_fires on VirtualClock;
    /// When the time of a virtual clock is used up, a sleep ends the run with an error that says
    /// this.
    the_end_of_the_clock_is_an_error on OwnClock;
    /// Tasks without a deadline still run when the time of a virtual clock is used up.
    other_tasks_run_after_the_end_of_the_clock on OwnClock;
    /// The deadline of a cancelled task does not hide a deadlock.
    a_cancelled_deadline_hides_no_deadlock on VirtualClock;
    /// A turn that is run by hand does not make the clock jump.
    a_turn_by_hand_does_not_make_the_clock_jump on VirtualClock;
}

const MS: Duration = Duration::from_millis(1);

fn the_clock_jumps_to_the_next_deadline(subject: Subject) {
    let (mut event_loop, trace) = traced();
    drop(event_loop.spawn(subject.task(body().perform(sleep(3 * MS)))));
    event_loop.run_detached(subject.task(body().perform(sleep(MS)).perform(sleep(MS))));
    trace.expect(&[
        "0ns task 1 spawned",
        "0ns task 2 spawned",
        // Both arm their deadlines. Then no task is ready.
        "0ns task 1 resumed",
        "0ns task 1 suspended until 3ms",
        "0ns task 2 resumed",
        "0ns task 2 suspended until 1ms",
        // The clock jumps to the earlier deadline, and not to the one that was armed first.
        "1ms task 2 woken by its deadline",
        "1ms task 2 resumed",
        "1ms task 2 suspended until 2ms",
        // Again to the earlier deadline.
        "2ms task 2 woken by its deadline",
        "2ms task 2 resumed",
        "2ms task 2 done",
        // Only task 1 is left.
        "3ms task 1 woken by its deadline",
        "3ms task 1 resumed",
        "3ms task 1 done",
    ]);
}

fn equal_deadlines_fire_in_the_order_of_arming(subject: Subject) {
    let (mut event_loop, trace) = traced();
    for _ in 0..6 {
        drop(event_loop.spawn(subject.task(body().perform(sleep(MS)))));
    }
    // The deadline of a cancelled task leaves the heap, and the others keep their order.
    event_loop.spawn(subject.task(body().perform(sleep(MS)))).cancel();
    event_loop.run().unwrap();
    trace.with("woken by its deadline").expect(&[
        // All at once, in the order in which the first turn armed them, which is the order of
        // spawning.
        "1ms task 1 woken by its deadline",
        "1ms task 2 woken by its deadline",
        "1ms task 3 woken by its deadline",
        "1ms task 4 woken by its deadline",
        "1ms task 5 woken by its deadline",
        "1ms task 6 woken by its deadline",
    ]);
}

fn many_deadlines_fire_in_their_order(subject: Subject) {
    let (mut event_loop, trace) = traced();
    // The numbers from 1 to 1,000 in another order, twice.
    let sleep_ms = |task: u32| task * 7_919 % 1_000 + 1;
    for task in 1..=2_000 {
        drop(event_loop.spawn(subject.task(body().perform(sleep(sleep_ms(task) * MS)))));
    }
    event_loop.run().unwrap();
    let mut tasks: Vec<u32> = (1..=2_000).collect();
    // This sort keeps the order of equals.
    tasks.sort_by_key(|task| sleep_ms(*task));
    let woken =
        |task: &u32| format!("{:?} task {task} woken by its deadline", sleep_ms(*task) * MS);
    let expected: Vec<String> = tasks.iter().map(woken).collect();
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    trace.with("woken by its deadline").expect(&expected);
}

fn tasks_with_equal_deadlines_run_once_in_a_turn(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let awake = |task: u32| format!("task {task} is awake");
    let again = |task: u32| format!("task {task} runs again");
    for task in 1..=200 {
        let body = body().perform(sleep(MS)).note(&notes, awake(task));
        drop(event_loop.spawn(subject.task(body.perform(turn()).note(&notes, again(task)))));
    }
    event_loop.run().unwrap();
    let expected: Vec<String> = (1..=200).map(awake).chain((1..=200).map(again)).collect();
    assert_eq!(notes.lines(), expected);
}

fn equal_deadlines_ignore_the_lengths_of_sleeps(subject: Subject) {
    let (mut event_loop, trace) = traced();
    drop(event_loop.spawn(subject.task(body().perform(sleep(MS)).perform(sleep(2 * MS)))));
    event_loop.run_detached(subject.task(body().perform(sleep(3 * MS))));
    trace.after(6).expect(&[
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
    ]);
}

fn a_deadline_never_fires_early(subject: Subject) {
    let (mut event_loop, trace) = traced();
    event_loop.start_detached(subject.task(body().perform(sleep(MS))), 1);
    event_loop.advance(MS - Duration::from_nanos(1));
    turns(&mut event_loop, 2);
    trace.expect(&[
        "0ns task 1 spawned",
        "0ns task 1 resumed",
        // One nanosecond is missing, so nothing happens in two more turns.
        "0ns task 1 suspended until 1ms",
    ]);
    event_loop.advance(Duration::from_nanos(1));
    assert_eq!(turns(&mut event_loop, 1), Turned::Empty);
}

fn a_sleep_counts_from_its_first_resume(subject: Subject) {
    let mut event_loop = new_loop();
    let handle = event_loop.spawn(subject.task(body().perform(sleep(MS))));
    event_loop.advance(10 * MS);
    event_loop.block_on(handle).unwrap().unwrap();
    assert_eq!(event_loop.elapsed(), 11 * MS, "the sleep must count from its first resume");
}

fn a_past_deadline_suspends_once(subject: Subject) {
    let (mut event_loop, trace) = traced();
    event_loop.advance(5 * MS);
    let passed = event_loop.now() - 3 * MS;
    event_loop.block_on(subject.task(body().perform(sleep_until(passed)))).unwrap();
    trace.expect(&[
        "5ms task 1 spawned",
        "5ms task 1 resumed",
        // The deadline has passed, so the next turn wakes the task. The clock does not go back.
        "5ms task 1 suspended until 2ms",
        "5ms task 1 woken by its deadline",
        "5ms task 1 resumed",
        "5ms task 1 done",
    ]);
    // A deadline from before the loop was made has passed, too.
    let long_ago = event_loop.now() - Duration::from_secs(1);
    event_loop.block_on(subject.task(body().perform(sleep_until(long_ago)))).unwrap();
    assert_eq!(event_loop.elapsed(), 5 * MS);
}

fn a_deadline_beyond_the_clock_never_fires(subject: Subject) {
    let mut event_loop = new_loop();
    for never in [Duration::MAX, Duration::from_secs(u64::MAX / 4), Duration::from_secs(1 << 40)] {
        let body = body().perform(sleep(never));
        let handle = event_loop.spawn(subject.task(body));
        assert_eq!(turns(&mut event_loop, 1), Turned::Waiting, "the loop must keep no deadline");
        handle.cancel();
    }
    // Five hundred years are within the range of the clock.
    let years = Duration::from_secs(500 * 365 * 86_400);
    event_loop.block_on(subject.task(body().perform(sleep(years)))).unwrap();
    assert_eq!(event_loop.elapsed(), years);
}

/// The last time that a loop's clock can count to, in nanoseconds since the loop was made.
const END: Duration = Duration::from_nanos(u64::MAX);

/// The durations by which the clock is advanced: to just before its end, to its end, and beyond.
const NEARLY: [Duration; 3] =
    [END.saturating_sub(Duration::from_nanos(1)), END, Duration::from_secs(600 * 365 * 86_400)];

fn the_end_of_the_clock_is_an_error(subject: Subject) {
    for passed in NEARLY {
        let mut event_loop = new_loop();
        event_loop.advance(passed);
        let sleeps = subject.task(body().perform(sleep(Duration::from_secs(1))));
        let Err(RunError::Deadlock(deadlock)) = event_loop.block_on(sleeps) else {
            panic!("{subject}: the run must end with an error, since no deadline can come");
        };
        assert!(deadlock.time_is_used_up, "{subject}: {passed:?}");
        let message = deadlock.to_string();
        assert!(message.contains("time is used up"), "{subject}: {message}");
        assert!(!message.contains("sender"), "{subject}: {message}");
    }
}

fn other_tasks_run_after_the_end_of_the_clock(subject: Subject) {
    for passed in NEARLY {
        let mut event_loop = new_loop();
        // The deadline of this task passes when the clock is advanced.
        let sleeper = event_loop.start(subject.task(body().perform(sleep(MS))), 1);
        event_loop.advance(passed);
        event_loop.block_on(subject.task(body().perform(turn()).perform(turn()))).unwrap();
        assert!(sleeper.is_finished(), "{subject}: {passed:?}");
        // A deadline in the past still fires, too.
        let now = event_loop.now() - MS;
        event_loop.block_on(subject.task(body().perform(sleep_until(now)))).unwrap();
    }
}

fn a_cancelled_deadline_hides_no_deadlock(subject: Subject) {
    let mut event_loop = new_loop();
    let sleeper = event_loop.spawn(subject.task(body().perform(sleep(MS))));
    let never = Notify::new();
    event_loop.start_detached(subject.task(body().perform(never.notified())), 1);
    sleeper.cancel();
    assert_eq!(turns(&mut event_loop, 1), Turned::Waiting);
    expect_deadlock(event_loop.run());
    assert_eq!(
        event_loop.elapsed(),
        Duration::ZERO,
        "the clock must not jump to the cancelled deadline"
    );
}

fn a_turn_by_hand_does_not_make_the_clock_jump(subject: Subject) {
    let mut event_loop = new_loop();
    drop(event_loop.spawn(subject.task(body().perform(sleep(MS)))));
    let due = event_loop.now() + MS;
    for _ in 0..3 {
        assert_eq!(turns(&mut event_loop, 1), Turned::Until(due));
    }
    event_loop.advance(MS);
    assert_eq!(turns(&mut event_loop, 1), Turned::Empty);
}
