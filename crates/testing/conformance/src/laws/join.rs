//! Joining: handles, `join`, `race` and `timeout`. Losing parts are dropped before the winner's
//! output is used.

use std::time::Duration;

use quadrivium::{
    prelude::*,
    task::{BoxTask, Either, RESUMED_AFTER_DONE, Step, Wait},
    time::{Elapsed, timeout_at},
};

use crate::{
    NO_NOTES, Notes, Probe, Subject, body, catch_panic, is_done, leaf, new_loop, notes_and_loop,
    resume, traced, turns,
};

laws! { ($) join:
    /// A task that joins before the end is woken by the end, after the destructors. It runs in the
    /// next turn.
    before_the_end_waits_for_it on VirtualClock;
    /// Joining after the end of the task does not suspend.
    after_the_end_does_not_suspend on VirtualClock;
    /// `join_all` of handles returns every output, in the order of the handles.
    join_all_returns_the_outputs_in_order;
    /// If several tasks join with the same handle one after another, the last one is woken.
    the_last_task_to_join_is_woken on VirtualClock;
    /// An output that is not joined is dropped: at the end of the task, or with the handle.
    an_unread_output_is_dropped;
    /// An output that was joined belongs to the joining task, and is dropped once.
    a_joined_output_is_dropped_once;
    /// `join` runs its parts side by side, so it takes as long as the longer part.
    both_parts_run_side_by_side on VirtualClock;
    /// `join_all` returns the outputs in the order of its parts, whichever part ends first.
    all_parts_keep_their_order on VirtualClock;
    /// `join_all` of no parts is done at once.
    join_all_of_nothing_is_done_at_once;
    /// A race drops the loser before the output of the winner is used.
    a_race_drops_the_loser_first on VirtualClock;
    /// A race that is won has dropped its loser, and panics when it is resumed again.
    a_finished_race_has_dropped_its_loser needs ByHand;
    /// If both parts of a race are done in the same resume, the first part wins.
    a_tied_race_is_won_by_the_first_part on VirtualClock;
    /// A handle that loses a race detaches its task, which continues.
    a_losing_handle_detaches_its_task on VirtualClock;
    /// A timeout drops its task, and the destructors run before the error is returned.
    a_timeout_drops_the_task on VirtualClock;
    /// A timeout whose task is done in time leaves no deadline.
    a_timeout_that_is_met_leaves_no_deadline on VirtualClock;
    /// A task that is done exactly at its deadline is in time.
    a_task_done_at_its_deadline_is_in_time on VirtualClock;
    /// `timeout_at` drops its task at the deadline. The error has the duration since the first
    /// resume.
    a_deadline_drops_the_task on VirtualClock;
    /// A task that is done exactly at the deadline of its `timeout_at` is in time.
    a_task_done_at_its_common_deadline_is_in_time on VirtualClock;
    /// A task whose deadline has passed before is resumed, and dropped in the next turn.
    a_deadline_that_has_passed_allows_one_step on VirtualClock;
    /// The loser of a race of sleeps leaves no deadline.
    a_race_of_sleeps_leaves_no_deadline on VirtualClock;
    /// A cancel drops all parts of a join, in their order.
    a_cancel_drops_all_parts_in_order on VirtualClock;
    /// If one part of a join panics, the other part is dropped.
    a_part_that_panics_drops_the_other;
}

const MS: Duration = Duration::from_millis(1);

fn before_the_end_waits_for_it(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let joined = event_loop.spawn(subject.task(body().repeat(2, turn)));
    event_loop.run_detached(subject.task(body().perform(joined)));
    trace.expect(&[
        "0ns task 1 spawned",
        "0ns task 2 spawned",
        "0ns task 1 resumed",
        "0ns task 1 suspended for a turn",
        // Task 1 has not ended: task 2 waits to be woken.
        "0ns task 2 resumed",
        "0ns task 2 suspended until woken",
        "0ns task 1 resumed",
        "0ns task 1 suspended for a turn",
        // The end of task 1 wakes task 2, after the destructors of task 1.
        "0ns task 1 resumed",
        "0ns task 1 done",
        "0ns task 2 woken by task 1",
        // Task 2 runs in the next turn.
        "0ns task 2 resumed",
        "0ns task 2 done",
    ]);
}

