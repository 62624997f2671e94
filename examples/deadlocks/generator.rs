//! `deadlocks` as generators.

use std::{future::pending, time::Duration};

use quadrivium::{
    prelude::*,
    sync::{Mutex, Notify, channel},
    task::BoxTask,
};

use crate::Handle;

pub fn philosopher(
    left: Mutex<()>,
    right: Mutex<()>,
) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        let _left = co.perform(left.lock()).await;
        co.perform(turn()).await;
        let _right = co.perform(right.lock()).await;
    })
}

pub fn joins(handle: Handle) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        co.perform(turn()).await;
        let handle = handle.take();
        if let Some(handle) = handle {
            _ = co.perform(handle).await;
        }
    })
}

pub fn keeps(
    sender: channel::Sender<()>,
    handle: Handle,
) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        _ = co.perform(sender.send(())).await;
        co.perform(joins(handle)).await;
    })
}

pub fn receives(receiver: channel::Receiver<()>) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        while co.perform(receiver.recv()).await.is_ok() {}
    })
}

pub fn works(lock: Mutex<()>) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        let _lock = co.perform(lock.lock()).await;
        co.perform(sleep(Duration::from_secs(1))).await;
    })
}

pub fn keeps_its_place(lock: Mutex<()>) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        let locks = lock.lock();
        let parts: [BoxTask<()>; 2] = [
            Box::pin(generator(move |mut co| async move {
                drop(co.perform(locks).await)
            })),
            Box::pin(sleep(Duration::from_millis(10))),
        ];
        let first = co.perform(select(parts)).await;
        drop(co.perform(lock.lock()).await);
        drop(first);
    })
}

pub fn is_notified(notify: Notify) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        co.perform(notify.notified()).await;
    })
}

pub fn awaits() -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        co.perform(future(pending::<()>())).await;
    })
}
