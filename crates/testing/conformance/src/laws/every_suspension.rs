//! What may happen at a suspension, tried at each one of a body that suspends in many ways.

use std::{cell::RefCell, rc::Rc, task::Waker, time::Duration};

use quadrivium::{event_loop::Turned, prelude::*, task::Step};

use crate::{Body, Said, Subject, TestLoop, body, leaf, new_loop, said_and_loop, turns};

laws! { ($) every_suspension:
    /// Cancelled at any suspension, a body has said what comes before it, drops what it holds, and
    /// says no more.
    a_cancel on VirtualClock;
    /// A wake for no reason at every suspension changes nothing that a body does, nor when.
    a_spurious_wake on VirtualClock;
    /// A panic behind any suspension drops what the body holds by then.
    a_panic on VirtualClock;
}

const MS: Duration = Duration::from_millis(1);

/// How many parts the body has.
const PARTS: usize = 7;

/// A body that suspends in this way, and in others before it and after it.
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

/// Says the number of the part that comes, and holds a value from here on.
fn holds(body: Body, said: &Said, n: usize) -> Body {
    let says = said.clone();
    let body = body.say(said, n.to_string());
    body.hold_new(move || says.when_dropped(format!("dropped {n}")))
}

/// The whole body.
fn all_parts(subject: Subject, said: &Said) -> Body {
    (0..PARTS).fold(body(), |body, n| part(subject, holds(body, said, n), n))
}

/// What is said before the first destructor.
fn numbers(said: &Said) -> Vec<String> {
    let lines = said.lines();
    lines.into_iter().take_while(|line| !line.starts_with("dropped")).collect()
}

/// The destructors of the first `n` parts.
fn destructors(n: usize) -> Vec<String> {
    (0..n).map(|n| format!("dropped {n}")).collect()
}

/// More turns than any of them takes.
const TURNS: usize = 1_000;

/// Runs a turn, and lets a millisecond pass when nothing is ready.
fn go_on(event_loop: &mut TestLoop) {
    if matches!(turns(event_loop, 1), Turned::Until(_)) {
        event_loop.advance(MS);
    }
}

fn a_cancel(subject: Subject) {
    // As often as it takes until the task is done before it is cancelled.
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
        assert_eq!(said.lines().len(), 2 * before.len(), "and no more");
    }
}

/// Runs the body to its end, waking it before each turn or not: what it says, and when.
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
