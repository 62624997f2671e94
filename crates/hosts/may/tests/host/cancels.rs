//! How tasks are cancelled, and where their destructors run.

use std::{
    future::{pending, poll_fn},
    sync::{Arc, Mutex, mpsc},
    task::{Poll, Waker},
    thread,
};

use futures::channel::oneshot;
use quadrivium::{event_loop::RemoteHandle, host, may, prelude::*, time::now};

use super::{
    SECOND,
    tasks::{Drops, async_channel, is_cancelled, suspend_for_ever},
    two_workers,
};

/// Returns a suspended task, and a counter of the drops of a value that it owns.
fn suspended() -> (RemoteHandle<()>, Drops) {
    two_workers();
    let (drops, (sender, is_suspended)) = (Drops::default(), mpsc::channel());
    let bomb = drops.bomb();
    let handle = may::spawn(future(async move {
        let _bomb = bomb;
        suspend_for_ever(sender).await;
    }));
    is_suspended.recv().unwrap();
    (handle, drops)
}

#[test]
fn a_cancel_drops_a_suspended_task() {
    let (handle, drops) = suspended();
    // The task may still run for a moment after it has reported its suspension. Then it is dropped
    // as soon as it is suspended.
    handle.cancel();
    handle.cancel();
    assert!(is_cancelled(handle));
    assert_eq!(drops.count(), 1);
}

#[test]
fn a_cancel_of_a_sleeping_task_drops_it() {
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
fn a_cancel_of_a_running_task_waits_for_its_suspension() {
    two_workers();
    let (sender, started) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let drops = Drops::default();
    let bomb = drops.bomb();
    let handle = may::spawn(future(async move {
        let _bomb = bomb;
        sender.send(()).unwrap();
        // This blocks the worker.
        may_go_on.recv().unwrap();
        turn().await;
        unreachable!("the task was cancelled while it ran");
    }));
    started.recv().unwrap();
    handle.cancel();
    assert_eq!(drops.count(), 0, "the task is running");
    go_on.send(()).unwrap();
    assert!(is_cancelled(handle));
    assert_eq!(drops.count(), 1);
}

/// The thread that cancels may have locked something that the destructors need.
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
fn a_chain_of_cancels_runs_without_recursion() {
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
fn a_task_may_cancel_itself() {
    two_workers();
    let (sender, receiver) = oneshot::channel::<RemoteHandle<()>>();
    let (ended, is_over) = mpsc::channel();
    let handle = may::spawn(future(async move {
        let handle = receiver.await.unwrap();
        handle.cancel();
        ended.send(handle).unwrap();
        turn().await;
        unreachable!("the task is dropped at its next suspension");
    }));
    sender.send(handle).unwrap();
    assert!(is_cancelled(is_over.recv().unwrap()));
}

/// When it is dropped, it sends the name of the task whose destructor runs, and checks that there
/// is a host.
struct SendName(mpsc::Sender<Option<String>>);

impl Drop for SendName {
    fn drop(&mut self) {
        if host::current().is_some() {
            now();
        }
        let name = host::label().and_then(|label| label.name);
        self.0.send(name.map(|name| name.to_string())).unwrap();
    }
}

#[test]
fn destructors_have_the_host_of_their_task() {
    two_workers();
    let ((sends_name, names), (sender, is_suspended)) = (mpsc::channel(), mpsc::channel());
    // In a cancel.
    let held = SendName(sends_name.clone());
    let suspends = future(async move {
        let _held = held;
        suspend_for_ever(sender).await;
    });
    let handle = may::spawn_named("cancelled", suspends);
    is_suspended.recv().unwrap();
    handle.cancel();
    assert_eq!(names.recv().unwrap().as_deref(), Some("cancelled"));
    // When nothing can wake the task any more.
    let held = SendName(sends_name.clone());
    let suspends = future(async move {
        let _held = held;
        pending::<()>().await;
    });
    drop(may::spawn_named("forgotten", suspends));
    assert_eq!(names.recv().unwrap().as_deref(), Some("forgotten"));
    // The destructor of an output that no task waits for. The task goes on after its handle is
    // gone.
    let ((sender, receiver), output) = (oneshot::channel(), SendName(sends_name));
    drop(may::spawn_named("done", future(async move { receiver.await.map(|()| output) })));
    sender.send(()).unwrap();
    assert_eq!(names.recv().unwrap().as_deref(), Some("done"));
}

#[test]
fn a_cancel_after_the_end_has_no_effect() {
    two_workers();
    let handle = may::spawn(future(async { 42 }));
    while !handle.is_finished() {
        thread::yield_now();
    }
    handle.cancel();
    assert_eq!(may::block_on(handle).unwrap().unwrap(), 42);
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
            assert!(!own.is_finished(), "its destructors are still running");
            drop(may::spawn(turn()));
            self.2.send(()).unwrap();
        }
    }
    for is_to_end in [true, false] {
        let ((sender, receiver), own) = (mpsc::channel(), Own::default());
        let (same, reporter) = (Arc::clone(&own), sender.clone());
        let mut locked = own.lock().unwrap();
        let handle = locked.insert(may::spawn(future(async move {
            let waker = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
            let _busy = Busy(same, waker, sender);
            reporter.send(()).unwrap();
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
