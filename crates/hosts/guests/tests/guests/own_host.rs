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
    destructors_of_a_dropped_future_have_a_host,
    destructors_of_a_dropped_loop_have_a_host,
    destructors_of_a_dropped_guest_have_a_host,
    a_destructor_can_write_its_buffer,
}

fn new_loop<E: TestedExecutor>() -> GuestLoop<E::Executor> {
    GuestLoop::new(E::executor()).expect("a loop can exist")
}

type Times = Rc<RefCell<Vec<Option<Instant>>>>;

/// When it is dropped, it reads the time and spawns a task.
struct ReadTime(Times);

impl Drop for ReadTime {
    fn drop(&mut self) {
        let time = host::current().map(|_| {
            drop(spawn(turn()));
            now()
        });
        self.0.borrow_mut().push(time);
    }
}

/// A task that waits for ever, and has a destructor that needs a host.
fn waiting_task(times: &Times) -> impl Task<Output = ()> + use<> {
    let read_time = ReadTime(Rc::clone(times));
    generator(|mut co| async move {
        let _read_time = read_time;
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
fn assert_had_a_host(times: &Times) {
    assert!(matches!(times.take()[..], [Some(_)]));
}

fn destructors_of_a_dropped_future_have_a_host<E: TestedExecutor>() {
    let times = Times::default();
    let mut guest_loop = new_loop::<E>();
    // While a spawner exists, a task that waits is not a deadlock.
    let _spawner = guest_loop.spawner();
    E::block_on(poll_once(guest_loop.perform(waiting_task(&times))));
    assert_had_a_host(&times);
    assert_eq!(guest_loop.live(), 1, "the task that the destructor has spawned is left");
}

fn destructors_of_a_dropped_loop_have_a_host<E: TestedExecutor>() {
    let times = Times::default();
    let guest_loop = new_loop::<E>();
    let _handle = guest_loop.spawn(waiting_task(&times));
    E::block_on(async { drop(guest_loop) });
    assert_had_a_host(&times);
}

fn destructors_of_a_dropped_guest_have_a_host<E: TestedExecutor>() {
    let times = Times::default();
    // It also waits for a deadline, so that it is not a deadlock.
    let waits = race(waiting_task(&times), sleep(Duration::from_secs(3600)));
    E::block_on(poll_once(Guest::new(waits, E::executor())));
    assert_had_a_host(&times);
}

fn a_destructor_can_write_its_buffer<E: TestedExecutor>() {
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
