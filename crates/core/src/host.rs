//! [`Host`]: what drives tasks, and what tasks may ask of it: the time, and to drive another task.

use std::{
    any::Any,
    cell::RefCell,
    fmt, io,
    os::fd::BorrowedFd,
    panic::Location,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::Waker,
    time::{Duration, Instant},
};

pub use crate::destructors::{NESTED, contain, run_destructors};
use crate::{Canceller, Context, Hold, JoinError, Readiness, SendHold, Step, Task, Wait};

/// What drives tasks: an event loop, another scheduler, somebody else's executor.
///
/// A host resumes its tasks and acts on the [`Wait`]s they return. While it does so it is
/// [entered](enter), so that what runs inside can reach it; before each resume it calls
/// [`fairness::begin_step`](crate::fairness::begin_step). Users of Quadrivium never call these
/// methods; they are what [`spawn`](crate::spawn), [`JoinHandle`](crate::JoinHandle),
/// [`sleep`](crate::sleep) and the styles are made of.
pub trait Host {
    /// The time on the host's clock.
    fn now(&self) -> Instant;

    /// Lets `duration` pass on the host's clock with nothing else running.
    fn block_for(&self, duration: Duration);

    /// Keeps time from jumping while the [`Hold`] exists. A host on real time has nothing to keep.
    fn hold(&self) -> Hold {
        Hold::default()
    }

    /// The same, wherever the [`SendHold`] is. While it exists no deadlock is certain.
    fn send_hold(&self) -> SendHold {
        SendHold::default()
    }

    /// A copy of `waker` that will stay on this thread (see [`Context::local_waker`]).
    fn local_waker(&self, waker: &Waker) -> Waker {
        waker.clone()
    }

    /// The task that is being resumed, or whose destructors are running, if any.
    fn label(&self) -> Option<Label>;

    /// Takes a new task, which starts in a later turn.
    fn spawn(
        &self,
        body: HostedTask,
        name: Option<&str>,
        spawned_at: &'static Location<'static>,
    ) -> Spawned;

    /// The output of a task, once it has one; until then, the asking task is woken when it does.
    fn join(&self, key: Key, cx: &Context<'_>) -> Option<Joined>;

    /// Whether a task has ended.
    fn is_finished(&self, key: Key) -> bool;

    /// Drops a task where it is suspended; one that is running, at its next suspension. While its
    /// destructors run, this host is [entered](enter), wherever the call comes from.
    fn cancel(&self, key: Key);

    /// The same, for any thread.
    fn canceller(&self, key: Key) -> Canceller;

    /// Nobody will join this task. Its output, if it has one, is dropped with this host
    /// [entered](enter).
    fn detach(&self, key: Key);

    /// What tells this host's tasks that a descriptor is ready.
    ///
    /// # Errors
    ///
    /// When the host has none, which is what it says unless it is told otherwise.
    fn reactor(&self) -> io::Result<Arc<dyn Reactor>> {
        let remedy = "this host has no reactor: spawn tasks that use sockets on an EventLoop";
        Err(io::Error::new(io::ErrorKind::Unsupported, remedy))
    }
}

/// Turns what the operating system says about descriptors into wakes.
///
/// A socket may move to another thread, and is dropped there: so any thread may call this.
pub trait Reactor: Send + Sync {
    /// From now on, tells `readiness` when the descriptor may have become ready. What is ready
    /// already is told too.
    ///
    /// # Errors
    ///
    /// When the operating system refuses, as it does for regular files, and when the host is gone.
    fn register(&self, fd: BorrowedFd<'_>, readiness: &Arc<Readiness>) -> io::Result<Key>;

    /// Tells no more. Called before the descriptor is closed, as its number may be used again at
    /// once. Harmless when the host is gone.
    fn deregister(&self, fd: BorrowedFd<'_>, key: Key);
}

/// How a host finds a task of its own. It means nothing to anyone else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key(pub u64);

/// The number of a task on its host, counted from 1 in the order of spawning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub u64);

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {}", self.0)
    }
}

/// What a task is called in messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Its number.
    pub id: TaskId,
    /// Its name, when it was spawned with one.
    pub name: Option<Arc<str>>,
    /// The line that spawned it.
    pub spawned_at: &'static Location<'static>,
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.id)?;
        if let Some(name) = &self.name {
            write!(f, " {name:?}")?;
        }
        write!(f, " (spawned at {})", self.spawned_at)
    }
}

