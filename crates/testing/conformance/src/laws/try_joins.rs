//! `try_join` and `try_join_all`: the first error drops the other parts, and their destructors have
//! run before the error is used.

use std::time::Duration;

use quadrivium::{
    prelude::*,
    task::{BoxTask, RESUMED_AFTER_DONE},
};

use crate::{
    NO_NOTES, Notes, Probe, Subject, body, catch_panic, is_done, new_loop, notes_and_loop, resume,
    traced,
};

laws! { ($) try_joins:
    /// Without an error, `try_join` returns both values and takes as long as the longer part.
    without_an_error_return_both_values on VirtualClock;
    /// The first error drops the other part, and its destructors run before the error is used.
    the_first_error_drops_the_other_part on VirtualClock;
    /// After an error, the values of parts that were done before are dropped, too.
    an_error_drops_the_values_of_the_other_parts on VirtualClock;
    /// If both parts fail at once, the error of the first part is returned. The second part is not
    /// resumed after it.
    the_first_part_fails_first;
    /// After an error, no deadline is left.
    an_error_leaves_no_deadline on VirtualClock;
    /// A `try_join` that is done has dropped its parts, and panics when it is resumed again.
    a_finished_try_join_has_dropped_its_parts needs ByHand;
    /// A cancel of a `try_join` or a `try_join_all` drops all parts, in their order.
    a_cancel_drops_all_parts_in_order on VirtualClock;
    /// A panic of a part is not an error of the part. It ends the whole, and drops the other parts.
    a_panic_drops_the_other_parts;
    /// `try_join_all` returns the values in the order of its parts, whichever part ends first.
    all_values_keep_their_order on VirtualClock;
    /// The first error drops all other parts, in their order, before the error is used.
    the_first_error_drops_all_other_parts on VirtualClock;
    /// If several parts fail at once, the error of the first in their order is returned.
    the_first_of_many_parts_fails_first on VirtualClock;
    /// `try_join_all` of no parts is done at once.
    all_of_nothing_are_done_at_once;
    /// A `try_join_all` of handles ends at the first task that panics. The other tasks continue.
    an_error_detaches_the_other_handles on VirtualClock;
}

const MS: Duration = Duration::from_millis(1);

/// A part that sleeps for this time and then ends. It notes when its values are dropped.
fn part(
    subject: Subject,
    notes: &Notes,
    ms: u32,
    ends: Result<&'static str, &'static str>,
) -> BoxTask<Result<&'static str, &'static str>> {
    let (Ok(name) | Err(name)) = ends;
    let held = notes.when_dropped(format!("{name} dropped"));
    subject.task(body().hold(held).perform(sleep(ms * MS)).output(move || ends))
}

fn without_an_error_return_both_values(subject: Subject) {
    let mut event_loop = new_loop();
    let a = subject.task(body().perform(sleep(3 * MS)).output(|| Ok::<_, String>("a")));
    let b = subject.task(body().perform(sleep(2 * MS)).output(|| Ok('b')));
    assert_eq!(event_loop.block_on(try_join(a, b)).unwrap(), Ok(("a", 'b')));
    assert_eq!(event_loop.elapsed(), 3 * MS, "the longer time must pass, not the sum");
}

fn the_first_error_drops_the_other_part(subject: Subject) {
    for fails_first in [true, false] {
        let (notes, mut event_loop) = notes_and_loop();
        let fails = part(subject, &notes, 1, Err("failed"));
        let other = part(subject, &notes, 60_000, Ok("other"));
        let both = match fails_first {
            true => try_join(fails, other),
            false => try_join(other, fails),
        };
        event_loop.block_on(subject.task(body().perform_and_note(&notes, both))).unwrap();
        assert_eq!(notes.lines(), ["failed dropped", "other dropped", "Err(\"failed\")"]);
        assert_eq!(event_loop.elapsed(), MS);
    }
}

fn an_error_drops_the_values_of_the_other_parts(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let value = notes.when_dropped("value dropped");
    let ends = subject.task(body().output(move || Ok(value)));
    let fails = subject.task(body().perform(sleep(MS)).output(|| Err::<(), _>("failed")));
    let (both, own) = (try_join(ends, fails), notes.clone());
    let both = body()
        .perform_then(|| both, move |ended: Result<_, &str>| own.add(ended.map(drop).unwrap_err()));
    event_loop.block_on(subject.task(both)).unwrap();
    assert_eq!(notes.lines(), ["value dropped", "failed"]);
}

fn the_first_part_fails_first(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let fails = |name| subject.task(body().note(&notes, name).output(move || Err::<(), _>(name)));
    let both = try_join(fails("a"), fails("b"));
    assert_eq!(event_loop.block_on(both).unwrap(), Err("a"));
    assert_eq!(notes.lines(), ["a"]);
}

