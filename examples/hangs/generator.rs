//! `hangs` as generators.

use std::{thread, time::Duration};

use quadrivium::{
    prelude::*,
    sync::{Mutex, Notify, Semaphore, channel},
};

use crate::{StdLock, steps_to_one};

pub fn sleeps() -> impl Task<Output = ()> {
    generator(|_co| async {
        thread::sleep(Duration::from_secs(3));
    })
}

pub fn computes() -> impl Task<Output = ()> {
    generator(|_co| async {
        steps_to_one(0);
    })
}

#[allow(clippy::await_holding_lock)] // This is the fault.
pub fn takes_std_locks(
    first: StdLock,
    second: StdLock,
) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        let _first = first.lock();
        co.perform(turn()).await;
        let _second = second.lock();
    })
}

pub fn takes_locks(
    first: Mutex<()>,
    second: Mutex<()>,
) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        let _first = co.perform(first.lock()).await;
        co.perform(turn()).await;
        let _second = co.perform(second.lock()).await;
    })
}

pub fn receives(receiver: channel::Receiver<()>) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        while co.perform(receiver.recv()).await.is_ok() {}
    })
}

pub fn tries_to_receive(
    receiver: channel::Receiver<()>,
) -> impl Task<Output = ()> {
    generator(move |_co| async move { while receiver.try_recv().is_err() {} })
}

pub fn panics() -> impl Task<Output = ()> {
    generator(|_co| async { panic!("the job has no number") })
}

pub fn queries(permits: Semaphore, answer: Notify) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        let _permit = co.perform(permits.acquire()).await;
        co.perform(answer.notified()).await;
    })
}
