//! The histograms of a loop: which times count, and which do not.

use std::time::Duration;

use quadrivium_core::{block_for, sleep, turn};
use quadrivium_event_loop::{EventLoop, trace::LoopTimes};

const MS: Duration = Duration::from_millis(1);

fn measured() -> (EventLoop, LoopTimes) {
    let times = LoopTimes::default();
    let mut event_loop = EventLoop::with_virtual_clock().unwrap();
    event_loop.trace(times.clone());
    (event_loop, times)
}

#[test]
fn a_long_step_keeps_the_tasks_waiting_that_are_ready() {
    let (mut event_loop, times) = measured();
    drop(event_loop.spawn(block_for(30 * MS)));
    drop(event_loop.spawn(turn()));
    drop(event_loop.spawn(turn()));
    event_loop.run().unwrap();
    // The first of five steps blocks. Each of the other tasks takes two.
    assert_eq!((times.steps().count(), times.latencies().count()), (5, 5));
    assert_eq!(times.steps().longest(), Some(30 * MS));
    assert_eq!(times.steps().quantile(0.8), Some(Duration::ZERO));
    // Both other tasks were ready while the first one blocked.
    assert_eq!(times.latencies().longest(), Some(30 * MS));
    assert_eq!(times.latencies().quantile(0.5), Some(Duration::ZERO));
    assert_eq!(times.latencies().quantile(0.9), Some(30 * MS));
}

/// A task that waits is not ready.
#[test]
fn the_time_of_a_wait_counts_for_nothing() {
    let (mut event_loop, times) = measured();
    event_loop.block_on(sleep(Duration::from_secs(9))).unwrap();
    assert_eq!(times.steps().count(), 2);
    assert_eq!(times.steps().longest(), Some(Duration::ZERO));
    assert_eq!(times.latencies().longest(), Some(Duration::ZERO));
}

#[test]
fn tasks_that_are_cancelled_leave_nothing() {
    let (mut event_loop, times) = measured();
    let handle = event_loop.spawn(turn());
    event_loop.advance(5 * MS);
    handle.cancel();
    event_loop.block_on(turn()).unwrap();
    assert_eq!((times.steps().count(), times.latencies().count()), (2, 2));
    assert_eq!(times.latencies().longest(), Some(Duration::ZERO));
}

#[test]
fn without_steps_there_are_no_quantiles() {
    let (_, times) = measured();
    assert_eq!(
        times.to_string(),
        "                 count  50 %  90 %  99 %  99.9 %  longest\n\
         step time            0     -     -     -       -        -\n\
         ready to resume      0     -     -     -       -        -"
    );
}
