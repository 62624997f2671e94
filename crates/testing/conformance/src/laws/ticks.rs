//! Ticks: they come at the multiples of a period. Missed ticks are left out and counted, or come
//! late, as the program decides.

use std::{
    cell::OnceCell,
    rc::Rc,
    time::{Duration, Instant},
};

use quadrivium::{
    prelude::*,
    task::{BoxTask, Either},
    time::{Every, MissedTicks, block_for, every, now},
};

use crate::{
    Body, NO_NOTES, Notes, Probe, Subject, body, catch_panic, map, notes_and_loop, traced, turns,
};

laws! { ($) ticks:
    /// Ticks come at the multiples of the period, counted from the call of `every`.
    come_at_the_multiples_of_the_period on VirtualClock;
    /// Work that takes less than a period misses no tick, and does not move the next one.
    work_within_a_period_misses_no_tick on VirtualClock;
    /// A tick that is missed is left out. The next one comes at its multiple, and reports 1.
    a_missed_tick_is_left_out_and_counted on VirtualClock;
    /// If several ticks are missed, the next one reports their number.
    many_missed_ticks_are_counted on VirtualClock;
    /// A tick whose time is now is not missed.
    a_tick_is_not_missed_at_its_very_time on VirtualClock;
    /// A tick that comes late, because another task keeps the CPU, counts the ticks missed
    /// meanwhile. The later ones do not move.
    a_late_tick_does_not_move_the_later_ones on OwnClock;
    /// A tick that is dropped while it waits is not lost.
    a_dropped_tick_is_not_lost on VirtualClock;
    /// A spurious wake ends no tick.
    a_spurious_wake_ends_no_tick on VirtualClock;
    /// Tasks that share the ticks get each of them once.
    shared_ticks_go_to_one_task_each on VirtualClock;
    /// With `Burst`, missed ticks come late, one in each turn, until none is left.
    missed_ticks_may_come_late on VirtualClock;
    /// With `Delay`, the first missed tick comes late, and the period begins anew.
    missed_ticks_may_begin_the_period_anew on VirtualClock;
    /// With a period of zero there is a tick in each turn.
    a_period_of_zero_ticks_in_each_turn on VirtualClock;
    /// A tick beyond the range of the clock never comes, and delays nothing.
    a_tick_beyond_the_clock_never_comes on VirtualClock;
    /// `every` without a host panics with a clear message.
    without_a_host_panic;
}

const S: Duration = Duration::from_secs(1);

/// A series of ticks. The body of a task makes it, and each tick is noted.
#[derive(Clone)]
struct Series {
    notes: Notes,
    made: Rc<OnceCell<(Instant, Every)>>,
}

impl Series {
    fn new(notes: &Notes) -> Self {
        Self { notes: notes.clone(), made: Rc::default() }
    }

    /// Returns a body that makes the series.
    fn begin(&self, period: Duration, policy: MissedTicks) -> Body {
        let made = Rc::clone(&self.made);
        body().run(move || _ = made.set((now(), every(period).on_missed(policy))))
    }

    /// Returns a function that makes a task for the next tick.
    fn next(&self) -> impl Fn() -> BoxTask<()> + use<> {
        let series = self.clone();
        move || {
            let (begin, ticks) = series.made.get().expect("the body has made the series");
            let (begin, notes) = (*begin, series.notes.clone());
            Box::pin(map(ticks.tick(), move |missed| {
                notes.add(format!("{:?}, {missed} missed", now() - begin));
            }))
        }
    }
}

/// Runs a body that performs a tick, then this work, and then three ticks. Returns the notes.
fn work_between_ticks<W: Task + 'static>(
    subject: Subject,
    policy: MissedTicks,
    work: W,
) -> Vec<String> {
    let (notes, mut event_loop) = notes_and_loop();
    let ticks = Series::new(&notes);
    let works = ticks.begin(S, policy).perform_then(ticks.next(), drop).perform(work);
    event_loop.run_detached(subject.task(works.repeat(3, ticks.next())));
    notes.lines()
}

fn come_at_the_multiples_of_the_period(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let ticks = Series::new(&Notes::default());
    let ticks = ticks.begin(S, MissedTicks::Skip).repeat(2, ticks.next());
    event_loop.run_detached(subject.task(ticks));
    trace.expect(&[
        "0ns task 1 spawned",
        // The body makes the ticks, and waits for the first.
        "0ns task 1 resumed",
        "0ns task 1 suspended until 1s",
        // The body waits for the second tick in the same step.
        "1s task 1 woken by its deadline",
        "1s task 1 resumed",
        "1s task 1 suspended until 2s",
        // After the second tick there is no more deadline.
        "2s task 1 woken by its deadline",
        "2s task 1 resumed",
        "2s task 1 done",
    ]);
}

fn work_within_a_period_misses_no_tick(subject: Subject) {
    let notes = work_between_ticks(subject, MissedTicks::Skip, sleep(S / 2));
    assert_eq!(notes, ["1s, 0 missed", "2s, 0 missed", "3s, 0 missed", "4s, 0 missed"]);
}

fn a_missed_tick_is_left_out_and_counted(subject: Subject) {
    // The work ends at 2.5 s, so the tick at 2 s is missed.
    let notes = work_between_ticks(subject, MissedTicks::Skip, sleep(S * 3 / 2));
    assert_eq!(notes, ["1s, 0 missed", "3s, 1 missed", "4s, 0 missed", "5s, 0 missed"]);
}

