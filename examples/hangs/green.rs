//! `hangs` as green threads.

use std::{thread, time::Duration};

use quadrivium::{
    green::perform,
    prelude::*,
    sync::{Mutex, Notify, Semaphore, channel},
};

use crate::{StdLock, steps_to_one};

pub fn sleeps() -> impl Task<Output = ()> {
    green(|| {
        thread::sleep(Duration::from_secs(3));
    })
}

pub fn computes() -> impl Task<Output = ()> {
    green(|| {
        steps_to_one(0);
    })
}

pub fn takes_std_locks(
    first: StdLock,
    second: StdLock,
) -> impl Task<Output = ()> {
    green(move || {
        let _first = first.lock();
        perform(turn());
        let _second = second.lock();
    })
}

pub fn takes_locks(
    first: Mutex<()>,
    second: Mutex<()>,
) -> impl Task<Output = ()> {
    green(move || {
        let _first = perform(first.lock());
        perform(turn());
        let _second = perform(second.lock());
    })
}

pub fn receives(receiver: channel::Receiver<()>) -> impl Task<Output = ()> {
    green(move || while perform(receiver.recv()).is_ok() {})
}

pub fn tries_to_receive(
    receiver: channel::Receiver<()>,
) -> impl Task<Output = ()> {
    green(move || while receiver.try_recv().is_err() {})
}

pub fn panics() -> impl Task<Output = ()> {
    green(|| panic!("the job has no number"))
}

pub fn queries(permits: Semaphore, answer: Notify) -> impl Task<Output = ()> {
    green(move || {
        let _permit = perform(permits.acquire());
        perform(answer.notified());
    })
}
