//! `hangs` as callbacks.

use std::{thread, time::Duration};

use quadrivium::{
    prelude::*,
    sync::{Mutex, Notify, Semaphore, channel},
};

use crate::{StdLock, steps_to_one};

pub fn sleeps() -> impl Task<Output = ()> {
    callback(|cb| {
        thread::sleep(Duration::from_secs(3));
        cb.done(())
    })
}

pub fn computes() -> impl Task<Output = ()> {
    callback(|cb| {
        steps_to_one(0);
        cb.done(())
    })
}

pub fn takes_std_locks(
    first: StdLock,
    second: StdLock,
) -> impl Task<Output = ()> {
    callback(move |cb| {
        let first = first.lock();
        cb.perform(turn(), move |cb, ()| {
            let _second = second.lock();
            drop(first);
            cb.done(())
        })
    })
}

pub fn takes_locks(
    first: Mutex<()>,
    second: Mutex<()>,
) -> impl Task<Output = ()> {
    callback(move |cb| {
        cb.perform(first.lock(), move |cb, first| {
            cb.perform(turn(), move |cb, ()| {
                cb.perform(second.lock(), move |cb, _second| {
                    drop(first);
                    cb.done(())
                })
            })
        })
    })
}

pub fn receives(receiver: channel::Receiver<()>) -> impl Task<Output = ()> {
    callback(move |cb| next(cb, receiver))
}

fn next(cb: &mut Callback<()>, receiver: channel::Receiver<()>) {
    cb.perform(receiver.recv(), move |cb, received| match received {
        Ok(()) => next(cb, receiver),
        Err(_) => cb.done(()),
    })
}

pub fn tries_to_receive(
    receiver: channel::Receiver<()>,
) -> impl Task<Output = ()> {
    callback(move |cb| {
        while receiver.try_recv().is_err() {}
        cb.done(())
    })
}

pub fn panics() -> impl Task<Output = ()> {
    callback(|_cb| panic!("the job has no number"))
}

pub fn queries(permits: Semaphore, answer: Notify) -> impl Task<Output = ()> {
    callback(move |cb| {
        cb.perform(permits.acquire(), move |cb, permit| {
            cb.perform(answer.notified(), move |cb, ()| {
                drop(permit);
                cb.done(())
            })
        })
    })
}
