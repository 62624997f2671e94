//! The first of many tasks: `race_all`, which drops the others, and `select`, which keeps them.

use std::{cell::RefCell, rc::Rc, time::Duration};

use quadrivium::{
    prelude::*,
    task::{BoxTask, Selected, Step},
    test::every_order,
};

use super::parts::{parts, probes, resumes};
use crate::{NO_NOTES, Notes, Probe, Subject, body, catch_panic, leaf, new_loop, notes_and_loop};

laws! { ($) selects:
    /// `race_all` returns the index and the output of the first part, and has dropped the others by
    /// then.
    a_race_drops_all_losers_first on VirtualClock;
    /// If several parts of `race_all` are done at once, the first in their order wins.
    a_tie_is_won_by_the_first_part on VirtualClock;
    /// `race_all` of no parts panics with a clear message.
    a_race_of_nothing_panics;
    /// `select` returns one output after another. The other parts keep their state and their index.
    a_select_returns_one_output_after_another on VirtualClock;
    /// Parts of `select` that are done at once are returned in their order, and none is lost.
    a_select_loses_no_output;
    /// If the parts of many `select`s are done at once, each part is the first equally often.
    a_select_gives_each_part_the_same_chance;
    /// The rest of a `select` goes on behind the part that was done.
    the_rest_of_a_select_goes_on_behind_its_first;
    /// With `biased`, the first part in the order wins each tie, also in the rest.
    a_biased_select_begins_with_its_first_part;
    /// In a simulation, the seed decides which part is the first.
    a_simulation_chooses_the_first_part;
    /// `select` of no parts returns nothing at once.
    a_select_of_nothing_is_done_at_once;
    /// The rest of a `select` is dropped with it.
    the_rest_of_a_select_is_dropped_with_it;
}

const MS: Duration = Duration::from_millis(1);

/// Performs the rest again and again, and notes the index and the output of each part.
fn selects(subject: Subject, notes: &Notes, tasks: Vec<BoxTask<usize>>) -> BoxTask<()> {
    let rest = Rc::new(RefCell::new(Some(select(tasks))));
    let times = rest.borrow().iter().count();
    assert_eq!(times, 1);
    let again = Rc::clone(&rest);
    let notes = notes.clone();
    let mut next: Option<BoxTask<Option<Selected<BoxTask<usize>>>>> = None;
    // A task that performs the rest until nothing is left.
    let performs = leaf(move |cx| {
        loop {
            let performed = next.get_or_insert_with(|| {
                subject.task(crate::Body::performing(Box::pin(again.take().unwrap())))
            });
            match performed.as_mut().resume(cx) {
                Step::Suspended(wait) => return Step::Suspended(wait),
                Step::Done(None) => return Step::Done(()),
                Step::Done(Some(Selected { index, output, rest })) => {
                    notes.add(format!("{index}: {output}"));
                    again.replace(Some(rest));
                    next = None;
                }
            }
        }
    });
    Box::pin(performs)
}

fn a_race_drops_all_losers_first(subject: Subject) {
    let notes = Notes::default();
    let part = |ms: u64| {
        let body = body().hold(notes.when_dropped(format!("{ms} dropped")));
        let sleeps = body.perform(sleep(Duration::from_millis(ms)));
        subject.task(sleeps.note(&notes, format!("{ms} done")).output(move || ms))
    };
    let race = race_all([3, 1, 2].map(part));
    let mut event_loop = new_loop();
    event_loop.block_on(subject.task(body().perform_and_note(&notes, race))).unwrap();
    assert_eq!(event_loop.elapsed(), MS);
    assert_eq!(notes.lines()[0], "1 done");
    let mut dropped = notes.lines()[1..4].to_vec();
    dropped.sort();
    assert_eq!(dropped, ["1 dropped", "2 dropped", "3 dropped"]);
    assert_eq!(notes.lines()[4..], ["(1, 1)"]);
}

fn a_tie_is_won_by_the_first_part(subject: Subject) {
    let part = |_| subject.task(body().perform(sleep(MS)));
    let (index, ()) = new_loop().block_on(race_all([(); 5].map(part))).unwrap();
    assert_eq!(index, 0);
}

fn a_race_of_nothing_panics(_: Subject) {
    let message = catch_panic(|| drop(race_all(Vec::<BoxTask<()>>::new()))).unwrap_err();
    assert!(message.starts_with("a race of no tasks has no winner"), "{message}");
}

fn a_select_returns_one_output_after_another(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let part = |ms: u64| {
        let body = body().perform(sleep(Duration::from_millis(ms)));
        subject.task(body.output(move || ms as usize))
    };
    event_loop.block_on(selects(subject, &notes, vec![part(3), part(1), part(2)])).unwrap();
    assert_eq!(notes.lines(), ["1: 1", "2: 2", "0: 3"]);
    assert_eq!(event_loop.elapsed(), 3 * MS, "the parts must go on from their states");
}

