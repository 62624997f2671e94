//! The destructors of a task inside another executor have the task's own loop as their host. That
//! is so when the task is dropped with its future, with its loop, or as a `Guest`.

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

/// When it is dropped, it reads the time and spawns a task.
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

/// A task that waits for ever, and has a destructor that needs a host.
fn asks(answers: &Answers) -> impl Task<Output = ()> + use<> {
    let asks = Asks(Rc::clone(answers));
    generator(|mut co| async move {
        let _asks = asks;
        co.perform(Notify::new().notified()).await;
    })
}

/// Polls once, and checks that the future is pending.
async fn poll_once(future: impl Future) {
    let mut future = pin!(future);
    poll_fn(|cx| {
        assert!(future.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

/// Checks that one destructor has run, and that it had a host.
#[track_caller]
fn assert_answered(answers: &Answers) {
    assert!(matches!(answers.take()[..], [Some(_)]));
}

fn of_a_dropped_future<E: TestedExecutor>() {
    let answers = Answers::default();
    let mut guest_loop = new_loop::<E>();
    // While a spawner exists, a task that waits is not a deadlock.
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
    // It also waits for a deadline, so that it is not a deadlock.
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
