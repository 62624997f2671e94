//! Tasks on a foreign executor, which supports wakers and nothing else.

use std::{
    pin::pin,
    task::{Context, Poll},
    time::Duration,
};

use quadrivium::{
    prelude::*,
    sync::oneshot,
    task::{BoxTask, Perform},
};

use crate::{Notes, Probe, Subject, body, catch_panic, wakers::WakeCount};

laws! { ($) foreign_executors:
    /// On an executor that supports only wakers, a turn lets other tasks run and then continues.
    run_turns needs ByHand;
    /// On an executor that supports only wakers, wakes arrive.
    deliver_wakes needs ByHand;
    /// On a foreign executor, a dropped task runs its destructors.
    a_drop_runs_the_destructors needs ByHand;
    /// On an executor without a clock, a deadline panics with a clear message.
    a_deadline_panics needs ByHand;
    /// On an executor that is not a host, `spawn` panics with a clear message.
    a_spawn_panics needs ByHand;
}

/// Polls the task until it is done or has not been woken. Returns its output, or `None` if it still
/// waits.
fn execute<T>(task: BoxTask<T>) -> Option<T> {
    let mut future = pin!(Perform::new(task));
    let wakes = WakeCount::default();
    let waker = wakes.waker();
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(output);
        }
        if wakes.take() == 0 {
            return None;
        }
    }
}

fn run_turns(subject: Subject) {
    assert_eq!(execute(subject.task(body().repeat(5, turn).output(|| 42))), Some(42));
}

fn deliver_wakes(subject: Subject) {
    let (sender, receiver) = oneshot::channel();
    let sends = body().perform(turn()).run(move || sender.send(()).unwrap());
    let both = join(subject.task(body().perform(receiver)), subject.task(sends));
    assert!(execute::<((), ())>(Box::pin(both)).is_some());
    // A task without a wake is not polled again.
    let probe = Probe::default();
    assert!(execute(subject.task(body().perform(probe.waits()))).is_none());
    assert_eq!(probe.resumes(), 1);
}

fn a_drop_runs_the_destructors(subject: Subject) {
    let notes = Notes::default();
    let body = body().hold(notes.when_dropped("dropped")).perform(Probe::default().waits());
    assert!(execute(subject.task(body)).is_none());
    assert_eq!(notes.lines(), ["dropped"]);
}

fn a_deadline_panics(subject: Subject) {
    let sleeps = subject.task(body().perform(sleep(Duration::from_secs(1))));
    assert!(catch_panic(|| execute(sleeps)).unwrap_err().contains("no host drives this"));
}

fn a_spawn_panics(subject: Subject) {
    let child = subject.task(body());
    let spawns = subject.task(body().run(|| drop(spawn(child))));
    assert!(catch_panic(|| execute(spawns)).unwrap_err().contains("no host drives this thread"));
}
