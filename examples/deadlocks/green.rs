//! `deadlocks` as green threads.

use std::{future::pending, time::Duration};

use quadrivium::{
    green::perform,
    prelude::*,
    sync::{Mutex, Notify, channel},
    task::BoxTask,
};

use crate::Handle;

pub fn philosopher(
    left: Mutex<()>,
    right: Mutex<()>,
) -> impl Task<Output = ()> {
    green(move || {
        let _left = perform(left.lock());
        perform(turn());
        let _right = perform(right.lock());
    })
}

pub fn joins(handle: Handle) -> impl Task<Output = ()> {
    green(move || {
        perform(turn());
        let handle = handle.take();
        if let Some(handle) = handle {
            _ = perform(handle);
        }
    })
}

pub fn keeps(
    sender: channel::Sender<()>,
    handle: Handle,
) -> impl Task<Output = ()> {
    green(move || {
        _ = perform(sender.send(()));
        perform(joins(handle));
    })
}

pub fn receives(receiver: channel::Receiver<()>) -> impl Task<Output = ()> {
    green(move || while perform(receiver.recv()).is_ok() {})
}

pub fn works(lock: Mutex<()>) -> impl Task<Output = ()> {
    green(move || {
        let _lock = perform(lock.lock());
        perform(sleep(Duration::from_secs(1)));
    })
}

pub fn keeps_its_place(lock: Mutex<()>) -> impl Task<Output = ()> {
    green(move || {
        let locks = lock.lock();
        let parts: [BoxTask<()>; 2] = [
            Box::pin(green(move || drop(perform(locks)))),
            Box::pin(sleep(Duration::from_millis(10))),
        ];
        let first = perform(select(parts));
        drop(perform(lock.lock()));
        drop(first);
    })
}

pub fn is_notified(notify: Notify) -> impl Task<Output = ()> {
    green(move || {
        perform(notify.notified());
    })
}

pub fn awaits() -> impl Task<Output = ()> {
    green(move || {
        perform(future(pending::<()>()));
    })
}
