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
use quadrivium_conformance::{catch_panic, is_done, message};

use crate::{
    by_hand::{ByHand, Record, WhenDropped},
    thread::thread,
};

const HOUR: Duration = Duration::from_secs(3600);

/// Waits for ever.
struct WaitForEver(
    #[expect(dead_code, reason = "its destructor adds a line to the record")] WhenDropped,
);

impl Task for WaitForEver {
    type Output = ();

    fn resume(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Step<()> {
        Step::Suspended(Wait::Wake)
    }
}

/// Is done at once, or panics.
struct EndAtOnce(Result<u32, &'static str>);

impl Task for EndAtOnce {
    type Output = u32;

    fn resume(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Step<u32> {
        self.0.map_or_else(|text| panic!("{text}"), Step::Done)
    }
}

/// Returns a body that performs a task that waits for ever.
fn waiting_body(record: &Record) -> impl FnOnce() + Send + 'static {
    let record = record.clone();
    move || {
        let _held = record.when_dropped("body");
        perform(WaitForEver(record.when_dropped("sub-task")));
        record.add("went on");
    }
}

#[test]
fn a_drop_before_the_start_drops_the_body() {
    let record = Record::default();
    let held = record.when_dropped("body");
    let task = thread(move || drop(held));
    assert!(record.lines().is_empty());
    drop(task);
    assert_eq!(record.lines(), ["body"]);
}

#[test]
fn a_drop_right_after_the_start_unwinds_the_body() {
    // A worker may have started the body or not. In both cases its values are gone when `drop`
    // returns.
    for _ in 0..200 {
        let record = Record::default();
        let held = record.when_dropped("body");
        let mut task = thread(move || {
            let _held = held;
            perform(sleep(HOUR));
        });
        assert!(!is_done(&ByHand::new().resume(&mut task)));
        drop(task);
        assert_eq!(record.lines(), ["body"]);
    }
}

#[test]
fn a_drop_after_a_request_unwinds_the_body() {
    let record = Record::default();
    let mut task = thread(waiting_body(&record));
    ByHand::new().resume_and_wait(&mut task);
    assert!(record.lines().is_empty());
    drop(task);
    assert_eq!(record.lines(), ["sub-task", "body"]);
}

#[test]
fn a_drop_during_a_sub_task_unwinds_the_body() {
    let (record, by_hand) = (Record::default(), ByHand::new());
    let mut task = thread(waiting_body(&record));
    by_hand.resume_and_wait(&mut task);
    // Spurious resumes are harmless.
    for _ in 0..3 {
        assert!(!is_done(&by_hand.resume(&mut task)));
    }
    drop(task);
    assert_eq!(record.lines(), ["sub-task", "body"]);
}

#[test]
fn a_drop_after_an_answer_unwinds_the_body() {
    for _ in 0..200 {
        let (record, by_hand) = (Record::default(), ByHand::new());
        let held = record.when_dropped("body");
        let mut task = thread(move || {
            let _held = held;
            while perform(EndAtOnce(Ok(1))) == 1 {}
        });
        by_hand.resume_and_wait(&mut task);
        assert!(!is_done(&by_hand.resume(&mut task)));
        drop(task);
        assert_eq!(record.lines(), ["body"]);
    }
}

#[test]
fn a_drop_after_the_end_drops_the_output() {
    let record = Record::default();
    let output = record.when_dropped("output");
    let mut task = thread(move || output);
    ByHand::new().resume_and_wait(&mut task);
    assert!(record.lines().is_empty());
    drop(task);
    assert_eq!(record.lines(), ["output"]);
}

#[test]
fn a_drop_while_the_body_runs_unwinds_it_where_it_suspends_next() {
    // The body is cancelled where it suspends next in may: here, between two rounds.
    let (record, (started_sender, started)) = (Record::default(), mpsc::channel());
    let held = record.when_dropped("body");
    let mut task = thread(move || {
        let _held = held;
        started_sender.send(()).unwrap();
        loop {
            coroutine::yield_now();
        }
    });
    assert!(!is_done(&ByHand::new().resume(&mut task)));
    started.recv().unwrap();
    drop(task);
    assert_eq!(record.lines(), ["body"]);
}

#[test]
fn a_drop_while_the_body_sleeps_in_may_unwinds_it() {
    let (record, (started_sender, started)) = (Record::default(), mpsc::channel());
    let held = record.when_dropped("body");
    let mut task = thread(move || {
        let _held = held;
        started_sender.send(()).unwrap();
        coroutine::sleep(HOUR);
    });
    assert!(!is_done(&ByHand::new().resume(&mut task)));
    started.recv().unwrap();
    drop(task);
    assert_eq!(record.lines(), ["body"]);
}

#[test]
fn a_body_may_catch_its_cancel_and_end() {
    let (output, record) = (Record::default(), Record::default());
    let same = record.clone();
    let mut task = thread(move || {
        let caught = catch_unwind(AssertUnwindSafe(waiting_body(&same)));
        same.add(if caught.is_err() { "caught" } else { "went on" });
        output
    });
    ByHand::new().resume_and_wait(&mut task);
    drop(task);
    assert_eq!(record.lines(), ["sub-task", "body", "caught"]);
}

#[test]
fn a_panic_of_the_body_is_the_panic_of_the_task() {
    let record = Record::default();
    let same = record.clone();
    let task = thread(move || -> u32 {
        let _held = same.when_dropped("body");
        panic!("on purpose {}", perform(EndAtOnce(Ok(7))))
    });
    let mut event_loop = EventLoop::with_virtual_clock().unwrap();
    let handle = event_loop.spawn(task);
    let Err(JoinError::Panicked(payload)) = event_loop.block_on(handle).unwrap() else {
        panic!("the task should have panicked")
    };
    assert_eq!(payload.message(), Some("on purpose 7"));
    assert_eq!(record.lines(), ["body"]);
}

#[test]
fn a_panic_of_a_sub_task_unwinds_the_body_which_may_catch_it() {
    let task = thread(|| {
        let caught = catch_unwind(|| perform(EndAtOnce(Err("in the sub-task"))));
        (message(&*caught.unwrap_err()), perform(EndAtOnce(Ok(42))))
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
fn dropping_a_loop_unwinds_every_body() {
    let record = Record::default();
    let event_loop = EventLoop::with_virtual_clock().unwrap();
    for _ in 0..10 {
        drop(event_loop.spawn(thread(waiting_body(&record))));
    }
    let mut event_loop = event_loop;
    // The sleep ends when all ten bodies wait. Until then they hold time.
    event_loop.block_on(sleep(HOUR)).unwrap();
    assert!(record.lines().is_empty());
    drop(event_loop);
    assert_eq!(record.lines(), ["sub-task", "body"].repeat(10));
}