fn after_the_end_does_not_suspend(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let joined = event_loop.spawn(subject.task(body()));
    let joins = body().perform(turn()).perform(joined);
    event_loop.run_detached(subject.task(joins));
    trace.after(2).expect(&[
        "0ns task 1 resumed",
        "0ns task 1 done",
        "0ns task 2 resumed",
        "0ns task 2 suspended for a turn",
        // The output is available, so joining does not suspend.
        "0ns task 2 resumed",
        "0ns task 2 done",
    ]);
}

fn join_all_returns_the_outputs_in_order(subject: Subject) {
    let mut event_loop = new_loop();
    let handles = (0..100)
        .map(|n| event_loop.spawn(subject.task(body().repeat(n % 7, turn).output(move || n))));
    let handles: Vec<_> = handles.collect();
    let outputs = event_loop.block_on(join_all(handles)).unwrap();
    let outputs: Vec<_> = outputs.into_iter().map(Result::unwrap).collect();
    assert_eq!(outputs, (0..100).collect::<Vec<_>>());
}

fn the_last_task_to_join_is_woken(subject: Subject) {
    // The first task stops joining after a turn, and hands the handle to the second.
    let (mut event_loop, trace) = traced();
    let handle = event_loop.spawn_named("slow", subject.task(body().perform(sleep(MS))));
    let mut handle = Some(handle);
    let (sender, receiver) = quadrivium::sync::oneshot::channel();
    let mut sender = Some(sender);
    let gives_up = leaf(move |cx| {
        let joined = std::pin::Pin::new(handle.as_mut().unwrap()).resume(cx);
        assert!(matches!(joined, Step::Suspended(_)));
        assert!(sender.take().unwrap().send(handle.take().unwrap()).is_ok());
        Step::Done(())
    });
    drop(
        event_loop
            .spawn_named("gives up", subject.task(body().perform(gives_up).perform(sleep(MS)))),
    );
    let joins = body().perform_then(|| receiver, |handle| drop(spawn(handle.unwrap())));
    drop(event_loop.spawn_named("hands on", subject.task(joins)));
    event_loop.run().unwrap();
    trace.with("woken by").expect(&[
        "1ms task 1 \"slow\" woken by its deadline",
        // This task is woken by its own deadline only, since it no longer joins.
        "1ms task 2 \"gives up\" woken by its deadline",
        // Task 4 now joins with the handle. Task 2, which joined before, is not woken.
        "1ms task 4 woken by task 1",
    ]);
}

fn an_unread_output_is_dropped(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let output = notes.when_dropped("output of the first");
    event_loop.run_detached(subject.task(body().perform(turn()).output(move || output)));
    assert_eq!(
        notes.lines(),
        ["output of the first"],
        "a detached task must drop its output at its end"
    );
    let output = notes.when_dropped("output of the second");
    let handle = event_loop.spawn(subject.task(body().output(move || output)));
    event_loop.run().unwrap();
    assert_eq!(notes.lines().len(), 1);
    drop(handle);
    assert_eq!(
        notes.lines()[1..],
        ["output of the second"],
        "an unread output must be dropped with the handle"
    );
}

fn a_joined_output_is_dropped_once(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let output = notes.when_dropped("dropped");
    let handle = event_loop.spawn(subject.task(body().output(move || output)));
    let output = event_loop.block_on(handle).unwrap().unwrap();
    assert_eq!(notes.lines(), NO_NOTES);
    drop(output);
    drop(event_loop);
    assert_eq!(notes.lines(), ["dropped"]);
}

fn both_parts_run_side_by_side(subject: Subject) {
    let mut event_loop = new_loop();
    let a = subject.task(body().perform(sleep(3 * MS)).output(|| "a"));
    let b = subject.task(body().perform(sleep(2 * MS)).output(|| 'b'));
    assert_eq!(event_loop.block_on(join(a, b)).unwrap(), ("a", 'b'));
    assert_eq!(event_loop.elapsed(), 3 * MS, "the longer time must pass, not the sum");
}

