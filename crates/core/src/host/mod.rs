//! The [`Host`] trait: a host drives tasks, and tasks ask it for the time and to take new tasks.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    fmt, io,
    mem::ManuallyDrop,
    os::fd::BorrowedFd,
    panic::Location,
    ptr,
    rc::Rc,
    sync::Arc,
    task::{RawWakerVTable, Waker},
    time::{Duration, Instant},
};

use crate::{
    Canceller, Context, Hold, JoinError, LocalWaker, Readiness, SendHold,
    inspect::{self, Note},
    task_values::visible,
};

mod hosted;
mod label;
mod observer;
mod wrapper;
mod refused;
mod rotation;
pub(crate) mod part_set;
pub(crate) mod part_wakers;

// `NESTED` is the number of calls of `run_destructors` that may be nested. `refused` makes the
// error for a thread or a process that the operating system refuses.
pub use crate::destructors::{NESTED, are_destructors_running, contain, run_destructors};
pub(crate) use hosted::hosted_in;
pub use hosted::{Hosted, HostedTask, Joined, hosted};
pub use label::{Label, TaskId};
pub use observer::{
    ObservedStep, Observer, Observing, is_observed, observe, observe_all_threads, observed_step,
};
pub use part_wakers::{PartWakers, WokenParts};
pub use refused::refused;
pub use rotation::Rotation;
pub use wrapper::Wrapper;

/// Drives tasks. An event loop is a host, and so are other schedulers and executors.
///
/// A host resumes its tasks and acts on the [`Wait`](crate::Wait)s that they return. It is
/// *entered* while it resumes a task: [`enter`] makes it the host that drives this thread, so that
/// the code inside can reach it. Before each resume it calls
/// [`fairness::begin_step`](crate::fairness::begin_step).
///
/// Users of Quadrivium never call these methods. [`spawn`](crate::spawn), [`sleep`](crate::sleep)
/// and the styles are built on them. The requests of a [`JoinHandle`](crate::JoinHandle) go to
/// [`SpawnedTasks`].
///
/// To change one thing about another host, implement [`Wrapper`].
pub trait Host {
    /// Returns the time on the host's clock.
    fn now(&self) -> Instant;

    /// Returns whether the host's clock has reached `deadline`. A host that has read its clock
    /// after `deadline` need not read it again. By default this reads the clock.
    fn has_come(&self, deadline: Instant) -> bool {
        deadline <= self.now()
    }

    /// Lets `duration` pass on the host's clock. No task runs meanwhile.
    fn block_for(&self, duration: Duration);

    /// Returns the label of the task that is being resumed, or whose destructors are running, if
    /// there is one.
    ///
    /// A signal handler may call this, to name the task whose stack has overflowed. So it does not
    /// allocate, lock or panic. If the host is in the middle of a change, it returns `None`.
    fn label(&self) -> Option<Label>;

    /// Takes a new task and returns its key, for the methods of [`tasks`](Host::tasks). The task is
    /// not resumed during this call, but when the host next goes through its ready tasks.
    fn spawn(
        &self,
        body: HostedTask,
        name: Option<&str>,
        spawned_at: &'static Location<'static>,
    ) -> TaskKey;

    /// Returns a task that was joined, without its output. A new task of the same type reuses its
    /// allocation. By default there is none.
    fn empty_cell(&self) -> Option<HostedTask> {
        None
    }

    /// Returns the tasks that this host has taken.
    ///
    /// # Panics
    ///
    /// By default, because a host that takes no task has none.
    fn tasks(self: Rc<Self>) -> Rc<dyn SpawnedTasks> {
        panic!("a host that takes tasks must implement Host::tasks")
    }

    /// Returns the reactor: the part of the host that wakes tasks when a descriptor is ready.
    ///
    /// # Errors
    ///
    /// When the host has none. This is the default.
    fn reactor(&self) -> io::Result<Arc<dyn Reactor>> {
        let message = "this host has no reactor: a task that uses sockets must be spawned on an \
                       EventLoop";
        Err(io::Error::new(io::ErrorKind::Unsupported, message))
    }

    /// Keeps a virtual clock from jumping while the [`Hold`] exists. A host with a real clock has
    /// nothing to do.
    fn hold(&self) -> Hold {
        Hold::default()
    }

    /// Like [`hold`](Host::hold), but the guard may move to another thread. While it exists, the
    /// host reports no deadlock.
    fn send_hold(&self) -> SendHold {
        SendHold::default()
    }

    /// Returns a copy of `waker` for a [`LocalWaker`], which never leaves this thread. The host
    /// need not count this copy among the wakers that other threads may use (see
    /// [`Context::local_waker`]). By default, this is a plain clone, unless the waker is one of
    /// [`own_wakers`](Host::own_wakers).
    fn local_waker(&self, waker: &Waker) -> Waker {
        match self.own_wakers() {
            Some(own) if own.contain(waker) => (own.copy)(waker),
            Some(_) | None => waker.clone(),
        }
    }

