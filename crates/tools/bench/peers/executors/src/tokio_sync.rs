//! The primitives of `tokio::sync`, on tokio's single-threaded runtime with all drivers.

use std::{cell::Cell, rc::Rc, time::Duration};

use quadrivium_bench_protocol::SyncKind;
use quadrivium_peers_common::timed;
use tokio::{
    sync::{
        Mutex, Notify, Semaphore,
        broadcast::{self, error::RecvError},
        oneshot, watch,
    },
    task::{spawn_local, yield_now},
};

use crate::tokio::TokioRuntime;

/// The number of tasks that contend for a lock or receive a message.
const CROWD: u64 = 10;
const BROADCAST_CAPACITY: usize = 16;

pub(crate) fn uncontended(kind: SyncKind, times: u64) -> Duration {
    match kind {
        SyncKind::Mutex => time_of(async move {
            let mutex = Mutex::new(0_u64);
            for _ in 0..times {
                *mutex.lock().await += 1;
            }
        }),
        SyncKind::Semaphore => time_of(async move {
            let semaphore = Semaphore::new(1);
            for _ in 0..times {
                drop(semaphore.acquire().await.expect("it is never closed"));
            }
        }),
        SyncKind::Notify => time_of(async move {
            let notify = Notify::new();
            for _ in 0..times {
                notify.notify_one();
                notify.notified().await;
            }
        }),
        SyncKind::Oneshot => time_of(async move {
            for number in 0..times {
                let (sender, receiver) = oneshot::channel();
                sender.send(number).expect("the receiver is there");
                assert_eq!(receiver.await, Ok(number));
            }
        }),
        SyncKind::Broadcast => time_of(async move {
            let (sender, mut receiver) = broadcast::channel(BROADCAST_CAPACITY);
            for number in 0..times {
                sender.send(number).expect("the receiver is there");
                assert_eq!(receiver.recv().await, Ok(number));
            }
        }),
        SyncKind::Watch => time_of(async move {
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
        SyncKind::Mutex => {
            let mutex = Rc::new(Mutex::new(0));
            time_of(join_crowd(move || lock_for_a_turn(mutex.clone(), times / CROWD), async {}))
        }
        SyncKind::Semaphore => {
            let semaphore = Rc::new(Semaphore::new(2));
            let task = move || acquire_for_a_turn(semaphore.clone(), times / CROWD);
            time_of(join_crowd(task, async {}))
        }
        SyncKind::Notify => {
            let [one, other] = [(); 2].map(|()| Rc::new(Notify::new()));
            let answers = is_notified_and_notifies(one.clone(), other.clone(), times);
            time_of(join_both(answers, notify_and_be_notified(one, other, times)))
        }
        SyncKind::Oneshot => {
            let question = Question::default();
            time_of(join_both(answer(question.clone(), times), ask(question, times)))
        }
        SyncKind::Broadcast => {
            let (sender, _) = broadcast::channel(BROADCAST_CAPACITY);
            let subscriber = sender.clone();
            let task = move || hear(subscriber.subscribe(), times);
            time_of(join_crowd(task, async move {
                for number in 0..times {
                    sender.send(number).expect("the receivers are there");
                    yield_now().await;
                }
            }))
        }
        SyncKind::Watch => {
            let (sender, receiver) = watch::channel(0);
            time_of(join_crowd(move || see(receiver.clone()), async move {
                for number in 0..times {
                    sender.send(number).expect("the receivers are there");
                    yield_now().await;
                }
            }))
        }
    }
}

async fn lock_for_a_turn(mutex: Rc<Mutex<u64>>, times: u64) {
    for _ in 0..times {
        let mut number = mutex.lock().await;
        yield_now().await;
        *number += 1;
    }
}

async fn acquire_for_a_turn(semaphore: Rc<Semaphore>, times: u64) {
    for _ in 0..times {
        let _permit = semaphore.acquire().await.expect("it is never closed");
        yield_now().await;
    }
}

async fn notify_and_be_notified(one: Rc<Notify>, other: Rc<Notify>, times: u64) {
    for _ in 0..times {
        one.notify_one();
        other.notified().await;
    }
}

async fn is_notified_and_notifies(one: Rc<Notify>, other: Rc<Notify>, times: u64) {
    for _ in 0..times {
        one.notified().await;
        other.notify_one();
    }
}

/// The cell through which a task asks another one for a number.
type Question = Rc<Cell<Option<oneshot::Sender<u64>>>>;

async fn ask(question: Question, times: u64) {
    for number in 0..times {
        let (sender, receiver) = oneshot::channel();
        question.set(Some(sender));
        assert_eq!(receiver.await, Ok(number));
    }
}

async fn answer(question: Question, times: u64) {
    for number in 0..times {
        let sender = loop {
            match question.take() {
                Some(sender) => break sender,
                None => yield_now().await,
            }
        };
        sender.send(number).expect("the receiver waits");
    }
}

async fn hear(mut receiver: broadcast::Receiver<u64>, times: u64) {
    let mut count = 0;
    loop {
        match receiver.recv().await {
            Ok(_) => count += 1,
            Err(RecvError::Lagged(missed)) => count += missed,
            Err(RecvError::Closed) => break,
        }
    }
    assert_eq!(count, times, "every number arrives");
}

async fn see(mut receiver: watch::Receiver<u64>) {
    while receiver.changed().await.is_ok() {
        let _ = *receiver.borrow_and_update();
    }
}

fn time_of(body: impl Future<Output = ()> + 'static) -> Duration {
    timed::<TokioRuntime<true>>(body)
}

/// Spawns the crowd, and then the other task. Joins all.
async fn join_crowd<F: Future<Output = ()> + 'static>(
    task: impl FnMut() -> F,
    other: impl Future<Output = ()> + 'static,
) {
    let mut handles: Vec<_> =
        std::iter::repeat_with(task).take(CROWD as usize).map(spawn_local).collect();
    handles.push(spawn_local(other));
    for handle in handles {
        handle.await.expect("no task panics");
    }
}

async fn join_both(
    one: impl Future<Output = ()> + 'static,
    other: impl Future<Output = ()> + 'static,
) {
    for handle in [spawn_local(one), spawn_local(other)] {
        handle.await.expect("no task panics");
    }
}