fn a_select_loses_no_output(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let own_notes = Notes::default();
    let probes = probes(70);
    let all = selects(subject, &own_notes, parts(subject, &probes, &notes));
    let handle = event_loop.start(all, 1);
    for probe in probes.iter().rev() {
        probe.open();
        probe.wake();
    }
    event_loop.block_on(handle).unwrap().unwrap();
    let expected: Vec<_> = (0..70).map(|n| format!("{n}: {n}")).collect();
    assert_eq!(own_notes.lines(), expected);
    assert!(resumes(&probes).into_iter().all(|n| n == 2));
}

/// A task that is done when it is first resumed. Its output is the number.
fn done(subject: Subject, n: usize) -> BoxTask<usize> {
    subject.task(body().output(move || n))
}

/// Performs a `select` of parts that are done at once this number of times. Notes which part was
/// the first.
fn selects_often(subject: Subject, notes: &Notes, parts: usize, times: usize) -> BoxTask<()> {
    let notes = notes.clone();
    let makes = move || select((0..parts).map(|n| done(subject, n)));
    let note_first = move |first: Option<Selected<_>>| notes.add(first.unwrap().index.to_string());
    subject.task(body().repeat_then(times, makes, note_first))
}

fn a_select_gives_each_part_the_same_chance(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    // Two tasks select in turn, so a counter would let each of them begin with the same part.
    let tasks = [(); 2].map(|()| (Notes::default(), body()));
    let tasks = tasks.map(|(own_notes, body)| {
        let (subject, into) = (subject, own_notes.clone());
        let selects = move || selects_often(subject, &into, 2, 1);
        let body = body.repeat(300, move || join(selects(), turn()));
        (own_notes, event_loop.start(subject.task(body), 0))
    });
    for (own_notes, handle) in tasks {
        event_loop.block_on(handle).unwrap().unwrap();
        let firsts = own_notes.lines().iter().filter(|line| *line == "0").count();
        assert!((120..=180).contains(&firsts), "the first part was first {firsts} times");
    }
    event_loop.block_on(selects_often(subject, &notes, 5, 500)).unwrap();
    for part in 0..5 {
        let firsts = notes.lines().iter().filter(|line| **line == part.to_string()).count();
        assert!((90..=110).contains(&firsts), "part {part} was first {firsts} times");
    }
}

fn the_rest_of_a_select_goes_on_behind_its_first(subject: Subject) {
    for parts in [2, 5, 64, 130] {
        let mut event_loop = new_loop();
        for _ in 0..3 {
            let notes = Notes::default();
            let tasks = (0..parts).map(|n| done(subject, n)).collect();
            event_loop.block_on(selects(subject, &notes, tasks)).unwrap();
            let first: usize = notes.lines()[0].split(':').next().unwrap().parse().unwrap();
            let in_turn = (first..parts).chain(0..first);
            assert_eq!(notes.lines(), in_turn.map(|n| format!("{n}: {n}")).collect::<Vec<_>>());
        }
    }
}

fn a_biased_select_begins_with_its_first_part(subject: Subject) {
    let mut event_loop = new_loop();
    for _ in 0..5 {
        let mut rest = select((0..3).map(|n| done(subject, n))).biased();
        for expected in 0..3 {
            let performed = subject.task(crate::Body::performing(Box::pin(rest)));
            let first = event_loop.block_on(performed).unwrap().unwrap();
            assert_eq!((first.index, first.output), (expected, expected));
            rest = first.rest;
        }
    }
}

fn a_simulation_chooses_the_first_part(subject: Subject) {
    let mut orders = Vec::new();
    every_order(|event_loop| {
        let notes = Notes::default();
        event_loop.block_on(selects_often(subject, &notes, 3, 2)).unwrap();
        orders.push(notes.lines().join(" "));
    });
    let expected = ["0 0", "0 1", "0 2", "1 0", "1 1", "1 2", "2 0", "2 1", "2 2"];
    assert_eq!(orders, expected, "each part of each `select` is the first once");
}

fn a_select_of_nothing_is_done_at_once(subject: Subject) {
    let selects = body().perform_then(
        || select(Vec::<BoxTask<()>>::new()),
        |first| {
            assert!(first.is_none());
        },
    );
    new_loop().block_on(subject.task(selects)).unwrap();
}

fn the_rest_of_a_select_is_dropped_with_it(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let slow =
        subject.task(body().hold(notes.when_dropped("dropped")).perform(Probe::default().waits()));
    let quick = subject.task(body().perform(turn()));
    let first = event_loop.block_on(select([slow, quick])).unwrap().unwrap();
    assert_eq!(first.index, 1);
    assert_eq!(notes.lines(), NO_NOTES);
    drop(first);
    assert_eq!(notes.lines(), ["dropped"]);
}