    /// Describes the wakers that this host makes itself, if their copies run no user code. While
    /// the host is entered, leaves copy such wakers without a call of
    /// [`local_waker`](Host::local_waker).
    fn own_wakers(&self) -> Option<OwnWakers> {
        None
    }

    /// Returns which part of a [`select`](crate::select) of `n` parts is resumed first. It is less
    /// than `n`, which is at least 1.
    ///
    /// By default, it comes from a [`Rotation`] of the thread. A host whose runs can be repeated
    /// has a rotation of its own.
    fn first_part(&self, n: usize) -> usize {
        rotation::first_on_this_thread(n)
    }

    /// Returns wakers for the parts of a combinator, such as [`join_all`](crate::join_all). When
    /// one of them is woken, it calls [`WokenParts::wake`].
    ///
    /// By default there are none. The combinator then makes them, with an allocation for each part.
    fn part_wakers(&self, woken: &Arc<WokenParts>) -> Option<Box<dyn PartWakers>> {
        _ = woken;
        None
    }
}

/// The wakers that a host makes itself. See [`Host::own_wakers`].
#[derive(Clone, Copy, Debug)]
pub struct OwnWakers {
    /// All wakers with one of these tables are the host's own: the wakers of tasks, and the wakers
    /// of parts of combinators. A host with one table names it twice.
    pub vtables: [&'static RawWakerVTable; 2],
    /// Returns a copy of a waker with such a table, for a [`LocalWaker`]. It may be called while
    /// the state of a channel is borrowed, so it runs no user code.
    pub copy: fn(&Waker) -> Waker,
}

impl OwnWakers {
    #[inline]
    fn contain(&self, waker: &Waker) -> bool {
        self.vtables.into_iter().any(|vtable| ptr::eq(vtable, waker.vtable()))
    }
}

/// The tasks that a host has taken, found by their keys. A [`JoinHandle`](crate::JoinHandle) calls
/// these methods. A host that refuses every [`spawn`](Host::spawn) with a panic need not implement
/// this trait.
///
/// When [`join`](SpawnedTasks::join) has returned the result of a task, the host forgets the task,
/// and the handle makes no further calls. A handle that is dropped before calls
/// [`detach`](SpawnedTasks::detach) once. Then the host forgets the task as soon as it has ended. A
/// task that is forgotten counts as finished, and cannot be joined.
pub trait SpawnedTasks {
    /// Takes the result of a task that has ended, and forgets the task. Moves its output into
    /// `output`, which is an `Option` of the output's type. Returns the id of the task, and whether
    /// it has an output. Returns `None` if the task has not ended. In that case the calling task is
    /// woken when the other task ends, and the host [notes](crate::inspect::note) that it waits.
    fn join(
        &self,
        key: TaskKey,
        cx: &Context<'_>,
        output: &mut dyn Any,
    ) -> Option<(TaskId, Result<(), JoinError>)>;

    /// Returns whether a task has ended.
    fn is_finished(&self, key: TaskKey) -> bool;

    /// Drops a task. A suspended task is dropped at once, a running task at its next suspension.
    /// While the destructors run, the task's host is [entered](enter), wherever the call comes
    /// from.
    fn cancel(&self, key: TaskKey);

    /// Returns a handle that cancels a task from any thread.
    fn canceller(&self, key: TaskKey) -> Canceller;

    /// Returns the id of a task that is not forgotten. Labels and traces show it.
    fn id(&self, key: TaskKey) -> TaskId;

    /// Returns what a suspended task waits for, if the host keeps that. By default it is not known.
    fn note(&self, key: TaskKey) -> Option<Note> {
        _ = key;
        None
    }