fn all_parts_keep_their_order(subject: Subject) {
    let mut event_loop = new_loop();
    let part = |ms| subject.task(body().perform(sleep(ms * MS)).output(move || ms));
    assert_eq!(event_loop.block_on(join_all([3, 1, 2].map(part))).unwrap(), [3, 1, 2]);
    assert_eq!(event_loop.elapsed(), 3 * MS);
}

fn join_all_of_nothing_is_done_at_once(subject: Subject) {
    let parts = Vec::<BoxTask<()>>::new();
    let joins = body().perform(join_all(parts));
    new_loop().block_on(subject.task(joins)).unwrap();
}

fn a_race_drops_the_loser_first(subject: Subject) {
    let notes = Notes::default();
    let loser = body().hold(notes.when_dropped("loser dropped")).perform(sleep(2 * MS));
    let winner = body().perform(sleep(MS)).note(&notes, "winner done");
    let race = race(subject.task(loser), subject.task(winner));
    let races = body().perform_and_note(&notes, race);
    let mut event_loop = new_loop();
    event_loop.block_on(subject.task(races)).unwrap();
    assert_eq!(notes.lines(), ["winner done", "loser dropped", "Right(())"]);
    assert_eq!(event_loop.elapsed(), MS);
}

fn a_finished_race_has_dropped_its_loser(subject: Subject) {
    let notes = Notes::default();
    let loser = body().hold(notes.when_dropped("loser dropped")).perform(turn());
    let mut race: BoxTask<Either<(), ()>> =
        Box::pin(race(subject.task(loser), subject.task(body())));
    assert!(is_done(&resume(&mut race)));
    assert_eq!(
        notes.lines(),
        ["loser dropped"],
        "the loser must be dropped although the race still exists"
    );
    assert_eq!(catch_panic(|| is_done(&resume(&mut race))), Err(RESUMED_AFTER_DONE.to_string()));
}

fn a_tied_race_is_won_by_the_first_part(subject: Subject) {
    let part = |name: &'static str| subject.task(body().perform(sleep(MS)).output(move || name));
    let first = new_loop().block_on(race(part("a"), part("b"))).unwrap();
    assert_eq!(first, Either::Left("a"));
}

fn a_losing_handle_detaches_its_task(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let slow =
        event_loop.spawn(subject.task(body().perform(sleep(5 * MS)).note(&notes, "slow done")));
    let quick = subject.task(body().perform(sleep(MS)));
    event_loop.block_on(race(slow, quick)).unwrap();
    assert_eq!(notes.lines(), NO_NOTES);
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["slow done"], "a dropped handle must detach its task");
}

fn a_timeout_drops_the_task(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let notes = Notes::default();
    let slow = body().hold(notes.when_dropped("dropped")).perform(sleep(100 * MS));
    let slow = subject.task(slow.note(&notes, "went on"));
    let body = body().perform_and_note(&notes, timeout(5 * MS, slow));
    event_loop.block_on(subject.task(body)).unwrap();
    assert_eq!(
        notes.lines(),
        ["dropped".to_string(), format!("{:?}", Err::<(), _>(Elapsed { after: 5 * MS }))]
    );
    trace.expect(&[
        "0ns task 1 spawned",
        "0ns task 1 resumed",
        // The task waits for the earlier of its two deadlines, which belongs to the timeout.
        "0ns task 1 suspended until 5ms",
        "5ms task 1 woken by its deadline",
        "5ms task 1 resumed",
        "5ms task 1 done",
    ]);
}

fn a_timeout_that_is_met_leaves_no_deadline(subject: Subject) {
    let mut event_loop = new_loop();
    let quick = subject.task(body().perform(sleep(MS)).output(|| 42));
    let probe = Probe::default();
    let waits = probe.waits();
    let times = body().perform(timeout(100 * MS, quick)).perform(waits);
    let handle = event_loop.start(subject.task(times), 1);
    event_loop.advance(MS);
    assert_eq!(turns(&mut event_loop, 1), quadrivium::event_loop::Turned::Waiting);
    handle.cancel();
}

