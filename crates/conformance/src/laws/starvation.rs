//! Nobody starves: busy tasks delay a deadline by a turn, a busy CPU delays it, no one loses it.

use std::{cell::Cell, rc::Rc, time::Duration};

use quadrivium::{
    prelude::*,
    sync::Notify,
    task::{Step, Wait},
    time::block_for,
};

use crate::{Subject, body, leaf, new_loop, traced, turns};

laws! { ($) starvation:
    /// A sleep of no time lets the others run first.
    no_time_at_all_still_gives_way on VirtualClock;
    /// A task that sleeps no time again and again runs once a turn.
    a_self_arming_timer_of_no_time_starves_nobody on VirtualClock;
    /// A task that wakes itself for ever does not hold back a deadline.
    a_self_waking_task_does_not_hold_back_a_deadline on VirtualClock;
    /// Two tasks that wake each other for ever do not hold back a deadline.
    a_ping_pong_pair_does_not_hold_back_a_deadline on VirtualClock;
    /// Deadlines that pass while a task keeps the CPU are served afterwards, in their order.
    a_busy_loop_is_late_but_not_wrong on OwnClock;
}

const MS: Duration = Duration::from_millis(1);

fn no_time_at_all_still_gives_way(subject: Subject) {
    let (mut event_loop, trace) = traced();
    drop(event_loop.spawn(subject.task(body().perform(sleep(Duration::ZERO)))));
    drop(event_loop.spawn(subject.task(body())));
    event_loop.run().unwrap();
    assert_eq!(
        trace.lines()[2..],
        [
            // Due at once, but only a turn looks at deadlines: task 2 runs before.
            "0ns task 1 resumed",
            "0ns task 1 suspended until 0ns",
            "0ns task 2 resumed",
            "0ns task 2 done",
            "0ns task 1 woken by its deadline",
            "0ns task 1 resumed",
            "0ns task 1 done",
        ],
        "{subject}"
    );
}

fn a_self_arming_timer_of_no_time_starves_nobody(subject: Subject) {
    let mut event_loop = new_loop();
    let rounds = Rc::new(Cell::new(0));
    let counter = Rc::clone(&rounds);
    let timer = body().repeat(1_000, move || {
        counter.set(counter.get() + 1);
        sleep(Duration::ZERO)
    });
    drop(event_loop.spawn(subject.task(timer)));
    event_loop.block_on(subject.task(body().repeat(10, turn))).unwrap();
    assert_eq!(rounds.get(), 11, "they have gone turn about");
}

/// Runs beside `busy` a task that lets time pass in each turn, and one that sleeps; how many turns
/// after its deadline the sleeper has run.
fn turns_late(subject: Subject, busy: impl FnOnce(&EventLoop)) -> usize {
    let mut event_loop = new_loop();
    busy(&event_loop);
    let sleeper = event_loop.spawn(subject.task(body().perform(sleep(10 * MS))));
    turns(&mut event_loop, 1);
    event_loop.advance(10 * MS);
    let mut late = 0;
    while !sleeper.is_finished() {
        turns(&mut event_loop, 1);
        late += 1;
        assert!(late < 100, "the sleeper is held back for ever");
    }
    late
}

fn a_self_waking_task_does_not_hold_back_a_deadline(subject: Subject) {
    let wakes_itself = || {
        leaf(|cx| {
            cx.waker().wake_by_ref();
            Step::<()>::Suspended(Wait::Wake)
        })
    };
    let late = turns_late(subject, |event_loop| {
        drop(event_loop.spawn(subject.task(body().perform(wakes_itself()))));
    });
    assert_eq!(late, 1);
}

fn a_ping_pong_pair_does_not_hold_back_a_deadline(subject: Subject) {
    let late = turns_late(subject, |event_loop| {
        let (ping, pong) = (Notify::new(), Notify::new());
        ping.notify_one();
        for (mine, yours) in [(ping.clone(), pong.clone()), (pong, ping)] {
            let play = move || {
                yours.notify_one();
                mine.notified()
            };
            drop(event_loop.spawn(subject.task(body().repeat(usize::MAX, play))));
        }
    });
    assert_eq!(late, 1);
}

fn a_busy_loop_is_late_but_not_wrong(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let seconds = |n| body().perform(sleep(n * Duration::from_secs(1)));
    drop(event_loop.spawn_named("due 2", subject.task(seconds(2))));
    drop(event_loop.spawn_named("due 1", subject.task(seconds(1))));
    let work = body().perform(turn()).perform(block_for(Duration::from_secs(5)));
    drop(event_loop.spawn_named("work", subject.task(work)));
    event_loop.run().unwrap();
    assert_eq!(
        trace.lines()[9..],
        [
            // Work keeps the CPU from 0 to 5 s: nothing else happens meanwhile.
            "0ns task 3 \"work\" resumed",
            "5s task 3 \"work\" done",
            // Both deadlines are over now, and are served in the order of the deadlines.
            "5s task 2 \"due 1\" woken by its deadline",
            "5s task 1 \"due 2\" woken by its deadline",
            "5s task 2 \"due 1\" resumed",
            "5s task 2 \"due 1\" done",
            "5s task 1 \"due 2\" resumed",
            "5s task 1 \"due 2\" done",
        ],
        "{subject}"
    );
}
