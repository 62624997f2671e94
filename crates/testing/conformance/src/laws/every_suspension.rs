//! Events at a suspension: a cancel, a spurious wake and a panic, each tried at every suspension of
//! a body that suspends in many ways.

use std::{cell::RefCell, rc::Rc, task::Waker, time::Duration};

use quadrivium::{event_loop::Turned, prelude::*, task::Step};

use crate::{Body, Said, Subject, TestLoop, body, leaf, new_loop, said_and_loop, turns};

laws! { ($) every_suspension:
    /// A body that is cancelled at any of its suspensions drops the values it holds, and runs no
    /// further.
    a_cancel on VirtualClock;
    /// Spurious wakes at every suspension change neither what a body does nor when.
    a_spurious_wake on VirtualClock;
    /// A panic after any suspension drops the values that the body holds at that point.
    a_panic on VirtualClock;
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
fn holds(body: Body, said: &Said, n: usize) -> Body {
    let says = said.clone();
    let body = body.say(said, n.to_string());
    body.hold_new(move || says.when_dropped(format!("dropped {n}")))
}

/// The whole body.
fn all_parts(subject: Subject, said: &Said) -> Body {
    (0..PARTS).fold(body(), |body, n| part(subject, holds(body, said, n), n))
}

/// The notes before the first destructor.
fn numbers(said: &Said) -> Vec<String> {
    let lines = said.lines();
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

fn a_cancel(subject: Subject) {
    // One more resume each time, until the task is done before it is cancelled.
    for resumes in 0.. {
        assert!(resumes < TURNS, "the body does not end: a wake or a deadline is lost");
        let (said, mut event_loop) = said_and_loop();
        let handle = event_loop.spawn(subject.task(all_parts(subject, &said)));
        (0..resumes).for_each(|_| go_on(&mut event_loop));
        if handle.is_finished() {
            assert!(resumes > PARTS);
            break;
        }
        let before = said.lines();
        handle.cancel();
        assert_eq!(said.lines(), [before.clone(), destructors(before.len())].concat());
        event_loop.run().unwrap();
        assert_eq!(said.lines().len(), 2 * before.len(), "a cancelled body must not continue");
    }
}

/// Runs the body to its end, with a wake before each turn if `is_woken`. Returns the notes, and the
/// time at the end.
fn run(subject: Subject, is_woken: bool) -> Vec<(String, Duration)> {
    let (said, waker) = (Said::default(), Rc::new(RefCell::new(None::<Waker>)));
    let mut event_loop = new_loop();
    let (gives, start) = (Rc::clone(&waker), event_loop.now());
    let gives_its_waker = leaf(move |cx| {
        let former = gives.replace(Some(cx.waker().clone()));
        drop(former);
        Step::Done(())
    });
    let body = (0..PARTS).fold(body().perform(gives_its_waker), |body, n| {
        let said = said.clone();
        let body = body.run(move || {
            said.say(format!("{n} at {:?}", quadrivium::time::now() - start));
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
    said.lines().into_iter().map(|line| (line, end)).collect()
}

fn a_spurious_wake(subject: Subject) {
    assert_eq!(run(subject, true), run(subject, false));
}

fn a_panic(subject: Subject) {
    for parts in 0..=PARTS {
        let (said, mut event_loop) = said_and_loop();
        let body = (0..parts).fold(body(), |body, n| part(subject, holds(body, &said, n), n));
        let panics = body.run(|| std::panic::resume_unwind(Box::new("on purpose")));
        let error = event_loop.block_on(subject.task(panics.say(&said, "went on"))).unwrap_err();
        assert_eq!(error.to_string(), "the task panicked: on purpose");
        assert_eq!(numbers(&said).len(), parts);
        assert_eq!(said.lines()[parts..], destructors(parts));
    }
}
