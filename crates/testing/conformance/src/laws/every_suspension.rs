//! Events at a suspension: a cancel, a spurious wake and a panic, each tried at every suspension of
//! a body that suspends in many ways.

use std::{cell::RefCell, rc::Rc, task::Waker, time::Duration};

use quadrivium::{event_loop::Turned, prelude::*, task::Step};

use crate::{Body, Notes, Subject, TestLoop, body, leaf, new_loop, notes_and_loop, turns};

laws! { ($) every_suspension:
    /// A body that is cancelled at any of its suspensions drops the values it holds, and runs no
    /// further.
    may_be_cancelled on VirtualClock;
    /// Spurious wakes at every suspension change neither what a body does nor when.
    tolerates_a_spurious_wake on VirtualClock;
    /// A panic after any suspension drops the values that the body holds at that point.
    may_be_followed_by_a_panic on VirtualClock;
}

const MS: Duration = Duration::from_millis(1);

/// The number of parts of the body.
const PARTS: usize = 7;

/// Adds part `n` to the body. Each part suspends in a different way.
fn part(subject: Subject, body: Body, n: usize) -> Body {
    match n {
        0 => body.perform(turn()),
        1 => body.perform(sleep(2 * MS)),
        2 => body.perform(subject.task(crate::body().repeat(2, turn))),
        3 => body.perform(timeout(2 * MS, sleep(9 * MS))),
        4 => body.perform(join(sleep(MS), turn())),
        5 => body.perform(race(sleep(3 * MS), subject.task(crate::body().perform(sleep(MS))))),
        _ => body.perform_then(|| spawn(sleep(MS)), drop),
    }
}

/// Notes the number of the part, and holds a value from here on.
fn note_and_hold(body: Body, notes: &Notes, n: usize) -> Body {
    let own_notes = notes.clone();
    let body = body.note(notes, n.to_string());
    body.hold_new(move || own_notes.when_dropped(format!("dropped {n}")))
}

/// The whole body.
fn all_parts(subject: Subject, notes: &Notes) -> Body {
    (0..PARTS).fold(body(), |body, n| part(subject, note_and_hold(body, notes, n), n))
}

/// The notes before the first destructor.
fn numbers(notes: &Notes) -> Vec<String> {
    let lines = notes.lines();
    lines.into_iter().take_while(|line| !line.starts_with("dropped")).collect()
}

/// The notes of the destructors of the first `n` parts.
fn destructors(n: usize) -> Vec<String> {
    (0..n).map(|n| format!("dropped {n}")).collect()
}

/// More turns than any of the bodies takes.
const TURNS: usize = 1_000;

/// Runs a turn, and advances the clock by a millisecond if no task is ready.
fn go_on(event_loop: &mut TestLoop) {
    if matches!(turns(event_loop, 1), Turned::Until(_)) {
        event_loop.advance(MS);
    }
}

fn may_be_cancelled(subject: Subject) {
    // One more resume each time, until the task is done before it is cancelled.
    for resumes in 0.. {
        assert!(resumes < TURNS, "the body does not end: a wake or a deadline is lost");
        let (notes, mut event_loop) = notes_and_loop();
        let handle = event_loop.spawn(subject.task(all_parts(subject, &notes)));
        (0..resumes).for_each(|_| go_on(&mut event_loop));
        if handle.is_finished() {
            assert!(resumes > PARTS);
            break;
        }
        let before = notes.lines();
        handle.cancel();
        assert_eq!(notes.lines(), [before.clone(), destructors(before.len())].concat());
        event_loop.run().unwrap();
        assert_eq!(notes.lines().len(), 2 * before.len(), "a cancelled body must not continue");
    }
}

/// Runs the body to its end, with a wake before each turn if `is_woken`. Returns the notes, and the
/// time at the end.
fn run(subject: Subject, is_woken: bool) -> Vec<(String, Duration)> {
    let (notes, waker) = (Notes::default(), Rc::new(RefCell::new(None::<Waker>)));
    let mut event_loop = new_loop();
    let (gives, start) = (Rc::clone(&waker), event_loop.now());
    let gives_its_waker = leaf(move |cx| {
        let former = gives.replace(Some(cx.waker().clone()));
        drop(former);
        Step::Done(())
    });
    let body = (0..PARTS).fold(body().perform(gives_its_waker), |body, n| {
        let notes = notes.clone();
        let body = body.run(move || {
            notes.add(format!("{n} at {:?}", quadrivium::time::now() - start));
        });
        part(subject, body, n)
    });
    let handle = event_loop.spawn(subject.task(body));
    for turn in 0.. {
        if handle.is_finished() {
            break;
        }
        assert!(turn < TURNS, "the body does not end: a wake or a deadline is lost");
        if is_woken && let Some(waker) = &*waker.borrow() {
            waker.wake_by_ref();
        }
        go_on(&mut event_loop);
    }
    let end = event_loop.elapsed();
    notes.lines().into_iter().map(|line| (line, end)).collect()
}

fn tolerates_a_spurious_wake(subject: Subject) {
    assert_eq!(run(subject, true), run(subject, false));
}

fn may_be_followed_by_a_panic(subject: Subject) {
    for parts in 0..=PARTS {
        let (notes, mut event_loop) = notes_and_loop();
        let body =
            (0..parts).fold(body(), |body, n| part(subject, note_and_hold(body, &notes, n), n));
        let panics = body.run(|| std::panic::resume_unwind(Box::new("on purpose")));
        let error = event_loop.block_on(subject.task(panics.note(&notes, "went on"))).unwrap_err();
        assert!(error.to_string().ends_with(" panicked: on purpose"), "{error}");
        assert_eq!(numbers(&notes).len(), parts);
        assert_eq!(notes.lines()[parts..], destructors(parts));
    }
}