fn an_error_leaves_no_deadline(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let notes = Notes::default();
    let fails = part(subject, &notes, 1, Err("failed"));
    let other = part(subject, &notes, 5, Ok("other"));
    let then = body().perform(try_join(fails, other)).perform(sleep(9 * MS));
    event_loop.run_detached(subject.task(then));
    trace.expect(&[
        "0ns task 1 spawned",
        // Both parts sleep. The task waits for the earlier deadline.
        "0ns task 1 resumed",
        "0ns task 1 suspended until 1ms",
        // The first part fails, and the second is dropped with its deadline.
        "1ms task 1 woken by its deadline",
        "1ms task 1 resumed",
        "1ms task 1 suspended until 10ms",
        "10ms task 1 woken by its deadline",
        "10ms task 1 resumed",
        "10ms task 1 done",
    ]);
}

fn a_finished_try_join_has_dropped_its_parts(subject: Subject) {
    let notes = Notes::default();
    let waits = body().hold(notes.when_dropped("dropped")).perform(turn()).output(|| Ok(()));
    let fails = subject.task(body().output(|| Err::<(), _>("failed")));
    let mut both: BoxTask<_> = Box::pin(try_join(subject.task(waits), fails));
    assert!(is_done(&resume(&mut both)));
    assert_eq!(notes.lines(), ["dropped"], "the part must be dropped although the whole exists");
    assert_eq!(catch_panic(|| is_done(&resume(&mut both))), Err(RESUMED_AFTER_DONE.to_string()));
}

fn a_cancel_drops_all_parts_in_order(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let pair = try_join(part(subject, &notes, 1, Ok("a")), part(subject, &notes, 1, Ok("b")));
    let many = try_join_all(["c", "d"].map(|name| part(subject, &notes, 1, Ok(name))));
    let all = body().perform(join(pair, many));
    event_loop.start(subject.task(all), 1).cancel();
    assert_eq!(notes.lines(), ["a", "b", "c", "d"].map(|name| format!("{name} dropped")));
    event_loop.run().unwrap();
    assert_eq!(event_loop.elapsed(), Duration::ZERO);
}

fn a_panic_drops_the_other_parts(subject: Subject) {
    let notes = Notes::default();
    let other = body().hold(notes.when_dropped("dropped")).perform(Probe::default().waits());
    let other = subject.task(other.output(|| Ok::<_, ()>(())));
    let panics = subject.task(body().perform(turn()).output(|| panic!("on purpose")));
    let both = subject.task(body().perform(try_join::<_, _, _, (), _>(other, panics)));
    let error = new_loop().block_on(both).unwrap_err();
    assert!(error.to_string().ends_with(" panicked: on purpose"), "{error}");
    assert_eq!(notes.lines(), ["dropped"]);
}

fn all_values_keep_their_order(subject: Subject) {
    let mut event_loop = new_loop();
    let part = |ms| subject.task(body().perform(sleep(ms * MS)).output(move || Ok::<_, ()>(ms)));
    assert_eq!(event_loop.block_on(try_join_all([3, 1, 2].map(part))).unwrap(), Ok(vec![3, 1, 2]));
    assert_eq!(event_loop.elapsed(), 3 * MS);
}

fn the_first_error_drops_all_other_parts(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let parts = [(9, Ok("a")), (1, Ok("b")), (2, Err("c")), (9, Ok("d"))];
    let all = try_join_all(parts.map(|(ms, ends)| part(subject, &notes, ms, ends)));
    event_loop.block_on(subject.task(body().perform_and_note(&notes, all))).unwrap();
    let dropped = ["b dropped", "c dropped", "a dropped", "d dropped", "Err(\"c\")"];
    assert_eq!(notes.lines(), dropped);
    assert_eq!(event_loop.elapsed(), 2 * MS);
}

fn the_first_of_many_parts_fails_first(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let parts = [(2, "a"), (1, "b"), (1, "c")];
    let all = try_join_all(parts.map(|(ms, name)| part(subject, &notes, ms, Err(name))));
    assert_eq!(event_loop.block_on(all).unwrap(), Err("b"));
}

fn all_of_nothing_are_done_at_once(subject: Subject) {
    let parts = Vec::<BoxTask<Result<(), ()>>>::new();
    let all = body().perform_then(|| try_join_all(parts), |all| assert_eq!(all, Ok(vec![])));
    new_loop().block_on(subject.task(all)).unwrap();
}

fn an_error_detaches_the_other_handles(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let goes_on = body().perform(sleep(5 * MS)).note(&notes, "went on");
    let panics = body().perform(sleep(MS)).run(|| panic!("on purpose"));
    let handles = [goes_on, panics].map(|body| event_loop.spawn(subject.task(body)));
    let error = event_loop.block_on(try_join_all(handles)).unwrap().unwrap_err();
    assert_eq!(error.panic_message(), Some("on purpose"));
    assert_eq!(notes.lines(), NO_NOTES);
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["went on"]);
}