    /// Notes that this task will not be joined. Its output is dropped while the task's host is
    /// [entered](enter).
    fn detach(&self, key: TaskKey);
}

/// The key under which a host finds one of its own tasks. It has no meaning outside that host. Its
/// two topmost bits are zero, because a [`JoinHandle`](crate::JoinHandle) uses these bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskKey(pub u64);

/// The part of a host that turns the operating system's reports about descriptors into wakes.
///
/// Any thread may call its methods, because a socket may move to another thread and be dropped
/// there.
pub trait Reactor: Send + Sync {
    /// Starts to report to `readiness` that the descriptor may have become ready. If the descriptor
    /// is ready already, that is reported too.
    ///
    /// # Errors
    ///
    /// When the operating system refuses the descriptor, as it does for regular files, and when the
    /// host is gone.
    fn register(&self, fd: BorrowedFd<'_>, readiness: &Arc<Readiness>)
    -> io::Result<DescriptorKey>;

    /// Stops the reports. Call this before the descriptor is closed, because the kernel may reuse
    /// its number at once. The call is harmless if the host is gone.
    fn deregister(&self, fd: BorrowedFd<'_>, key: DescriptorKey);
}

/// The key under which a [`Reactor`] finds one of its own descriptors. It has no meaning outside
/// that reactor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DescriptorKey(pub u64);

thread_local! {
    /// [`Entered`] drops the reference. Without a destructor of its own, the thread-local is found
    /// in one load. It also exists until the thread has ended, because a loop in another
    /// thread-local may be dropped late.
    static CURRENT: RefCell<ManuallyDrop<Option<Rc<dyn Host>>>> =
        const { RefCell::new(ManuallyDrop::new(None)) };
    /// The [`Host::own_wakers`] of `CURRENT`. A leaf that waits finds them here without a call.
    static OWN_WAKERS: Cell<Option<OwnWakers>> = const { Cell::new(None) };
}

/// Makes `host` the host that drives this thread, until the guard is dropped.
///
/// ```
/// use quadrivium_core::host;
/// assert!(host::current().is_none());
/// ```
pub fn enter(host: Rc<dyn Host>) -> Entered {
    observer::begin_on_this_thread();
    let own_wakers = OWN_WAKERS.replace(host.own_wakers());
    let outer = CURRENT.replace(ManuallyDrop::new(Some(host)));
    Entered { outer: ManuallyDrop::into_inner(outer), own_wakers, values: visible::hide() }
}

/// A guard that makes a host drive this thread while it exists. Made by [`enter`].
#[must_use = "the host stops driving this thread when this is dropped"]
pub struct Entered {
    outer: Option<Rc<dyn Host>>,
    /// The wakers of the outer host.
    own_wakers: Option<OwnWakers>,
    /// The values of the task outside the host. The tasks of the host do not see them.
    values: visible::Hidden,
}

impl Drop for Entered {
    fn drop(&mut self) {
        visible::restore(&self.values);
        OWN_WAKERS.set(self.own_wakers);
        let inner = CURRENT.replace(ManuallyDrop::new(self.outer.take()));
        drop(ManuallyDrop::into_inner(inner));
    }
}

impl fmt::Debug for Entered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entered").finish_non_exhaustive()
    }
}

/// Returns the host that drives this thread, if there is one.
#[inline]
pub fn current() -> Option<Rc<dyn Host>> {
    CURRENT.with_borrow(|current| Option::clone(current))
}

/// Returns the label of the task that is being resumed on this thread, or whose destructors are
/// running, if there is one. In a destructor that a cancel runs, this is the cancelled task, and
/// not the task that called `cancel`.
pub fn label() -> Option<Label> {
    current().and_then(|host| host.label())
}

/// Returns the [reactor](Host::reactor) of the host that drives this thread.
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

/// Returns which of `n` parts is resumed first. See [`Host::first_part`].
pub(crate) fn first_part(n: usize) -> usize {
    current().map_or_else(|| rotation::first_on_this_thread(n), |host| host.first_part(n))
}

pub(crate) fn block_for(duration: Duration) {
    expect_current().block_for(duration);
}

/// The requests that a task makes to its host through its context.
impl Context<'_> {
    /// Returns a copy of the task's waker that cannot leave this thread.
    ///
    /// This lets a host find deadlocks. If only local wakers of a task exist, only code on this
    /// thread can wake it, such as another task. If no task on this thread can run, the deadlock is
    /// certain, and the host reports it.
    pub fn local_waker(&self) -> LocalWaker {
        inspect::count_local_waker();
        self.copy_own_waker().unwrap_or_else(|| self.copy_foreign_waker())
    }

    /// Returns a copy of the task's waker, if that is one of the [`OwnWakers`] of the host that
    /// drives this thread. This runs no user code.
    #[inline]
    pub(crate) fn copy_own_waker(&self) -> Option<LocalWaker> {
        let own = OWN_WAKERS.get().filter(|own| own.contain(self.waker()))?;
        Some(LocalWaker::new((own.copy)(self.waker())))
    }

    /// Nothing may be borrowed here: another executor's waker runs user code when it is cloned.
    #[cold]
    fn copy_foreign_waker(&self) -> LocalWaker {
        LocalWaker::new(match current() {
            Some(host) => host.local_waker(self.waker()),
            None => self.waker().clone(),
        })
    }

    /// Returns the time on the host's clock.
    ///
    /// # Panics
    ///
    /// When no host drives this thread: see [`enter`].
    pub fn now(&self) -> Instant {
        expect_current().now()
    }

    /// Returns whether the host's clock has reached `deadline`. After a deadline has fired, this is
    /// cheaper than [`now`](Context::now).
    ///
    /// # Panics
    ///
    /// When no host drives this thread: see [`enter`].
    pub fn has_come(&self, deadline: Instant) -> bool {
        expect_current().has_come(deadline)
    }
}

/// Returns the host that drives this thread.
///
/// # Panics
///
/// When no host drives this thread.
#[inline]
pub(crate) fn expect_current() -> Rc<dyn Host> {
    current().expect(
        "no host drives this thread: run the task with EventLoop::block_on or spawn it on a loop",
    )
}
