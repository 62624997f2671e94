//! `deadlocks` as callbacks.

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
    callback(move |cb| {
        cb.perform(left.lock(), move |cb, left| {
            cb.perform(turn(), move |cb, ()| {
                cb.perform(right.lock(), move |cb, _right| {
                    drop(left);
                    cb.done(())
                })
            })
        })
    })
}

pub fn joins(handle: Handle) -> impl Task<Output = ()> {
    callback(move |cb| {
        cb.perform(turn(), move |cb, ()| {
            let handle = handle.take();
            match handle {
                Some(handle) => cb.perform(handle, |cb, _| cb.done(())),
                None => cb.done(()),
            }
        })
    })
}

pub fn keeps(
    sender: channel::Sender<()>,
    handle: Handle,
) -> impl Task<Output = ()> {
    callback(move |cb| {
        cb.perform(sender.send(()), move |cb, _| {
            cb.perform(joins(handle), move |cb, ()| {
                drop(sender);
                cb.done(())
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

pub fn works(lock: Mutex<()>) -> impl Task<Output = ()> {
    callback(move |cb| {
        cb.perform(lock.lock(), move |cb, lock| {
            cb.perform(sleep(Duration::from_secs(1)), move |cb, ()| {
                drop(lock);
                cb.done(())
            })
        })
    })
}

pub fn keeps_its_place(lock: Mutex<()>) -> impl Task<Output = ()> {
    callback(move |cb| {
        let locks = lock.lock();
        let parts: [BoxTask<()>; 2] = [
            Box::pin(callback(move |cb| {
                cb.perform(locks, |cb, _lock| cb.done(()))
            })),
            Box::pin(sleep(Duration::from_millis(10))),
        ];
        cb.perform(select(parts), move |cb, first| {
            cb.perform(lock.lock(), move |cb, _lock| {
                drop(first);
                cb.done(())
            })
        })
    })
}

pub fn is_notified(notify: Notify) -> impl Task<Output = ()> {
    callback(move |cb| cb.perform(notify.notified(), |cb, ()| cb.done(())))
}

pub fn awaits() -> impl Task<Output = ()> {
    callback(move |cb| {
        cb.perform(future(pending::<()>()), |cb, ()| cb.done(()))
    })
}
