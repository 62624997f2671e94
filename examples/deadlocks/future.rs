//! `deadlocks` with async and await.

use std::{future::pending, time::Duration};

use quadrivium::{
    future::perform,
    prelude::*,
    sync::{Mutex, Notify, channel},
    task::BoxTask,
};

use crate::Handle;

pub fn philosopher(
    left: Mutex<()>,
    right: Mutex<()>,
) -> impl Task<Output = ()> {
    future(async move {
        let _left = left.lock().await;
        turn().await;
        let _right = right.lock().await;
    })
}

pub fn joins(handle: Handle) -> impl Task<Output = ()> {
    future(async move {
        turn().await;
        let handle = handle.take();
        if let Some(handle) = handle {
            _ = handle.await;
        }
    })
}

pub fn keeps(
    sender: channel::Sender<()>,
    handle: Handle,
) -> impl Task<Output = ()> {
    future(async move {
        _ = sender.send(()).await;
        perform(joins(handle)).await;
    })
}

pub fn receives(receiver: channel::Receiver<()>) -> impl Task<Output = ()> {
    future(async move { while receiver.recv().await.is_ok() {} })
}

pub fn works(lock: Mutex<()>) -> impl Task<Output = ()> {
    future(async move {
        let _lock = lock.lock().await;
        sleep(Duration::from_secs(1)).await;
    })
}

pub fn keeps_its_place(lock: Mutex<()>) -> impl Task<Output = ()> {
    future(async move {
        let locks = lock.lock();
        let parts: [BoxTask<()>; 2] = [
            Box::pin(future(async { drop(locks.await) })),
            Box::pin(sleep(Duration::from_millis(10))),
        ];
        let first = select(parts).await;
        drop(lock.lock().await);
        drop(first);
    })
}

pub fn is_notified(notify: Notify) -> impl Task<Output = ()> {
    future(async move {
        notify.notified().await;
    })
}

pub fn awaits() -> impl Task<Output = ()> {
    future(async {
        pending::<()>().await;
    })
}
