//! How a may green thread ends: it is dropped in each of its states, its body panics, or a task
//! that it performs panics.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::mpsc,
    time::Duration,
};

use may::coroutine;
use quadrivium::{
    may::perform,
    prelude::*,
    task::{Context, RESUMED_AFTER_DONE, Step, Wait},
};
use quadrivium_conformance::{is_done, message, catch_panic};

use crate::{
    by_hand::{ByHand, Said, WhenDropped},
    thread::thread,
};

const HOUR: Duration = Duration::from_secs(3600);

/// Waits for ever.
struct Waits(#[expect(dead_code, reason = "it says when it is dropped")] WhenDropped);

impl Task for Waits {
    type Output = ();

    fn resume(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Step<()> {
        Step::Suspended(Wait::Wake)
    }
}

/// Is done at once, or panics.
struct Ends(Result<u32, &'static str>);

impl Task for Ends {
    type Output = u32;

    fn resume(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Step<u32> {
        self.0.map_or_else(|text| panic!("{text}"), Step::Done)
    }
}

/// Returns a body that performs a task that waits for ever.
fn waits(said: &Said) -> impl FnOnce() + Send + 'static {
    let said = said.clone();
    move || {
        let _held = said.when_dropped("body");
        perform(Waits(said.when_dropped("sub-task")));
        said.say("went on");
    }
}

#[test]
fn dropped_before_it_starts() {
    let said = Said::default();
    let held = said.when_dropped("body");
    let task = thread(move || drop(held));
    assert!(said.lines().is_empty());
    drop(task);
    assert_eq!(said.lines(), ["body"]);
}

#[test]
fn dropped_when_it_may_not_have_begun() {
    // A worker may have started the body or not. In both cases its values are gone when `drop`
    // returns.
    for _ in 0..200 {
        let said = Said::default();
        let held = said.when_dropped("body");
        let mut task = thread(move || {
            let _held = held;
            perform(sleep(HOUR));
        });
        assert!(!is_done(&ByHand::new().resume(&mut task)));
        drop(task);
        assert_eq!(said.lines(), ["body"]);
    }
}

#[test]
fn dropped_when_it_has_asked() {
    let said = Said::default();
    let mut task = thread(waits(&said));
    ByHand::new().resume_and_wait(&mut task);
    assert!(said.lines().is_empty());
    drop(task);
    assert_eq!(said.lines(), ["sub-task", "body"]);
}

#[test]
fn dropped_while_the_loop_performs() {
    let (said, by_hand) = (Said::default(), ByHand::new());
    let mut task = thread(waits(&said));
    by_hand.resume_and_wait(&mut task);
    // Spurious resumes are harmless.
    for _ in 0..3 {
        assert!(!is_done(&by_hand.resume(&mut task)));
    }
    drop(task);
    assert_eq!(said.lines(), ["sub-task", "body"]);
}

#[test]
fn dropped_when_it_was_answered() {
    for _ in 0..200 {
        let (said, by_hand) = (Said::default(), ByHand::new());
        let held = said.when_dropped("body");
        let mut task = thread(move || {
            let _held = held;
            while perform(Ends(Ok(1))) == 1 {}
        });
        by_hand.resume_and_wait(&mut task);
        assert!(!is_done(&by_hand.resume(&mut task)));
        drop(task);
        assert_eq!(said.lines(), ["body"]);
    }
}

#[test]
fn dropped_when_it_has_ended() {
    let said = Said::default();
    let output = said.when_dropped("output");
    let mut task = thread(move || output);
    ByHand::new().resume_and_wait(&mut task);
    assert!(said.lines().is_empty());
    drop(task);
    assert_eq!(said.lines(), ["output"]);
}

#[test]
fn dropped_while_it_is_at_work() {
    // The body is cancelled where it suspends next in may: here, between two rounds.
    let (said, (begins, begun)) = (Said::default(), mpsc::channel());
    let held = said.when_dropped("body");
    let mut task = thread(move || {
        let _held = held;
        begins.send(()).unwrap();
        loop {
            coroutine::yield_now();
        }
    });
    assert!(!is_done(&ByHand::new().resume(&mut task)));
    begun.recv().unwrap();
    drop(task);
    assert_eq!(said.lines(), ["body"]);
}

#[test]
fn dropped_while_it_waits_for_may() {
    let (said, (begins, begun)) = (Said::default(), mpsc::channel());
    let held = said.when_dropped("body");
    let mut task = thread(move || {
        let _held = held;
        begins.send(()).unwrap();
        coroutine::sleep(HOUR);
    });
    assert!(!is_done(&ByHand::new().resume(&mut task)));
    begun.recv().unwrap();
    drop(task);
    assert_eq!(said.lines(), ["body"]);
}

#[test]
fn a_body_that_catches_its_cancel_and_ends_is_fine() {
    let (said, theirs) = (Said::default(), Said::default());
    let says = theirs.clone();
    let mut task = thread(move || {
        let caught = catch_unwind(AssertUnwindSafe(waits(&says)));
        says.say(if caught.is_err() { "caught" } else { "went on" });
        said
    });
    ByHand::new().resume_and_wait(&mut task);
    drop(task);
    assert_eq!(theirs.lines(), ["sub-task", "body", "caught"]);
}

#[test]
fn a_panic_of_the_body_comes_out() {
    let said = Said::default();
    let says = said.clone();
    let task = thread(move || -> u32 {
        let _held = says.when_dropped("body");
        panic!("on purpose {}", perform(Ends(Ok(7))))
    });
    let mut event_loop = EventLoop::with_virtual_clock().unwrap();
    let handle = event_loop.spawn(task);
    let Err(JoinError::Panicked(payload)) = event_loop.block_on(handle).unwrap() else {
        panic!("it panicked")
    };
    assert_eq!(payload.message(), Some("on purpose 7"));
    assert_eq!(said.lines(), ["body"]);
}

#[test]
fn a_panic_of_a_sub_task_unwinds_the_body_which_may_catch_it() {
    let task = thread(|| {
        let caught = catch_unwind(|| perform(Ends(Err("in the sub-task"))));
        (message(&*caught.unwrap_err()), perform(Ends(Ok(42))))
    });
    let (caught, goes_on) = EventLoop::with_virtual_clock().unwrap().block_on(task).unwrap();
    assert_eq!(caught, "in the sub-task");
    assert_eq!(goes_on, 42);
}

#[test]
fn a_resume_after_the_end_panics() {
    let by_hand = ByHand::new();
    let mut task = thread(|| 42);
    by_hand.resume_and_wait(&mut task);
    assert!(matches!(by_hand.resume(&mut task), Step::Done(42)));
    for _ in 0..2 {
        let again = catch_panic(|| is_done(&by_hand.resume(&mut task)));
        assert_eq!(again, Err(RESUMED_AFTER_DONE.to_string()));
    }
}

#[test]
fn a_loop_that_is_dropped_unwinds_them_all() {
    let said = Said::default();
    let event_loop = EventLoop::with_virtual_clock().unwrap();
    for _ in 0..10 {
        drop(event_loop.spawn(thread(waits(&said))));
    }
    let mut event_loop = event_loop;
    // The sleep ends when all ten bodies wait. Until then they hold time.
    event_loop.block_on(sleep(HOUR)).unwrap();
    assert!(said.lines().is_empty());
    drop(event_loop);
    assert_eq!(said.lines(), ["sub-task", "body"].repeat(10));
}
