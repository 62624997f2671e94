//! The primitives of `tokio::sync`, on tokio's single-threaded runtime.

use std::{cell::Cell, rc::Rc, time::Duration};

use quadrivium_bench_protocol::SyncKind;
use quadrivium_peers_common::timed;
use tokio::{
    sync::{
        Mutex, Notify, Semaphore,
        broadcast::{self, error::RecvError},
        oneshot, watch,
    },
    task::{JoinHandle, spawn_local, yield_now},
};

/// The one with all drivers.
type Runtime = crate::tokio::TokioRuntime<true>;

const WAITERS: u64 = 10;
const BROADCAST_CAPACITY: usize = 16;

pub(crate) fn uncontended(kind: SyncKind, times: u64) -> Duration {
    match kind {
        SyncKind::Mutex => timed::<Runtime>(async move {
            let mutex = Mutex::new(0_u64);
            for _ in 0..times {
                *mutex.lock().await += 1;
            }
        }),
        SyncKind::Semaphore => timed::<Runtime>(async move {
            let semaphore = Semaphore::new(1);
            for _ in 0..times {
                drop(semaphore.acquire().await.expect("it is never closed"));
            }
        }),
        SyncKind::Notify => timed::<Runtime>(async move {
            let notify = Notify::new();
            for _ in 0..times {
                notify.notify_one();
                notify.notified().await;
            }
        }),
        SyncKind::Oneshot => timed::<Runtime>(async move {
            for number in 0..times {
                let (sender, receiver) = oneshot::channel();
                sender.send(number).expect("the receiver is there");
                assert_eq!(receiver.await, Ok(number));
            }
        }),
        SyncKind::Broadcast => timed::<Runtime>(async move {
            let (sender, mut receiver) = broadcast::channel(BROADCAST_CAPACITY);
            for number in 0..times {
                sender.send(number).expect("the receiver is there");
                assert_eq!(receiver.recv().await, Ok(number));
            }
        }),
        SyncKind::Watch => timed::<Runtime>(async move {
            let (sender, mut receiver) = watch::channel(0);
            for number in 0..times {
                sender.send(number).expect("the receiver is there");
                receiver.changed().await.expect("the sender is there");
                assert_eq!(*receiver.borrow_and_update(), number);
            }
        }),
    }
}

pub(crate) fn contended(kind: SyncKind, times: u64) -> Duration {
    match kind {
        SyncKind::Mutex => timed::<Runtime>(async move {
            let mutex = Rc::new(Mutex::new(0_u64));
            join_all(WAITERS, || {
                let mutex = mutex.clone();
                async move {
                    for _ in 0..times / WAITERS {
                        let mut number = mutex.lock().await;
                        yield_now().await;
                        *number += 1;
                    }
                }
            })
            .await;
        }),
        SyncKind::Semaphore => timed::<Runtime>(async move {
            let semaphore = Rc::new(Semaphore::new(2));
            join_all(WAITERS, || {
                let semaphore = semaphore.clone();
                async move {
                    for _ in 0..times / WAITERS {
                        let _permit = semaphore.acquire().await.expect("it is never closed");
                        yield_now().await;
                    }
                }
            })
            .await;
        }),
        SyncKind::Notify => timed::<Runtime>(notify_each_other(times)),
        SyncKind::Oneshot => timed::<Runtime>(oneshots(times)),
        SyncKind::Broadcast => timed::<Runtime>(async move {
            let (sender, _) = broadcast::channel(BROADCAST_CAPACITY);
            let receivers: Vec<_> = (0..WAITERS)
                .map(|_| {
                    let mut receiver = sender.subscribe();
                    spawn_local(async move {
                        let mut count = 0;
                        loop {
                            match receiver.recv().await {
                                Ok(_) => count += 1,
                                Err(RecvError::Lagged(missed)) => count += missed,
                                Err(RecvError::Closed) => break,
                            }
                        }
                        assert_eq!(count, times, "every number arrives");
                    })
                })
                .collect();
            for number in 0..times {
                sender.send(number).expect("the receivers are there");
                yield_now().await;
            }
            drop(sender);
            join(receivers).await;
        }),
        SyncKind::Watch => timed::<Runtime>(async move {
            let (sender, receiver) = watch::channel(0);
            let receivers: Vec<_> = (0..WAITERS)
                .map(|_| {
                    let mut receiver = receiver.clone();
                    spawn_local(async move {
                        while receiver.changed().await.is_ok() {
                            assert!(*receiver.borrow_and_update() < times);
                        }
                    })
                })
                .collect();
            for number in 0..times {
                sender.send(number).expect("the receivers are there");
                yield_now().await;
            }
            drop(sender);
            join(receivers).await;
        }),
    }
}

async fn notify_each_other(times: u64) {
    let [ping, pong] = [(); 2].map(|()| Rc::new(Notify::new()));
    let other = spawn_local({
        let (ping, pong) = (ping.clone(), pong.clone());
        async move {
            for _ in 0..times {
                ping.notified().await;
                pong.notify_one();
            }
        }
    });
    for _ in 0..times {
        ping.notify_one();
        pong.notified().await;
    }
    join([other]).await;
}

async fn oneshots(times: u64) {
    let cell = Rc::new(Cell::new(None));
    let sends = spawn_local({
        let cell = cell.clone();
        async move {
            for number in 0..times {
                let sender = loop {
                    match cell.take() {
                        Some(sender) => break sender,
                        None => yield_now().await,
                    }
                };
                let sender: oneshot::Sender<u64> = sender;
                sender.send(number).expect("the receiver waits");
            }
        }
    });
    for number in 0..times {
        let (sender, receiver) = oneshot::channel();
        cell.set(Some(sender));
        assert_eq!(receiver.await, Ok(number));
    }
    join([sends]).await;
}

async fn join_all<F: Future<Output = ()> + 'static>(n: u64, body: impl Fn() -> F) {
    let handles: Vec<_> = (0..n).map(|_| spawn_local(body())).collect();
    join(handles).await;
}

async fn join(handles: impl IntoIterator<Item = JoinHandle<()>>) {
    for handle in handles {
        handle.await.expect("no task panics");
    }
}
