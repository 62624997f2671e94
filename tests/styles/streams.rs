//! Generators of items (`iter` and `stream`), which only the generator style has.

use std::{future::Future, pin::pin, task};

use quadrivium::{
    generator::{iter, stream},
    green::Blocking,
    prelude::*,
};
use quadrivium_conformance::{Notes, catch_panic};

#[test]
fn an_iterator_is_lazy_and_fused() {
    let notes = Notes::default();
    let says = notes.clone();
    let mut items = iter(|mut co| async move {
        says.add("begins");
        co.yield_item(1).await;
        co.yield_item(2).await;
    });
    assert!(notes.lines().is_empty());
    assert_eq!(
        (items.next(), items.next(), items.next(), items.next()),
        (Some(1), Some(2), None, None)
    );
}

#[test]
fn an_iterator_may_perform_a_task_that_does_not_wait() {
    let (sender, receiver) = quadrivium::sync::oneshot::channel();
    sender.send(42).unwrap();
    let mut items = iter(|mut co| async move {
        let value = co.perform(receiver).await.unwrap();
        co.yield_item(value).await;
    });
    assert_eq!(items.next(), Some(42));
}

#[test]
fn an_iterator_that_waits_panics_and_ends() {
    let notes = Notes::default();
    let held = notes.when_dropped("dropped");
    let mut items = iter(|mut co| async move {
        let _held = held;
        co.perform(turn()).await;
        co.yield_item(1).await;
    });
    let refused = catch_panic(|| items.next()).unwrap_err();
    assert!(refused.contains("generator::stream"), "{refused}");
    assert_eq!(notes.lines(), ["dropped"]);
    assert_eq!(items.next(), None);
}

#[test]
fn an_iterator_dropped_in_the_middle_runs_its_destructors() {
    let notes = Notes::default();
    let held = notes.when_dropped("dropped");
    let items = iter(|mut co| async move {
        let _held = held;
        loop {
            co.yield_item(()).await;
        }
    });
    assert_eq!(items.take(3).count(), 3);
    assert_eq!(notes.lines(), ["dropped"]);
}

#[test]
fn two_items_in_one_resume_panic() {
    let mut items = iter(|mut co| async move {
        {
            let mut cx = task::Context::from_waker(task::Waker::noop());
            assert!(pin!(co.yield_item(1)).poll(&mut cx).is_pending());
        }
        co.yield_item(2).await;
    });
    let refused = catch_panic(|| items.next()).unwrap_err();
    assert!(refused.contains("yielded twice"), "{refused}");
}

#[test]
fn a_green_thread_iterates_over_a_stream() {
    let items = stream(|mut co| async move {
        for n in 1..=3 {
            co.perform(turn()).await;
            co.yield_item(n).await;
        }
    });
    let sums = green(move || {
        let mut sum = 0;
        for n in Blocking::new(items) {
            sum += n;
        }
        sum
    });
    assert_eq!(EventLoop::new().unwrap().block_on(sums).unwrap(), 6);
}

#[test]
fn a_body_that_performs_its_own_next_panics() {
    let slot = std::rc::Rc::new(std::cell::Cell::new(None));
    let own = std::rc::Rc::clone(&slot);
    let mut items = stream(move |mut co| async move {
        let next: quadrivium::generator::Next<()> = own.take().unwrap();
        co.perform(next).await;
    });
    slot.set(Some(items.next()));
    let mut event_loop = EventLoop::new().unwrap();
    let asks = event_loop.spawn(items.next());
    let error = event_loop.block_on(asks).unwrap().unwrap_err();
    assert!(error.panic_message().unwrap().contains("at once"));
}
