//! How tasks start, end, panic and are cancelled.

use std::{
    future::{pending, poll_fn},
    pin::Pin,
    sync::{
        Arc, Mutex,
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

use super::{MS, SECOND, two_workers};

/// Counts its drops.
#[derive(Clone, Default)]
struct Drops(Arc<AtomicU32>);

struct Bomb(Drops);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Drops {
    fn bomb(&self) -> Bomb {
        Bomb(self.clone())
    }

    fn count(&self) -> u32 {
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
    let spawned = || may::spawn(future(async { 42 }));
    let mut event_loop = EventLoop::new().unwrap();
    assert_eq!(event_loop.block_on(spawned()).unwrap().unwrap(), 42);
    let inside = future(async move { spawned().await.unwrap() });
    assert_eq!(may::block_on(inside).unwrap(), 42);
    assert_eq!(futures::executor::block_on(spawned().into_future()).unwrap(), 42);
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
fn a_panic_in_a_destructor_is_the_end_of_the_task() {
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
        join(future(holds_open(sender)), holds(Panics)).await;
    }));
    suspended.recv().unwrap();
    cancelled.cancel();
    let error = may::block_on(cancelled).unwrap().unwrap_err();
    assert_eq!(error.panic_message(), Some("in a destructor"));
}

/// Says that it is suspended, and stays so: something that never comes has its waker.
async fn holds_open(suspended: mpsc::Sender<()>) {
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
fn a_destructor_may_spawn_and_wake_and_cancel_its_own_task() {
    two_workers();
    type Own = Arc<Mutex<Option<RemoteHandle<()>>>>;
    struct Busy(Own, Waker, mpsc::Sender<()>);
    impl Drop for Busy {
        fn drop(&mut self) {
            let own = self.0.lock().unwrap();
            let own = own.as_ref().unwrap();
            self.1.wake_by_ref();
            own.cancel();
            assert!(!own.is_finished(), "its destructors run");
            drop(may::spawn(turn()));
            self.2.send(()).unwrap();
        }
    }
    for is_to_end in [true, false] {
        let ((sender, receiver), own) = (mpsc::channel(), Own::default());
        let (same, says) = (Arc::clone(&own), sender.clone());
        let mut locked = own.lock().unwrap();
        let handle = locked.insert(may::spawn(future(async move {
            let waker = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
            let _busy = Busy(same, waker, sender);
            says.send(()).unwrap();
            if !is_to_end {
                pending::<()>().await;
            }
        })));
        receiver.recv().unwrap();
        if !is_to_end {
            handle.cancel();
        }
        drop(locked);
        receiver.recv().unwrap();
        let handle = own.lock().unwrap().take().unwrap();
        assert_eq!(may::block_on(handle).unwrap().is_ok(), is_to_end);
    }
}

#[test]
fn a_waker_that_panics_is_nobody_elses_business() {
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

/// A task that is suspended, and how often what it holds was dropped.
fn suspended() -> (RemoteHandle<()>, Drops) {
    two_workers();
    let (drops, (sender, is_suspended)) = (Drops::default(), mpsc::channel());
    let bomb = drops.bomb();
    let handle = may::spawn(future(async move {
        let _bomb = bomb;
        holds_open(sender).await;
    }));
    is_suspended.recv().unwrap();
    (handle, drops)
}

fn is_cancelled<T: Send + 'static>(handle: RemoteHandle<T>) -> bool {
    matches!(may::block_on(handle).unwrap(), Err(JoinError::Cancelled))
}

#[test]
fn a_cancel_drops_it_where_it_is_suspended() {
    let (handle, drops) = suspended();
    // It has said so a moment before it is: then it is dropped as soon as it is.
    handle.cancel();
    handle.cancel();
    assert!(is_cancelled(handle));
    assert_eq!(drops.count(), 1);
}

#[test]
fn a_cancel_of_one_that_sleeps_disarms_its_deadline() {
    two_workers();
    let drops = Drops::default();
    let bomb = drops.bomb();
    let (sender, started) = mpsc::channel();
    let handle = may::spawn(future(async move {
        let _bomb = bomb;
        sender.send(()).unwrap();
        sleep(3600 * SECOND).await;
    }));
    started.recv().unwrap();
    handle.cancel();
    assert!(is_cancelled(handle));
    assert_eq!(drops.count(), 1);
}

#[test]
fn a_cancel_of_one_that_runs_waits_for_its_suspension() {
    two_workers();
    let (sender, started) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let drops = Drops::default();
    let bomb = drops.bomb();
    let handle = may::spawn(future(async move {
        let _bomb = bomb;
        sender.send(()).unwrap();
        // It blocks its worker.
        may_go_on.recv().unwrap();
        turn().await;
        unreachable!("it was cancelled while it ran");
    }));
    started.recv().unwrap();
    handle.cancel();
    assert_eq!(drops.count(), 0, "it runs");
    go_on.send(()).unwrap();
    assert!(is_cancelled(handle));
    assert_eq!(drops.count(), 1);
}

/// A cancel takes no destructors along: who cancels may have locked what they ask for.
#[test]
fn a_cancel_runs_no_destructor_on_its_own_thread() {
    two_workers();
    struct Locks(Arc<Mutex<()>>, mpsc::Sender<thread::ThreadId>);
    impl Drop for Locks {
        fn drop(&mut self) {
            drop(self.0.lock());
            self.1.send(thread::current().id()).unwrap();
        }
    }
    let lock = Arc::new(Mutex::new(()));
    let (sender, dropped_on) = mpsc::channel();
    let holds = |locks: Locks, started: mpsc::Sender<()>| {
        may::spawn(future(async move {
            let _locks = locks;
            started.send(()).unwrap();
            sleep(3600 * SECOND).await;
        }))
    };
    let (started, has_started) = mpsc::channel();
    let handle = holds(Locks(Arc::clone(&lock), sender), started);
    has_started.recv().unwrap();
    let locked = lock.lock().unwrap();
    handle.cancel();
    drop(locked);
    assert_ne!(dropped_on.recv().unwrap(), thread::current().id());
    assert!(is_cancelled(handle));
}

#[test]
fn a_cancel_of_each_by_the_one_before_takes_no_stack() {
    two_workers();
    const TASKS: usize = 100_000;
    let drops = Drops::default();
    let (waker, never) = async_channel();
    let mut next = may::spawn(future(never.clone())).attached();
    for _ in 0..TASKS {
        let (bomb, never) = (drops.bomb(), never.clone());
        next = may::spawn(future(async move {
            let _next = next;
            let _bomb = bomb;
            never.await
        }))
        .attached();
    }
    drop(next);
    while drops.count() < TASKS as u32 {
        thread::yield_now();
    }
    drop(waker);
}

#[test]
fn a_cancel_by_itself() {
    two_workers();
    let (sender, receiver) = oneshot::channel::<RemoteHandle<()>>();
    let (ended, is_over) = mpsc::channel();
    let handle = may::spawn(future(async move {
        let handle = receiver.await.unwrap();
        handle.cancel();
        ended.send(handle).unwrap();
        turn().await;
        unreachable!("it is dropped at its next suspension");
    }));
    sender.send(handle).unwrap();
    assert!(is_cancelled(is_over.recv().unwrap()));
}

#[test]
fn a_cancel_that_is_too_late_is_nothing() {
    two_workers();
    let handle = may::spawn(future(async { 42 }));
    while !handle.is_finished() {
        thread::yield_now();
    }
    handle.cancel();
    assert_eq!(may::block_on(handle).unwrap().unwrap(), 42);
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
fn one_that_nobody_can_wake_is_dropped() {
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
fn a_hundred_thousand_are_suspended_at_once() {
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

/// One value for all that wait.
fn async_channel() -> (oneshot::Sender<usize>, futures::future::Shared<oneshot::Receiver<usize>>) {
    use futures::FutureExt;
    let (sender, receiver) = oneshot::channel();
    (sender, receiver.shared())
}

#[test]
fn wakes_of_all_kinds_are_one_resume_each_at_most() {
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
    assert_eq!(resumes.load(Ordering::SeqCst), 2, "after its end a wake is nothing");
}
