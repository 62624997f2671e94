//! Tasks on a host that is not ours: an executor that knows wakers and nothing else.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake},
    time::Duration,
};

use quadrivium::{
    prelude::*,
    sync::oneshot,
    task::{BoxTask, Perform},
};

use crate::styles::{Probe, Said, Style, body, quietly};

in_every_style![
    turns_on_a_foreign_executor,
    wakes_on_a_foreign_executor,
    a_drop_on_a_foreign_executor,
    a_deadline_on_a_foreign_executor_is_refused,
    a_spawn_on_a_foreign_executor_is_refused,
];

/// Counts wakes.
#[derive(Default)]
struct Counts(AtomicUsize);

impl Wake for Counts {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Polls as long as the future is woken; its output, if it came to one.
fn execute<T>(task: BoxTask<T>) -> Option<T> {
    let mut future = pin!(Perform::new(task));
    let counts = Arc::new(Counts::default());
    let waker = Arc::clone(&counts).into();
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(output);
        }
        if counts.0.swap(0, Ordering::Relaxed) == 0 {
            return None;
        }
    }
}

fn turns_on_a_foreign_executor(style: Style) {
    assert_eq!(execute(style.task(body().repeat(5, turn).worth(|| 42))), Some(42));
}

fn wakes_on_a_foreign_executor(style: Style) {
    let (sender, receiver) = oneshot::channel();
    let sends = body().perform(turn()).run(move || sender.send(()).unwrap());
    let both = join(style.task(body().perform(receiver)), style.task(sends));
    assert!(execute::<((), ())>(Box::pin(both)).is_some());
    // One that nobody wakes is not polled again.
    let probe = Probe::default();
    assert!(execute(style.task(body().perform(probe.waits()))).is_none());
    assert_eq!(probe.resumes(), 1);
}

fn a_drop_on_a_foreign_executor(style: Style) {
    let said = Said::default();
    let body = body().hold(said.when_dropped("dropped")).perform(Probe::default().waits());
    assert!(execute(style.task(body)).is_none());
    assert_eq!(said.lines(), ["dropped"]);
}

fn a_deadline_on_a_foreign_executor_is_refused(style: Style) {
    let sleeps = style.task(body().perform(sleep(Duration::from_secs(1))));
    assert!(quietly(|| execute(sleeps)).unwrap_err().contains("no host drives this"));
}

fn a_spawn_on_a_foreign_executor_is_refused(style: Style) {
    let child = style.task(body());
    let spawns = style.task(body().run(|| drop(spawn(child))));
    assert!(quietly(|| execute(spawns)).unwrap_err().contains("no host drives this thread"));
}
