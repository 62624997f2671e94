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

use crate::{
    Canceller, Context, Hold, JoinError, LocalWaker, Readiness, SendHold, Step, Task, Wait,
};

mod label;
mod wrapper;
mod refused;

pub use crate::destructors::{NESTED, contain, run_destructors};
pub use label::{Label, TaskId};
pub use refused::refused;
pub use wrapper::Wrapper;

/// What drives tasks: an event loop, another scheduler, somebody else's executor.
///
/// A host resumes its tasks and acts on the [`Wait`]s they return. While it does so it is
/// [entered](enter), so that what runs inside can reach it; before each resume it calls
/// [`fairness::begin_step`](crate::fairness::begin_step). Users of Quadrivium never call these
/// methods; they are what [`spawn`](crate::spawn), [`sleep`](crate::sleep) and the styles are made
/// of. What a [`JoinHandle`](crate::JoinHandle) asks is in [`SpawnedTasks`].
///
/// A host that changes one thing of another host is a [`Wrapper`].
pub trait Host {
    /// The time on the host's clock.
    fn now(&self) -> Instant;

    /// Lets `duration` pass on the host's clock with nothing else running.
    fn block_for(&self, duration: Duration);

    /// The task that is being resumed, or whose destructors are running, if any.
    fn label(&self) -> Option<Label>;

    /// Takes a new task, which starts in a later turn.
    fn spawn(
        self: Rc<Self>,
        body: HostedTask,
        name: Option<&str>,
        spawned_at: &'static Location<'static>,
    ) -> Spawned;

    /// What tells this host's tasks that a descriptor is ready.
    ///
    /// # Errors
    ///
    /// When the host has none, which is what it says unless it is told otherwise.
    fn reactor(&self) -> io::Result<Arc<dyn Reactor>> {
        let remedy = "this host has no reactor: spawn tasks that use sockets on an EventLoop";
        Err(io::Error::new(io::ErrorKind::Unsupported, remedy))
    }

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
}

/// The tasks that a host has taken, found by their keys: what a [`JoinHandle`](crate::JoinHandle)
/// asks of the host. A host whose [`spawn`](Host::spawn) never returns has none.
pub trait SpawnedTasks {
    /// The output of a task, once it has one; until then, the asking task is woken when it does.
    fn join(&self, key: TaskKey, cx: &Context<'_>) -> Option<Joined>;

    /// Whether a task has ended.
    fn is_finished(&self, key: TaskKey) -> bool;

    /// Drops a task where it is suspended; one that is running, at its next suspension. While its
    /// destructors run, its host is [entered](enter), wherever the call comes from.
    fn cancel(&self, key: TaskKey);

    /// The same, for any thread.
    fn canceller(&self, key: TaskKey) -> Canceller;

    /// Nobody will join this task. Its output, if it has one, is dropped with its host
    /// [entered](enter).
    fn detach(&self, key: TaskKey);
}

/// What [`Host::spawn`] returns: a task among those that its host has taken.
#[derive(Clone)]
pub struct Spawned {
    /// Where it is.
    pub tasks: Rc<dyn SpawnedTasks>,
    /// How to find it there.
    pub key: TaskKey,
    /// Its number.
    pub id: TaskId,
}

impl fmt::Debug for Spawned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spawned").field("id", &self.id).finish_non_exhaustive()
    }
}

/// How a host finds a task of its own. It means nothing to anyone else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskKey(pub u64);

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
    fn register(&self, fd: BorrowedFd<'_>, readiness: &Arc<Readiness>)
    -> io::Result<DescriptorKey>;

    /// Tells no more. Called before the descriptor is closed, as its number may be used again at
    /// once. Harmless when the host is gone.
    fn deregister(&self, fd: BorrowedFd<'_>, key: DescriptorKey);
}

/// How a [`Reactor`] finds a descriptor of its own. It means nothing to anyone else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DescriptorKey(pub u64);

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
/// there is one. In a destructor that a cancel runs it is the cancelled task, not the one that
/// cancels.
pub fn label() -> Option<Label> {
    current().and_then(|host| host.label())
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
    expect_current().reactor()
}

pub(crate) fn now() -> Instant {
    expect_current().now()
}

pub(crate) fn block_for(duration: Duration) {
    expect_current().block_for(duration);
}

/// What a task asks of the host with its context.
impl Context<'_> {
    /// The task's waker for someone who stays on this thread.
    ///
    /// The difference is what the host knows: while only local wakers are about, a task can be
    /// woken by other tasks alone, and when none of them can run, that is a certain deadlock and is
    /// reported as one.
    pub fn local_waker(&self) -> LocalWaker {
        // Nothing is borrowed here: another executor's waker runs user code when it is cloned.
        LocalWaker::new(match current() {
            Some(host) => host.local_waker(self.waker()),
            None => self.waker().clone(),
        })
    }

    /// The time on the host's clock.
    ///
    /// # Panics
    ///
    /// When no host drives this thread: see [`enter`].
    pub fn now(&self) -> Instant {
        expect_current().now()
    }
}

/// The host that drives this thread.
///
/// # Panics
///
/// When there is none.
pub(crate) fn expect_current() -> Rc<dyn Host> {
    current().expect(
        "no host drives this thread: run the task with EventLoop::block_on or spawn it on a loop",
    )
}
