//! [`Runtime`]: what tasks on may share: those that are ready, and what the others wait for.
//!
//! ```text
//!   sockets ─┐
//!            ├─► our epoll ─► a thread that looks ─► ready queue ─► runners on may's workers
//!   alarm  ──┘
//! ```
//!
//! May's scheduler belongs to the process and never ends, so there is one of these, and it stays.
//!
//! Rejected: may's own reactor (`WaitIo`). It gives each descriptor to one worker, which serves it
//! when it has nothing else to do: a task that computes on that worker would keep all others from
//! their sockets and deadlines, though the other workers are idle. And a `CoIo` takes its
//! descriptor off may's epoll when it is dropped, which must be before that is closed: it would
//! have to own the socket, which then could be used on no other host.

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
    panics::lock,
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
/// Held while it is made, so that what is made is used.
static MAKING: Mutex<()> = Mutex::new(());

/// The runtime, which is made by the first call.
///
/// # Errors
///
/// When the operating system refuses the threads or the descriptors it needs.
pub(crate) fn runtime() -> io::Result<&'static Runtime> {
    runtime_after(|| ())
}

/// The same; `configure` is called first if may does not run yet.
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

/// The runtime, for what cannot fail.
///
/// # Panics
///
/// When it has to be made and cannot be.
pub(crate) fn expect() -> &'static Runtime {
    runtime().unwrap_or_else(|error| {
        panic!(
            "no task can run on may: {error}: raise the limit of open files and of threads, or \
             start it earlier"
        )
    })
}

impl Runtime {
    fn new() -> io::Result<Self> {
        let (reactor, deadlines) = (MioReactor::new()?, Arc::new(Deadlines::new()?));
        let sources = reactor.sources()?;
        // Nobody waits for the alarm: who has seen that it rings looks who is due.
        sources.register(deadlines.as_fd(), &Arc::new(Readiness::default()))?;
        let descriptor = reactor.descriptor()?;
        let rings = Arc::clone(&deadlines);
        let (says, said) = mpsc::channel();
        let watches = move || {
            // May comes last, as nothing ends it if anything else fails.
            let started = start_may(&descriptor);
            let is_refused = started.is_err();
            let _ = says.send(started);
            if is_refused {
                return;
            }
            let mut watched = [PollFd::new(&descriptor, PollFlags::IN)];
            loop {
                // A signal ends the wait for no reason, and then there is nothing to see.
                let _ = poll(&mut watched, None);
                while reactor.look() {}
                rings.ring();
            }
        };
        let thread = thread::Builder::new().name("quadrivium-may-reactor".into()).spawn(watches);
        thread.map_err(|error| refused("a thread for descriptors", &error))?;
        said.recv().expect("it is said first of all")?;
        workers::have_started();
        own_stack::retry_by(&deadlines);
        Ok(Self { ready: ReadyTasks::new(workers()), deadlines, sources })
    }
}
