//! A destructor of a task inside another executor has the task's own loop as its host, however the
//! task is dropped: with the future that performs it, with the loop, as a guest.

use std::{
    cell::RefCell,
    future::{Future, poll_fn},
    io::{BufWriter, Read, Write},
    os::unix::net::UnixStream as StdStream,
    pin::pin,
    rc::Rc,
    task::Poll,
    time::{Duration, Instant},
};

use quadrivium::{
    executor::{Guest, GuestLoop},
    green::{Blocking, perform},
    host,
    net::UnixStream,
    prelude::*,
    sync::Notify,
    time::now,
};

use crate::executors::{TestedExecutor, on_every_executor};

on_every_executor! {
    of_a_dropped_future,
    of_a_dropped_loop,
    of_a_dropped_guest,
    bytes_in_a_buffer_arrive,
}

fn new_loop<E: TestedExecutor>() -> GuestLoop<E::Executor> {
    GuestLoop::new(E::executor()).expect("a loop can exist")
}

type Answers = Rc<RefCell<Vec<Option<Instant>>>>;

/// Asks for the time when it is dropped, and spawns a task.
struct Asks(Answers);

impl Drop for Asks {
    fn drop(&mut self) {
        let time = host::current().map(|_| {
            drop(spawn(turn()));
            now()
        });
        self.0.borrow_mut().push(time);
    }
}

/// A task that is suspended for good, and asks when it is dropped.
fn asks(answers: &Answers) -> impl Task<Output = ()> + use<> {
    let asks = Asks(Rc::clone(answers));
    generator(|mut co| async move {
        let _asks = asks;
        co.perform(Notify::new().notified()).await;
    })
}

/// Polls once: the future waits.
async fn poll_once(future: impl Future) {
    let mut future = pin!(future);
    poll_fn(|cx| {
        assert!(future.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

/// The one answer that was given: there was a host.
#[track_caller]
fn assert_answered(answers: &Answers) {
    assert!(matches!(answers.take()[..], [Some(_)]));
}

fn of_a_dropped_future<E: TestedExecutor>() {
    let answers = Answers::default();
    let mut guest_loop = new_loop::<E>();
    // Somebody who may wake it, so that it is no deadlock.
    let _spawner = guest_loop.spawner();
    E::block_on(poll_once(guest_loop.perform(asks(&answers))));
    assert_answered(&answers);
    assert_eq!(guest_loop.live(), 1, "what the destructor has spawned");
}

fn of_a_dropped_loop<E: TestedExecutor>() {
    let answers = Answers::default();
    let guest_loop = new_loop::<E>();
    let _handle = guest_loop.spawn(asks(&answers));
    E::block_on(async { drop(guest_loop) });
    assert_answered(&answers);
}

fn of_a_dropped_guest<E: TestedExecutor>() {
    let answers = Answers::default();
    // It waits for a deadline as well, so that it is no deadlock.
    let waits = race(asks(&answers), sleep(Duration::from_secs(3600)));
    E::block_on(poll_once(Guest::new(waits, E::executor())));
    assert_answered(&answers);
}

fn bytes_in_a_buffer_arrive<E: TestedExecutor>() {
    let (one, mut other) = StdStream::pair().unwrap();
    let writes = green(move || {
        let stream = UnixStream::from_std(one).unwrap();
        let mut writer = BufWriter::new(Blocking::new(stream));
        writer.write_all(b"end").unwrap();
        perform(sleep(Duration::from_secs(3600)));
    });
    let mut guest_loop = new_loop::<E>();
    E::block_on(poll_once(guest_loop.perform(writes)));
    let mut text = String::new();
    other.read_to_string(&mut text).unwrap();
    assert_eq!(text, "end");
}
