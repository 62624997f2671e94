//! Misuse of styles whose tasks are `Send`. A callback panics as it does on one thread. The handle
//! of such a generator has no state, so it may be used anywhere.

use std::{cell::Cell, pin::pin, rc::Rc, time::Duration};

use quadrivium::{
    callback::send::{Callback, callback},
    generator::send::generator,
    prelude::{RunError, Task, future, sleep, turn},
};
use quadrivium_conformance::new_loop;

#[track_caller]
fn assert_panics(task: impl Task<Output = ()> + 'static, expected: &str) {
    match new_loop().block_on(task) {
        Err(RunError::Task(error)) => assert!(error.panic_message().unwrap().contains(expected)),
        other => panic!("it did not panic: {other:?}"),
    }
}

#[test]
fn a_callback_that_does_nothing() {
    let expected = "without `perform` or `done`";
    assert_panics(callback(|_: &mut Callback<()>| ()), expected);
    assert_panics(callback(|cb| cb.perform(turn(), |_, ()| ())), expected);
}

#[test]
fn a_callback_that_does_two_things() {
    let expected = "chain the second call inside the first";
    let performs = |cb: &mut Callback<()>| cb.perform(turn(), |cb, ()| cb.done(()));
    assert_panics(callback(move |cb| [performs, performs].iter().for_each(|it| it(cb))), expected);
    let done = |cb: &mut Callback<()>| cb.done(());
    assert_panics(callback(move |cb| [done, done].iter().for_each(|it| it(cb))), expected);
}

#[test]
fn a_generator_that_is_polled_by_hand_loses_no_wait() {
    let mut event_loop = new_loop();
    let start = event_loop.now();
    let task = generator(|mut co| async move {
        let second = Duration::from_secs(1);
        {
            let mut sleeps = pin!(co.perform(sleep(second)));
            assert!(futures::poll!(sleeps.as_mut()).is_pending());
            // Another task is awaited meanwhile. The wait of the sleep is kept.
            turn().await;
            sleeps.await;
        }
        co.perform(sleep(second)).await;
    });
    event_loop.block_on(task).unwrap();
    assert_eq!(event_loop.now() - start, Duration::from_secs(2));
}

#[test]
fn a_generator_can_perform_with_the_handle_of_another() {
    let handle = Rc::new(Cell::new(None));
    let store = Rc::clone(&handle);
    let outer = generator(|mut co| async move {
        co.perform(generator(|inner| async move { store.set(Some(inner)) })).await;
        let mut inner = handle.take().expect("the inner generator has stored it");
        inner.perform(turn()).await;
        // The handle also works in a task of another style.
        co.perform(future(async move { inner.perform(sleep(Duration::from_secs(1))).await })).await;
    });
    new_loop().block_on(outer).unwrap();
}
