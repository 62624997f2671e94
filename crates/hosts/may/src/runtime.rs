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
//! their sockets and deadlines, though the other workers are idle. And a `CoIo` takes its descriptor
//! off may's epoll when it is dropped, which must be before that is closed: it would have to own the
//! socket, which then could be used on no other host.

use std::{
    fmt,
    fs::read_link,
    io,
    os::fd::{AsFd, OwnedFd},
    panic::catch_unwind,
    path::Path,
    sync::{Arc, Mutex, OnceLock, PoisonError, mpsc},
    thread,
};

use quadrivium_core::{JoinError, Readiness, host, host::refused};
use quadrivium_event_loop::MioReactor;
use rustix::event::{PollFd, PollFlags, poll};

use crate::{
    errand,
    ready::ReadyQueue,
    timers::Timers,
    worker::{self, workers},
};

pub(crate) struct Runtime {
    pub(crate) ready: ReadyQueue,
    pub(crate) timers: Arc<Timers>,
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
    let _making = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    configure();
    let made = Runtime::new()?;
    Ok(RUNTIME.get_or_init(|| made))
}

/// The runtime, if it has been made.
pub(crate) fn started() -> Option<&'static Runtime> {
    RUNTIME.get()
}

/// The runtime, for what cannot fail.
///
/// # Panics
///
/// When it has to be made and cannot be.
pub(crate) fn expect() -> &'static Runtime {
    runtime().unwrap_or_else(|error| {
        panic!(
            "no task can run on may: {error}: raise the limit of open files and of threads, or start \
             it earlier"
        )
    })
}

impl Runtime {
    fn new() -> io::Result<Self> {
        let (reactor, timers) = (MioReactor::new()?, Arc::new(Timers::new()?));
        let sources = reactor.sources()?;
        // Nobody waits for the alarm: who has seen that it rings looks who is due.
        sources.register(timers.as_fd(), &Arc::new(Readiness::default()))?;
        let descriptor = reactor.descriptor()?;
        let rings = Arc::clone(&timers);
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
        worker::have_started();
        Ok(Self { ready: ReadyQueue::new(workers()), timers, sources })
    }
}

/// Starts may's scheduler, which does so when it is used first; and every use looks whether it runs by a
/// plain read of a `static mut`. Here, while nobody else can come so far, that is no data race: all
/// others have seen the runtime before.
fn start_may(descriptor: &OwnedFd) -> io::Result<()> {
    // May panics when a worker finds no descriptors, two each. So they are asked for before.
    let asked: io::Result<Vec<_>> = (0..2 * workers()).map(|_| descriptor.try_clone()).collect();
    drop(asked?);
    // One more is for may's deadlines.
    ask_for_threads(workers() + 1)?;
    let started =
        catch_unwind(|| errand::try_send(0, Box::new(|| ()))).map_err(JoinError::panicked);
    started.map_err(|panic| {
        io::Error::other(panic.panic_message().unwrap_or("its scheduler panics").to_owned())
    })
}

/// May panics when the operating system refuses a thread, and can then not be started any more. So
/// they are asked for before, all at once, and end.
///
/// # Errors
///
/// When one of them is refused.
fn ask_for_threads(threads: usize) -> io::Result<()> {
    let gate = Arc::new(Mutex::new(()));
    let closed = gate.lock();
    let ask = |_| {
        let gate = Arc::clone(&gate);
        let waits = move || {
            drop(gate.lock());
            read_link("/proc/thread-self")
        };
        thread::Builder::new().spawn(waits)
    };
    let asked: Vec<_> = (0..threads).map(ask).collect();
    drop(closed);
    let mut started = Ok(());
    for thread in asked {
        match thread.map(thread::JoinHandle::join) {
            // A thread that was joined still counts until the kernel has taken it off its list.
            Ok(Ok(Ok(own))) => {
                while Path::new("/proc").join(&own).exists() {
                    thread::yield_now();
                }
            }
            Ok(_) => {}
            Err(error) => started = Err(refused("a thread for a worker", &error)),
        }
    }
    started
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime").finish_non_exhaustive()
    }
}
