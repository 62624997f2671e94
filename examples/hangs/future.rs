//! `hangs` with async and await.

use std::{thread, time::Duration};

use quadrivium::{
    prelude::*,
    sync::{Mutex, Notify, Semaphore, channel},
};

use crate::{StdLock, steps_to_one};

pub fn sleeps() -> impl Task<Output = ()> {
    future(async {
        thread::sleep(Duration::from_secs(3));
    })
}

pub fn computes() -> impl Task<Output = ()> {
    future(async {
        steps_to_one(0);
    })
}

#[allow(clippy::await_holding_lock)] // This is the fault.
pub fn takes_std_locks(
    first: StdLock,
    second: StdLock,
) -> impl Task<Output = ()> {
    future(async move {
        let _first = first.lock();
        turn().await;
        let _second = second.lock();
    })
}

pub fn takes_locks(
    first: Mutex<()>,
    second: Mutex<()>,
) -> impl Task<Output = ()> {
    future(async move {
        let _first = first.lock().await;
        turn().await;
        let _second = second.lock().await;
    })
}

pub fn receives(receiver: channel::Receiver<()>) -> impl Task<Output = ()> {
    future(async move { while receiver.recv().await.is_ok() {} })
}

pub fn tries_to_receive(
    receiver: channel::Receiver<()>,
) -> impl Task<Output = ()> {
    future(async move { while receiver.try_recv().is_err() {} })
}

pub fn panics() -> impl Task<Output = ()> {
    future(async { panic!("the job has no number") })
}

pub fn queries(permits: Semaphore, answer: Notify) -> impl Task<Output = ()> {
    future(async move {
        let _permit = permits.acquire().await;
        answer.notified().await;
    })
}
