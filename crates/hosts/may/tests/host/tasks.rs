//! How tasks start, end and panic.

use std::{
    future::{pending, poll_fn},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    task::{Poll, Wake, Waker},
    thread,
};

use futures::channel::oneshot;
use quadrivium::{
    event_loop::RemoteHandle,
    may,
    prelude::*,
    task::{Context, Step},
};

use super::{MS, two_workers};

/// Counts its drops.
#[derive(Clone, Default)]
pub(super) struct Drops(Arc<AtomicU32>);

pub(super) struct Bomb(Drops);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Drops {
    pub(super) fn bomb(&self) -> Bomb {
        Bomb(self.clone())
    }

    pub(super) fn count(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }
}

#[test]
fn a_value() {
    two_workers();
    assert_eq!(may::block_on(future(async { 42 })).unwrap(), 42);
}

#[test]
fn the_handle_is_a_task_for_every_host() {
    two_workers();
    let spawn_answer = || may::spawn(future(async { 42 }));
    let mut event_loop = EventLoop::new().unwrap();
    assert_eq!(event_loop.block_on(spawn_answer()).unwrap().unwrap(), 42);
    let inside = future(async move { spawn_answer().await.unwrap() });
    assert_eq!(may::block_on(inside).unwrap(), 42);
    assert_eq!(futures::executor::block_on(spawn_answer().into_future()).unwrap(), 42);
}

#[test]
fn a_panic_ends_its_own_task() {
    two_workers();
    let drops = Drops::default();
    let bomb = drops.bomb();
    let panics = may::spawn(future(async move {
        let _bomb = bomb;
        sleep(MS).await;
        panic!("as planned")
    }));
    let error = may::block_on(panics).unwrap().unwrap_err();
    assert_eq!(error.panic_message(), Some("as planned"));
    assert_eq!(drops.count(), 1, "its destructors have run");
    a_value();
}

#[test]
fn a_panic_in_a_destructor_is_the_error_of_the_handle() {
    two_workers();
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("in a destructor")
        }
    }
    let holds = |panics: Panics| {
        future(async move {
            let _panics = panics;
            pending::<()>().await;
        })
    };
    let (sender, suspended) = mpsc::channel();
    let cancelled = may::spawn(future(async move {
        join(future(suspend_for_ever(sender)), holds(Panics)).await;
    }));
    suspended.recv().unwrap();
    cancelled.cancel();
    let error = may::block_on(cancelled).unwrap().unwrap_err();
    assert_eq!(error.panic_message(), Some("in a destructor"));
}

/// Reports that it is suspended, and stays suspended: a source that is never ready has its waker.
pub(super) async fn suspend_for_ever(suspended: mpsc::Sender<()>) {
    let (_sender, receiver) = oneshot::channel::<()>();
    let mut receiver = receiver;
    poll_fn(|cx| {
        let polled = std::pin::Pin::new(&mut receiver).poll(cx).map(drop);
        suspended.send(()).unwrap();
        polled
    })
    .await;
}

#[test]
fn a_waker_that_panics_harms_no_other_task() {
    two_workers();
    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("in a waker")
        }
    }
    for _ in 0..4 {
        let (sender, receiver) = oneshot::channel::<()>();
        let mut joined = may::spawn(future(receiver));
        let waker = Waker::from(Arc::new(Panics));
        let step = Pin::new(&mut joined).resume(&mut Context::new(&waker));
        assert!(matches!(step, Step::Suspended(_)));
        sender.send(()).unwrap();
        while !joined.is_finished() {
            thread::yield_now();
        }
        assert!(may::block_on(joined).unwrap().unwrap().is_ok());
    }
    a_value();
}

#[test]
fn a_dropped_handle_leaves_the_task_running() {
    two_workers();
    let (sender, receiver) = mpsc::channel();
    drop(may::spawn(future(async move {
        sleep(MS).await;
        sender.send("ended").unwrap();
    })));
    assert_eq!(receiver.recv(), Ok("ended"));
}

#[test]
fn a_task_that_nothing_can_wake_is_dropped() {
    two_workers();
    let drops = Drops::default();
    let bomb = drops.bomb();
    let forgotten = may::spawn(future(async move {
        let _bomb = bomb;
        pending::<()>().await;
    }));
    assert!(is_cancelled(forgotten));
    assert_eq!(drops.count(), 1);
}

#[test]
fn a_hundred_thousand_tasks_are_suspended_at_once() {
    two_workers();
    const TASKS: usize = 100_000;
    let (sender, receiver) = async_channel();
    let tasks: Vec<_> = (0..TASKS).map(|_| may::spawn(future(receiver.clone()))).collect();
    sender.send(7).unwrap();
    let sum = may::block_on(future(async move {
        let mut sum = 0;
        for task in tasks {
            sum += task.await.unwrap().unwrap();
        }
        sum
    }));
    assert_eq!(sum.unwrap(), 7 * TASKS);
}

/// Makes a channel that sends one value to every task that waits.
pub(super) fn async_channel()
-> (oneshot::Sender<usize>, futures::future::Shared<oneshot::Receiver<usize>>) {
    use futures::FutureExt;
    let (sender, receiver) = oneshot::channel();
    (sender, receiver.shared())
}

#[test]
fn several_wakes_are_one_resume_and_a_late_wake_is_none() {
    two_workers();
    let resumes = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&resumes);
    let (waker, wakers) = mpsc::channel();
    let mut open = false;
    let handle = may::spawn(future(poll_fn(move |cx| {
        counted.fetch_add(1, Ordering::SeqCst);
        waker.send(cx.waker().clone()).unwrap();
        // While it runs: one more resume.
        cx.waker().wake_by_ref();
        cx.waker().wake_by_ref();
        std::mem::replace(&mut open, true).then_some(()).map_or(Poll::Pending, Poll::Ready)
    })));
    may::block_on(handle).unwrap().unwrap();
    let former = wakers.recv().unwrap();
    former.wake_by_ref();
    former.wake();
    a_value();
    assert_eq!(resumes.load(Ordering::SeqCst), 2, "a wake after the end has no effect");
}

pub(super) fn is_cancelled<T: Send + 'static>(handle: RemoteHandle<T>) -> bool {
    matches!(may::block_on(handle).unwrap(), Err(JoinError::Cancelled))
}

/// Panics when it is dropped.
struct PanicsInDrop;

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        panic!("as planned");
    }
}

#[test]
fn an_unread_output_that_panics_when_dropped_harms_no_other_task() {
    two_workers();
    let outputs = || {
        [
            may::spawn(future(async { PanicsInDrop })),
            may::spawn_pinned(1, || future(async { PanicsInDrop })),
        ]
    };
    for handle in outputs() {
        while !handle.is_finished() {
            thread::yield_now();
        }
        drop(handle);
    }
    outputs().into_iter().for_each(drop);
    assert_eq!(may::block_on(future(async { 42 })).unwrap(), 42);
}
