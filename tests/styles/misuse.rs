//! Misuse of each style's own functions: a panic whose message contains the remedy, in debug and in
//! release.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    rc::Rc,
    task::Waker,
};

use quadrivium::{green::perform, prelude::*, task::Context};
use quadrivium_conformance::{Notes, catch_panic, is_done, message, new_loop, resume};

/// Returns the message with which the task panics.
#[track_caller]
fn panic_of<T: 'static>(task: impl Task<Output = T> + 'static) -> String {
    match new_loop().block_on(task) {
        Err(RunError::Task(error)) => error.panic_message().expect("it has a message").to_string(),
        Err(error) => panic!("another error: {error}"),
        Ok(_) => panic!("it did not panic"),
    }
}

#[test]
fn a_callback_that_does_nothing() {
    assert!(panic_of(callback(|_: &mut Callback<()>| ())).contains("without `perform` or `done`"));
    let later = callback(|cb: &mut Callback<()>| cb.perform(turn(), |_, ()| ()));
    assert!(panic_of(later).contains("without `perform` or `done`"));
}

#[test]
fn a_callback_that_does_two_things() {
    let twice = callback(|cb: &mut Callback<()>| {
        cb.perform(turn(), |cb, ()| cb.done(()));
        cb.perform(turn(), |cb, ()| cb.done(()));
    });
    assert!(panic_of(twice).contains("chain the second call inside the first"));
    let both = callback(|cb| {
        cb.done(1);
        cb.done(2);
    });
    assert!(panic_of(both).contains("calls `perform` or `done` once"));
}

#[test]
fn a_generator_that_awaits_something_else() {
    let awaits = generator(|_co| async {
        std::future::pending::<()>().await;
    });
    assert!(panic_of(awaits).contains("write `co.perform(future(async { .. })).await`"));
    let later = generator(|mut co| async move {
        co.perform(turn()).await;
        std::future::pending::<()>().await;
    });
    assert!(panic_of(later).contains("awaited something other than `co.perform(..)`"));
    // A leaf without `co.perform` is refused as well.
    assert!(panic_of(generator(|_co| async { turn().await })).contains("something other"));
}

#[test]
fn a_generator_that_yields_twice_in_one_resume() {
    let notes = Notes::default();
    let says = notes.clone();
    let panic = panic_of(generator(|mut co| async move {
        // Polled by hand and dropped: the loop would never see its wait.
        let polled = futures::poll!(pin!(co.perform(sleep(std::time::Duration::MAX))));
        assert!(polled.is_pending());
        co.perform(turn()).await;
        says.add("went on");
    }));
    assert!(panic.contains("a generator yielded twice in one resume"));
    assert!(notes.lines().is_empty(), "no wait is lost silently");
}

#[test]
fn a_generator_that_performs_in_the_body_of_another() {
    let gives = generator(|mut co| async move {
        let inner = generator(|_| async move { co.perform(turn()).await });
        drop(pin!(inner).resume(&mut Context::new(Waker::noop())));
    });
    assert!(panic_of(gives).contains("awaited something other than `co.perform(..)`"));
}

#[test]
fn green_perform_outside_a_green_thread() {
    let outside = catch_panic(|| perform(turn()));
    assert!(outside.unwrap_err().contains("outside the body of a green thread"));
    // A sub-task is not a part of the body either, on any stack.
    let sub_task = future(async { perform(turn()) });
    assert!(panic_of(green(|| perform(sub_task))).contains("outside the body of a green thread"));
}

/// Performs a task that waits in its destructor, and notes the outcome.
struct SuspendsInDrop(Notes);

impl Drop for SuspendsInDrop {
    fn drop(&mut self) {
        match catch_unwind(AssertUnwindSafe(|| perform(turn()))) {
            Ok(()) => self.0.add("suspended"),
            Err(payload) => self.0.add(message(&*payload)),
        }
    }
}

const REFUSED: &str = "a green thread cannot suspend while it is unwinding: \
                       do not perform tasks that wait in a destructor";

#[test]
fn green_suspend_in_a_destructor() {
    let notes = Notes::default();
    let held = SuspendsInDrop(notes.clone());
    let mut task: quadrivium::task::BoxTask<()> = Box::pin(green(move || drop(held)));
    // Nothing unwinds, so the destructor may suspend.
    assert!(!is_done(&resume(&mut task)));
    assert!(is_done(&resume(&mut task)));
    assert_eq!(notes.lines(), ["suspended"]);
}

#[test]
fn green_suspend_while_a_panic_unwinds() {
    let notes = Notes::default();
    let held = SuspendsInDrop(notes.clone());
    let mut event_loop = new_loop();
    let panics = event_loop.spawn(green(move || {
        let _held = held;
        panic!("on purpose");
    }));
    let other = event_loop.spawn(green(|| perform(turn())));
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), [REFUSED]);
    let error = event_loop.block_on(panics).unwrap().unwrap_err();
    assert_eq!(error.panic_message(), Some("on purpose"));
    assert!(event_loop.block_on(other).unwrap().is_ok());
}

#[test]
fn green_suspend_while_a_cancel_unwinds() {
    let notes = Notes::default();
    let held = Rc::new(SuspendsInDrop(notes.clone()));
    let mut event_loop = new_loop();
    let handle = event_loop.spawn(green(move || {
        let _held = held;
        perform(turn());
    }));
    event_loop.turn().unwrap();
    handle.cancel();
    assert_eq!(notes.lines(), [REFUSED]);
    assert!(matches!(event_loop.block_on(handle), Ok(Err(JoinError::Cancelled))));
}