fn a_task_done_at_its_deadline_is_in_time(subject: Subject) {
    let task = subject.task(body().perform(sleep(MS)).output(|| 42));
    assert_eq!(new_loop().block_on(timeout(MS, task)).unwrap(), Ok(42));
}

fn a_deadline_drops_the_task(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let deadline = event_loop.now() + 5 * MS;
    let slow = body().hold(notes.when_dropped("dropped")).perform(sleep(100 * MS));
    let slow = timeout_at(deadline, subject.task(slow.note(&notes, "went on")));
    let body = body().perform(sleep(2 * MS)).perform_and_note(&notes, slow);
    event_loop.block_on(subject.task(body)).unwrap();
    let elapsed = format!("{:?}", Err::<(), _>(Elapsed { after: 3 * MS }));
    assert_eq!(notes.lines(), ["dropped".to_string(), elapsed]);
    assert_eq!(event_loop.elapsed(), 5 * MS);
}

fn a_task_done_at_its_common_deadline_is_in_time(subject: Subject) {
    let mut event_loop = new_loop();
    let deadline = event_loop.now() + MS;
    let task = || subject.task(body().perform(sleep(MS)).output(|| 42));
    let both = join(timeout_at(deadline, task()), timeout_at(deadline, task()));
    assert_eq!(event_loop.block_on(both).unwrap(), (Ok(42), Ok(42)));
}

fn a_deadline_that_has_passed_allows_one_step(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let notes = Notes::default();
    event_loop.advance(2 * MS);
    let passed = event_loop.now() - MS;
    let quick = timeout_at(passed, subject.task(body().output(|| "done")));
    let slow = body().note(&notes, "slow begins").perform(sleep(MS)).output(|| "late");
    let slow = timeout_at(passed, subject.task(slow));
    let both = body().perform_and_note(&notes, quick).perform_and_note(&notes, slow);
    event_loop.block_on(subject.task(both)).unwrap();
    let elapsed = format!("{:?}", Err::<(), _>(Elapsed { after: Duration::ZERO }));
    let expected = ["Ok(\"done\")".to_string(), "slow begins".into(), elapsed];
    assert_eq!(notes.lines(), expected);
    trace.expect(&[
        "2ms task 1 spawned",
        // The first task is done in one step, although its deadline has passed.
        "2ms task 1 resumed",
        "2ms task 1 suspended until 1ms",
        // The second is dropped in the next turn.
        "2ms task 1 woken by its deadline",
        "2ms task 1 resumed",
        "2ms task 1 done",
    ]);
}

fn a_race_of_sleeps_leaves_no_deadline(subject: Subject) {
    let mut event_loop = new_loop();
    let race = race(
        subject.task(body().perform(sleep(MS))),
        subject.task(body().perform(sleep(100 * MS))),
    );
    event_loop.block_on(subject.task(body().perform(race).perform(sleep(MS)))).unwrap();
    assert_eq!(event_loop.elapsed(), 2 * MS);
    event_loop.run().unwrap();
    assert_eq!(event_loop.elapsed(), 2 * MS);
}

fn a_cancel_drops_all_parts_in_order(subject: Subject) {
    let notes = Notes::default();
    let part = |name| subject.task(body().hold(notes.when_dropped(name)).perform(sleep(MS)));
    let mut event_loop = new_loop();
    let handle = event_loop.start(subject.task(body().perform(join(part("a"), part("b")))), 1);
    handle.cancel();
    assert_eq!(notes.lines(), ["a", "b"]);
    event_loop.run().unwrap();
    assert_eq!(event_loop.elapsed(), Duration::ZERO);
}

fn a_part_that_panics_drops_the_other(subject: Subject) {
    let notes = Notes::default();
    let dropped = notes.when_dropped("other dropped");
    let other =
        subject.task(body().hold(dropped).perform(leaf(|_| Step::<()>::Suspended(Wait::Wake))));
    let panics = subject.task(body().perform(turn()).run(|| panic!("on purpose")));
    let joins = subject.task(body().perform(join(other, panics)));
    let error = new_loop().block_on(joins).unwrap_err();
    assert!(error.to_string().ends_with(" panicked: on purpose"), "{error}");
    assert_eq!(notes.lines(), ["other dropped"]);
}