/// What [`Host::spawn`] returns.
#[derive(Clone, Copy, Debug)]
pub struct Spawned {
    /// How to find the task.
    pub key: Key,
    /// Its number.
    pub id: TaskId,
}

/// A task as hosts store it: its type forgotten, its output boxed (an output of no size takes no
/// allocation).
pub type HostedTask = Pin<Box<dyn Hosted>>;

/// What a task came to: its boxed output, or why there is none.
pub type Joined = Result<Box<dyn Any>, JoinError>;

/// [`Task`] with the output type forgotten. Every `'static` task is one.
pub trait Hosted {
    /// Runs to the next suspension point, and returns what the task waits for; or to the end, and
    /// puts the output into `output`.
    ///
    /// Not a [`Step`], because a wait alone is returned in registers.
    fn resume_hosted(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        output: &mut Option<Box<dyn Any>>,
    ) -> Option<Wait>;
}

impl<T> Hosted for T
where
    T: Task + 'static,
    T::Output: 'static,
{
    fn resume_hosted(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        output: &mut Option<Box<dyn Any>>,
    ) -> Option<Wait> {
        match self.resume(cx) {
            Step::Suspended(wait) => Some(wait),
            Step::Done(it) => {
                *output = Some(Box::new(it));
                None
            }
        }
    }
}

thread_local! {
    static CURRENT: RefCell<Option<Rc<dyn Host>>> = const { RefCell::new(None) };
}

/// Makes `host` the one that drives this thread, until the guard is dropped.
///
/// ```
/// use quadrivium_core::host;
/// assert!(host::current().is_none());
/// ```
pub fn enter(host: Rc<dyn Host>) -> Entered {
    // A loop that is kept in a thread-local may be dropped after `CURRENT`.
    let outer = CURRENT.try_with(|current| current.replace(Some(host)));
    Entered { outer: outer.ok().flatten() }
}

/// The span in which a host drives this thread. Made by [`enter`].
#[must_use = "the host is left again when this is dropped"]
pub struct Entered {
    outer: Option<Rc<dyn Host>>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        let outer = self.outer.take();
        let _ = CURRENT.try_with(|current| current.replace(outer));
    }
}

impl fmt::Debug for Entered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entered").finish_non_exhaustive()
    }
}

/// The host that drives this thread, if there is one.
pub fn current() -> Option<Rc<dyn Host>> {
    CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
}

/// The label of the task that is being resumed on this thread, or whose destructors are running, if
/// there is one. In a destructor that a cancel runs it is the cancelled task, not the one that cancels.
pub fn label() -> Option<Label> {
    current().and_then(|host| host.label())
}

/// The error for a thread or a process that the operating system refuses, of the kind
/// `QuotaExceeded`: with `what` was refused, the cause and the remedy.
///
/// The error of the operating system itself is `WouldBlock`, which tells nobody that a limit was
/// reached.
///
/// ```
/// use quadrivium_core::host::refused;
/// use std::io::{Error, ErrorKind};
///
/// let error = refused("a thread for files", &Error::from(ErrorKind::WouldBlock));
/// assert_eq!(error.kind(), ErrorKind::QuotaExceeded);
/// assert!(error.to_string().starts_with("the operating system refuses a thread for files: "));
/// ```
pub fn refused(what: &str, error: &io::Error) -> io::Error {
    let remedy = "raise the limit of threads and processes (`ulimit -u`, or `pids.max` of the control \
                  group), or run fewer of them";
    let message = format!("the operating system refuses {what}: {error}: {remedy}");
    io::Error::new(io::ErrorKind::QuotaExceeded, message)
}

/// The [reactor](Host::reactor) of the host that drives this thread.
///
/// # Errors
///
/// When that host has none.
///
/// # Panics
///
/// When no host drives this thread.
pub fn reactor() -> io::Result<Arc<dyn Reactor>> {
    require(&current()).reactor()
}

pub(crate) fn now() -> Instant {
    require(&current()).now()
}

pub(crate) fn block_for(duration: Duration) {
    require(&current()).block_for(duration);
}

pub(crate) fn local_waker(waker: &Waker) -> Waker {
    // Nothing is borrowed here: another executor's waker runs user code when it is cloned.
    match current() {
        Some(host) => host.local_waker(waker),
        None => waker.clone(),
    }
}

pub(crate) fn require(current: &Option<Rc<dyn Host>>) -> &Rc<dyn Host> {
    current.as_ref().expect(
        "no host drives this thread: run the task with EventLoop::block_on or spawn it on a loop",
    )
}