fn many_missed_ticks_are_counted(subject: Subject) {
    let notes = work_between_ticks(subject, MissedTicks::Skip, sleep(100 * S + S / 2));
    // The ticks from 2 s to 101 s are missed.
    assert_eq!(notes, ["1s, 0 missed", "102s, 100 missed", "103s, 0 missed", "104s, 0 missed"]);
}

fn a_tick_is_not_missed_at_its_very_time(subject: Subject) {
    let notes = work_between_ticks(subject, MissedTicks::Skip, sleep(3 * S));
    // The work ends at 4 s. The ticks at 2 s and 3 s are missed, and the tick at 4 s is not.
    assert_eq!(notes, ["1s, 0 missed", "4s, 2 missed", "5s, 0 missed", "6s, 0 missed"]);
}

fn a_late_tick_does_not_move_the_later_ones(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let ticks = Series::new(&notes);
    let waits = ticks.begin(S, MissedTicks::Skip).repeat(3, ticks.next());
    drop(event_loop.spawn(subject.task(waits)));
    // The tick at 1 s comes when this task ends, which is at 2.5 s. The tick at 2 s is missed.
    event_loop.run_detached(subject.task(body().perform(block_for(S * 5 / 2))));
    assert_eq!(notes.lines(), ["2.5s, 1 missed", "3s, 0 missed", "4s, 0 missed"]);
}

fn a_dropped_tick_is_not_lost(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let ticks = Series::new(&notes);
    let next = ticks.next();
    // Each race but the third ends before its tick. The third is won by the tick.
    let limited = move || timeout(S * 2 / 5, next());
    let races = ticks.begin(S, MissedTicks::Skip).repeat(3, limited);
    event_loop.run_detached(subject.task(races.repeat(1, ticks.next())));
    assert_eq!(notes.lines(), ["1s, 0 missed", "2s, 0 missed"]);
}

fn a_spurious_wake_ends_no_tick(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let (ticks, probe) = (Series::new(&notes), Probe::default());
    let (next, waits) = (ticks.next(), probe.waits());
    let task = ticks
        .begin(S, MissedTicks::Skip)
        .perform_then(move || race(next(), waits), |first| assert_eq!(first, Either::Left(())));
    event_loop.start_detached(subject.task(task), 1);
    for _ in 0..3 {
        probe.wake();
        turns(&mut event_loop, 1);
    }
    assert_eq!((probe.resumes(), notes.lines().len()), (4, 0));
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["1s, 0 missed"]);
}

fn shared_ticks_go_to_one_task_each(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let ticks = Series::new(&notes);
    let waits = || subject.task(body().repeat(2, ticks.next()));
    let both = join(waits(), waits());
    event_loop.run_detached(subject.task(ticks.begin(S, MissedTicks::Skip).perform(both)));
    assert_eq!(notes.lines(), ["1s, 0 missed", "2s, 0 missed", "3s, 0 missed", "4s, 0 missed"]);
}

fn missed_ticks_may_come_late(subject: Subject) {
    let notes = work_between_ticks(subject, MissedTicks::Burst, sleep(S * 5 / 2));
    // The work ends at 3.5 s, so the ticks at 2 s and 3 s come late.
    assert_eq!(notes, ["1s, 0 missed", "3.5s, 0 missed", "3.5s, 0 missed", "4s, 0 missed"]);
}

fn missed_ticks_may_begin_the_period_anew(subject: Subject) {
    let notes = work_between_ticks(subject, MissedTicks::Delay, sleep(S * 5 / 2));
    // The work ends at 3.5 s. The tick at 2 s comes late, and the tick at 3 s is left out.
    assert_eq!(notes, ["1s, 0 missed", "3.5s, 1 missed", "4.5s, 0 missed", "5.5s, 0 missed"]);
}

fn a_period_of_zero_ticks_in_each_turn(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    for policy in [MissedTicks::Skip, MissedTicks::Burst, MissedTicks::Delay] {
        let ticks = Series::new(&notes);
        let task = ticks.begin(Duration::ZERO, policy).repeat(2, ticks.next());
        let task = task.perform(sleep(S)).repeat(1, ticks.next());
        let handle = event_loop.start(subject.task(task), 3);
        event_loop.block_on(handle).unwrap().unwrap();
    }
    let each = ["0ns, 0 missed", "0ns, 0 missed", "1s, 0 missed"];
    assert_eq!(notes.lines(), [each; 3].concat());
}

fn a_tick_beyond_the_clock_never_comes(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let ticks = Series::new(&notes);
    let (next, limit) = (ticks.next(), S);
    let task = ticks.begin(Duration::MAX, MissedTicks::Skip).perform_then(
        move || timeout(limit, next()),
        |ended| assert!(ended.is_err(), "the tick came"),
    );
    event_loop.block_on(subject.task(task)).unwrap();
    assert_eq!(notes.lines(), NO_NOTES);
}

fn without_a_host_panic(_: Subject) {
    let refused = catch_panic(|| every(S)).unwrap_err();
    assert!(refused.contains("no host drives this thread"), "{refused}");
}
