//! [`Runtime`]: the ready queue, the deadlines and the descriptors that all tasks on may share.
//!
//! ```text
//!   sockets ─┐
//!            ├─► our epoll ─► a thread that waits ─► ready queue ─► runners on may's workers
//!   alarm  ──┘
//! ```
//!
//! May's scheduler belongs to the process and never ends. So there is one runtime, which is never
//! dropped.
//!
//! Rejected: may's own reactor (`WaitIo`). It assigns each descriptor to one worker, which serves
//! it when it has nothing else to do. A task that computes on that worker would keep all other
//! tasks from their sockets and deadlines, though the other workers are idle. And a `CoIo` removes
//! its descriptor from may's epoll when it is dropped, which must happen before the descriptor is
//! closed. So it would have to own the socket, and the socket could be used on no other host.

mod start;

use std::{
    io,
    os::fd::AsFd,
    sync::{Arc, Mutex, OnceLock, mpsc},
    thread,
};

use quadrivium_core::{
    Readiness,
    host::{self, refused},
};
use quadrivium_event_loop::MioReactor;
use rustix::event::{PollFd, PollFlags, poll};

use crate::{
    lock::lock,
    runtime::start::start_may,
    time::deadlines::Deadlines,
    workers::{self, own_stack, ready_tasks::ReadyTasks, workers},
};

pub(crate) struct Runtime {
    pub(crate) ready: ReadyTasks,
    pub(crate) deadlines: Arc<Deadlines>,
    /// Where descriptors are registered.
    pub(crate) sources: Arc<dyn host::Reactor>,
}

static RUNTIME: OnceLock<Runtime> = OnceLock::new();
/// Locked while the runtime is made, so that it is made once.
static MAKING: Mutex<()> = Mutex::new(());

/// Returns the runtime. The first call makes it.
///
/// # Errors
///
/// Fails when the operating system refuses the threads or the descriptors that the runtime needs.
pub(crate) fn runtime() -> io::Result<&'static Runtime> {
    runtime_after(|| ())
}

/// Like [`runtime`]. If may does not run yet, `configure` is called first.
pub(crate) fn runtime_after(configure: impl FnOnce()) -> io::Result<&'static Runtime> {
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let _making = lock(&MAKING);
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    configure();
    let made = Runtime::new()?;
    Ok(RUNTIME.get_or_init(|| made))
}

/// Returns the runtime, for callers that cannot return an error.
///
/// # Panics
///
/// Panics when the runtime must be made and cannot be.
pub(crate) fn expect() -> &'static Runtime {
    runtime().unwrap_or_else(|error| {
        panic!(
            "no task can run on may, because it cannot start: {error}; raise the limits of open \
             files and of threads, or start it earlier"
        )
    })
}

impl Runtime {
    fn new() -> io::Result<Self> {
        let (reactor, deadlines) = (MioReactor::new()?, Arc::new(Deadlines::new()?));
        let sources = reactor.sources()?;
        // No task waits for the alarm. The thread below wakes the tasks that are due when it rings.
        sources.register(deadlines.as_fd(), &Arc::new(Readiness::default()))?;
        let descriptor = reactor.descriptor()?;
        let rings = Arc::clone(&deadlines);
        let (started_sender, started) = mpsc::channel();
        let watch_and_ring = move || {
            // May is started last, because it cannot be ended if another step fails.
            let started = start_may(&descriptor);
            let is_refused = started.is_err();
            let _ = started_sender.send(started);
            if is_refused {
                return;
            }
            let mut watched = [PollFd::new(&descriptor, PollFlags::IN)];
            loop {
                // A signal may end the wait. Then nothing is found.
                let _ = poll(&mut watched, None);
                while reactor.look() {}
                rings.ring();
            }
        };
        let thread =
            thread::Builder::new().name("quadrivium-may-reactor".into()).spawn(watch_and_ring);
        thread.map_err(|error| refused("a thread for descriptors", &error))?;
        started.recv().expect("the thread reports it before anything else")?;
        workers::record_start();
        own_stack::retry_with(&deadlines);
        Ok(Self { ready: ReadyTasks::new(workers()), deadlines, sources })
    }
}
