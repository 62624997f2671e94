//! Misuse of each style's own verb: a panic that says what to do instead, in debug and in release.

use std::{
    cell::Cell,
    convert::Infallible,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    rc::Rc,
    task::Waker,
};

use quadrivium::{
    generator::{self, Threads},
    green::perform,
    prelude::*,
    task::{Context, Step},
};
use quadrivium_conformance::{Said, is_done, message, new_loop, quietly, resume};

/// What the task says when it panics.
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
    assert!(panic_of(later).contains("awaited something else than `co.perform(..)`"));
    // A leaf, without `co.perform`, is something else too.
    assert!(panic_of(generator(|_co| async { turn().await })).contains("something else"));
}

/// Polls a perform by hand and drops it: its wait would never be waited for.
async fn yields_twice<K: Threads>(mut co: Co<Infallible, K>, says: Said) {
    let polled = futures::poll!(pin!(co.perform(sleep(std::time::Duration::MAX))));
    assert!(polled.is_pending());
    co.perform(turn()).await;
    says.say("went on");
}

#[test]
fn a_generator_that_yields_twice_in_one_resume() {
    let said = Said::default();
    let (one, other) = (said.clone(), said.clone());
    let panics = [
        panic_of(generator(|co| yields_twice(co, one))),
        panic_of(generator::send::generator(|co| yields_twice(co, other))),
    ];
    for panic in panics {
        assert!(panic.contains("a generator yielded twice in one resume"));
    }
    assert!(said.lines().is_empty(), "no wait is lost without a word");
}

/// Performs on the handle of another generator, whose body has given it away.
async fn performs_on<K: Threads>(mut other: Co<Infallible, K>) {
    other.perform(turn()).await;
}

#[test]
fn a_generator_that_performs_in_the_body_of_another() {
    let here = generator(|co| async move {
        let inner = generator(|_| performs_on(co));
        drop(pin!(inner).resume(&mut Context::new(Waker::noop())));
    });
    assert!(panic_of(here).contains("awaited something else than `co.perform(..)`"));
    let anywhere = generator::send::generator(|co| async move {
        let inner = generator::send::generator(|_| performs_on(co));
        drop(pin!(inner).resume(&mut Context::new(Waker::noop())));
    });
    assert!(panic_of(anywhere).contains("in the body that was handed this `co`"));
    // Nor outside any.
    let given = Rc::new(Cell::new(None));
    let gives = Rc::clone(&given);
    let mut gone = pin!(generator::send::generator(|co| async move { gives.set(Some(co)) }));
    let step = gone.as_mut().resume(&mut Context::new(Waker::noop()));
    assert!(matches!(step, Step::Done(())));
    let outside = future(performs_on(given.take().expect("it was given away")));
    assert!(panic_of(outside).contains("while another one, or none, was resumed"));
}

#[test]
fn green_perform_outside_a_green_thread() {
    let outside = quietly(|| perform(turn()));
    assert!(outside.unwrap_err().contains("outside the body of a green thread"));
    // Nor is a sub-task part of the body, wherever it runs.
    let sub_task = future(async { perform(turn()) });
    assert!(panic_of(green(|| perform(sub_task))).contains("outside the body of a green thread"));
}

/// Performs a task that waits when it is dropped, and says how that went.
struct SuspendsInDrop(Said);

impl Drop for SuspendsInDrop {
    fn drop(&mut self) {
        match catch_unwind(AssertUnwindSafe(|| perform(turn()))) {
            Ok(()) => self.0.say("suspended"),
            Err(payload) => self.0.say(message(&*payload)),
        }
    }
}

const REFUSED: &str = "a green thread cannot suspend while it is unwinding: \
                       do not perform tasks that wait in a destructor";

#[test]
fn green_suspend_in_a_destructor() {
    let said = Said::default();
    let held = SuspendsInDrop(said.clone());
    let mut task: quadrivium::task::BoxTask<()> = Box::pin(green(move || drop(held)));
    // Nothing unwinds: it is as good as anywhere else.
    assert!(!is_done(&resume(&mut task)));
    assert!(is_done(&resume(&mut task)));
    assert_eq!(said.lines(), ["suspended"]);
}

#[test]
fn green_suspend_while_a_panic_unwinds() {
    let said = Said::default();
    let held = SuspendsInDrop(said.clone());
    let mut event_loop = new_loop();
    let panics = event_loop.spawn(green(move || {
        let _held = held;
        panic!("on purpose");
    }));
    let other = event_loop.spawn(green(|| perform(turn())));
    event_loop.run().unwrap();
    assert_eq!(said.lines(), [REFUSED]);
    let error = event_loop.block_on(panics).unwrap().unwrap_err();
    assert_eq!(error.panic_message(), Some("on purpose"));
    assert!(event_loop.block_on(other).unwrap().is_ok());
}

#[test]
fn green_suspend_while_a_cancel_unwinds() {
    let said = Said::default();
    let held = Rc::new(SuspendsInDrop(said.clone()));
    let mut event_loop = new_loop();
    let handle = event_loop.spawn(green(move || {
        let _held = held;
        perform(turn());
    }));
    event_loop.turn().unwrap();
    handle.cancel();
    assert_eq!(said.lines(), [REFUSED]);
    assert!(matches!(event_loop.block_on(handle), Ok(Err(JoinError::Cancelled))));
}
