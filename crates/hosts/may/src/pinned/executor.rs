//! [`MayExecutor`]: the timer and the reactor that a
//! [`GuestLoop`](quadrivium_event_loop::GuestLoop) on a worker of may uses.

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Instant,
};

use quadrivium_core::{self as core, Interest, QueuePlace, Readiness, host::DescriptorKey};
use quadrivium_event_loop::Executor;

use crate::{
    runtime::Runtime,
    time::{clock, deadlines::ArmedDeadline},
};

/// Serves one loop on a worker of may.
pub(super) struct MayExecutor {
    runtime: &'static Runtime,
    timer: Option<(ArmedDeadline, Waker)>,
    sources: Option<WatchedFd>,
}

/// The descriptor that becomes readable when a source of the loop is ready.
struct WatchedFd {
    runtime: &'static Runtime,
    fd: OwnedFd,
    key: DescriptorKey,
    readiness: Arc<Readiness>,
    place: QueuePlace,
}

impl MayExecutor {
    pub(super) fn new(runtime: &'static Runtime) -> Self {
        Self { runtime, timer: None, sources: None }
    }

    fn disarm(&mut self) {
        if let Some((timer, _)) = self.timer.take() {
            self.runtime.deadlines.disarm(timer);
        }
    }
}

impl Executor for MayExecutor {
    fn now() -> Instant {
        clock::now()
    }

    fn poll_deadline(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        if deadline <= clock::now() {
            self.disarm();
            return Poll::Ready(());
        }
        let is_armed = |(timer, waker): &(ArmedDeadline, Waker)| {
            timer.deadline == deadline && waker.will_wake(cx.waker())
        };
        if !self.timer.as_ref().is_some_and(is_armed) {
            self.disarm();
            let timer = self.runtime.deadlines.arm(deadline, cx.waker().clone());
            self.timer = Some((timer, cx.waker().clone()));
        }
        Poll::Pending
    }

    fn watch(&mut self, fd: OwnedFd) -> io::Result<()> {
        let (runtime, readiness) = (self.runtime, Arc::new(Readiness::default()));
        let key = runtime.sources.register(fd.as_fd(), &readiness)?;
        self.sources = Some(WatchedFd { runtime, fd, key, readiness, place: QueuePlace::new() });
        Ok(())
    }

    fn poll_readable(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let WatchedFd { readiness, place, .. } =
            self.sources.as_mut().expect("a loop calls `watch` before `poll_readable`");
        loop {
            if let Some(edge) = readiness.maybe_ready(Interest::Readable) {
                // The loop handles every event up to now, so only later events count from here on.
                readiness.drained(Interest::Readable, edge);
                return Poll::Ready(Ok(()));
            }
            if readiness.wait(Interest::Readable, place, &core::Context::from(&*cx)) {
                return Poll::Pending;
            }
        }
    }
}

impl Drop for MayExecutor {
    fn drop(&mut self) {
        self.disarm();
    }
}

impl Drop for WatchedFd {
    fn drop(&mut self) {
        self.readiness.leave(Interest::Readable, &mut self.place);
        self.runtime.sources.deregister(self.fd.as_fd(), self.key);
    }
}
