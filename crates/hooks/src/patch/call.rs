//! [`PatchedCall`]: a call of a patched green thread. It waits for the loop in place of the system.

use std::{
    cell::{Cell, RefCell},
    ffi::c_int,
    io,
    os::fd::OwnedFd,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Mutex, Once, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use quadrivium_core::{
    Context, Interest, Step, Task, fairness, host, now, sleep, timeout_at, turn,
};
use quadrivium_green::{NotPerformed, may_suspend, perform_without_unwinding, return_cancelled};
use quadrivium_io::{ready_owned, thread::offload_checked};

use super::{callbacks, parker};
use crate::{
    system,
    watch_flag::{self, Unwatched},
};

/// A call is tried again after this time, if no event will report that it can go on.
const RETRY_DELAY: Duration = Duration::from_millis(1);

/// The number of calls of a green thread that return early after its cancel. The last one leaks the
/// stack.
const RETURNS_AFTER_CANCEL: u32 = 100;

thread_local! {
    /// Whether this thread runs a step of a task whose green threads are patched.
    static IS_PATCHED: Cell<bool> = const { Cell::new(false) };
    /// Whether a hook carries out a patched call, and does not wait at the moment. The calls that
    /// it makes itself fall through.
    static IN_HOOK: Cell<bool> = const { Cell::new(false) };
    /// The signals that this thread blocks outside of signal handlers.
    static SIGNAL_MASK: Cell<Option<u64>> = const { Cell::new(None) };
    static COUNTS: Cell<PatchCounts> = const { Cell::new(PatchCounts { calls: 0, offloads: 0 }) };
    /// Whether [`tell`] is silent, because the list tests itself.
    static IS_SILENT: Cell<bool> = const { Cell::new(false) };
}

/// The numbers of patched calls on this OS thread, and of those that ran on another one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PatchCounts {
    pub(crate) calls: u64,
    pub(crate) offloads: u64,
}

/// Returns the numbers of patched calls since this OS thread was started.
pub(crate) fn counts() -> PatchCounts {
    COUNTS.get()
}

/// Lets calls block without a message, or no longer.
pub(crate) fn be_silent(is_silent: bool) {
    IS_SILENT.set(is_silent);
}

/// Whether a green thread was ever patched. From then on every hook in the process looks at its
/// call: a thread that frees a lock must wake the green threads that wait for it.
static IS_ON: AtomicBool = AtomicBool::new(false);

/// Returns whether the hooks have to look at each call.
#[inline]
pub(crate) fn is_on() -> bool {
    IS_ON.load(Ordering::Relaxed)
}

/// Whether all green threads of the program are patched.
static ALL: AtomicBool = AtomicBool::new(false);

/// Patches all green threads of the program.
pub(super) fn patch_everywhere() {
    be_ready();
    ALL.store(true, Ordering::Relaxed);
}

/// Prepares the process, before the first green thread is patched.
fn be_ready() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| IS_ON.store(true, Ordering::SeqCst));
}

/// A guard: while it exists, this thread runs a step whose green threads are patched.
pub(crate) struct PatchedStep {
    was_patched: bool,
}

impl PatchedStep {
    pub(crate) fn begin() -> Self {
        if !is_on() {
            be_ready();
        }
        parker::learn();
        SIGNAL_MASK.set(Some(system::signal_mask()));
        Self { was_patched: IS_PATCHED.replace(true) }
    }
}

impl Drop for PatchedStep {
    fn drop(&mut self) {
        IS_PATCHED.set(self.was_patched);
    }
}

/// The way in which a patched call ends without a result of the real function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfinished {
    /// It fails with this `errno`.
    Fails(c_int),
    /// The green thread is cancelled.
    Cancelled,
    /// The green thread is cancelled, and the call has no way to return an error.
    LeaveForGood,
    /// The green thread cannot be suspended here, so the real call runs.
    Real,
}

impl From<NotPerformed> for Unfinished {
    fn from(reason: NotPerformed) -> Self {
        match reason {
            NotPerformed::Cancelled => Self::Cancelled,
            NotPerformed::NoBody | NotPerformed::Unwinding | NotPerformed::OtherStack => Self::Real,
        }
    }
}

/// Whether a call may suspend the green thread that makes it.
enum CallPlace {
    Body,
    CancelledBody,
    Elsewhere,
}

fn place() -> CallPlace {
    if IN_HOOK.get() || !(IS_PATCHED.get() || ALL.load(Ordering::Relaxed)) {
        return CallPlace::Elsewhere;
    }
    match may_suspend() {
        // A destructor of another task that this one cancels runs on this stack.
        Ok(()) if host::are_destructors_running() || host::current().is_none() => {
            CallPlace::Elsewhere
        }
        Ok(()) if callbacks::is_in_callback() || is_in_signal_handler() => CallPlace::Elsewhere,
        Ok(()) => CallPlace::Body,
        Err(NotPerformed::Cancelled) => CallPlace::CancelledBody,
        Err(_) => CallPlace::Elsewhere,
    }
}

/// Returns whether this thread is in a signal handler, or has changed its signal mask in this step.
/// The kernel blocks a signal while its handler runs.
fn is_in_signal_handler() -> bool {
    let mask = system::signal_mask();
    SIGNAL_MASK.get().or_else(|| SIGNAL_MASK.replace(Some(mask))).is_some_and(|it| it != mask)
}

/// Results of C functions.
pub(super) trait CResult: Copy {
    /// The result that says: it failed, see `errno`.
    const FAILED: Self;
}

impl CResult for c_int {
    const FAILED: Self = -1;
}

impl CResult for isize {
    const FAILED: Self = -1;
}

/// Carries out a call, if it may suspend the green thread. Returns `None` if the real call is to
/// run. `errno` is the same as after a real call.
pub(super) fn patched<R: CResult>(
    run: impl FnOnce(&PatchedCall) -> Result<R, Unfinished>,
) -> Option<R> {
    patched_or(R::FAILED, run)
}

/// Like [`patched`], for a call that returns `failed` when it fails, and after a cancel.
pub(super) fn patched_or<R: Copy>(
    failed: R,
    run: impl FnOnce(&PatchedCall) -> Result<R, Unfinished>,
) -> Option<R> {
    let errno = system::errno();
    let result = match place() {
        CallPlace::Body => PatchedCall::carry_out(run),
        CallPlace::CancelledBody => Err(Unfinished::Cancelled),
        CallPlace::Elsewhere => return None,
    };
    match result {
        Ok(returned) => {
            system::restore_errno(errno);
            Some(returned)
        }
        Err(Unfinished::Fails(errno)) => {
            system::restore_errno(errno);
            Some(failed)
        }
        Err(Unfinished::LeaveForGood) => {
            return_cancelled(1);
            None
        }
        Err(Unfinished::Cancelled) => {
            return_cancelled(RETURNS_AFTER_CANCEL);
            system::restore_errno(libc::ECANCELED);
            Some(failed)
        }
        Err(Unfinished::Real) => {
            system::restore_errno(errno);
            None
        }
    }
}

/// A call that is being carried out.
pub(super) struct PatchedCall {
    unwatched: RefCell<Option<Unwatched>>,
}

impl PatchedCall {
    fn carry_out<R>(run: impl FnOnce(&Self) -> Result<R, Unfinished>) -> Result<R, Unfinished> {
        let call = Self { unwatched: RefCell::new(None) };
        call.begin();
        COUNTS.with(|counts| counts.update(|it| PatchCounts { calls: it.calls + 1, ..it }));
        let result = catch_unwind(AssertUnwindSafe(|| run(&call)));
        call.end();
        result.unwrap_or_else(|payload| {
            std::mem::forget(payload);
            eprintln!(
                "quadrivium-hooks: a leaf panicked in a patched call, so the call blocks its OS \
                 thread; the message of the panic says why"
            );
            Err(Unfinished::Real)
        })
    }

    /// Returns whether the code runs in the body of a patched green thread.
    pub(super) fn may_be_patched() -> bool {
        !matches!(place(), CallPlace::Elsewhere)
    }

    /// Returns whether the code runs in the body of a patched green thread that is cancelled.
    pub(super) fn is_cancelled() -> bool {
        matches!(place(), CallPlace::CancelledBody)
    }

    fn begin(&self) {
        IN_HOOK.set(true);
        *self.unwatched.borrow_mut() = Some(watch_flag::suspend_watch());
    }

    fn end(&self) {
        drop(self.unwatched.take());
        IN_HOOK.set(false);
    }

    /// Performs a task. Meanwhile other tasks run on this OS thread.
    pub(super) fn perform<T: Task>(&self, task: T) -> Result<T::Output, Unfinished> {
        self.end();
        let output = perform_without_unwinding(UnwatchedLeaf { task });
        self.begin();
        output.map_err(Unfinished::from)
    }

    /// Lets the other tasks run, if this one has made many calls that did not have to wait.
    pub(super) fn give_way(&self) -> Result<(), Unfinished> {
        if fairness::gives_way(false) {
            self.perform(turn())?;
        }
        _ = fairness::done(());
        Ok(())
    }

    pub(super) fn sleep(&self, duration: Duration) -> Result<(), Unfinished> {
        self.perform(sleep(duration))
    }

    /// Makes a call on another OS thread. If the green thread is cancelled meanwhile, the call runs
    /// to its end, and its output is dropped there. So it must own all that it uses.
    pub(super) fn offload<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unfinished> {
        COUNTS.with(|counts| counts.update(|it| PatchCounts { offloads: it.offloads + 1, ..it }));
        let output = self.perform(offload_checked(|started| started.map(|()| work())))?;
        // The operating system refuses a thread, so this thread makes the call.
        output.map_err(|_| Unfinished::Real)
    }

    /// Lets the other ready tasks run.
    pub(super) fn turn(&self) -> Result<(), Unfinished> {
        self.perform(turn())
    }

    /// Returns the time in so long. `None` means that it never comes.
    pub(super) fn deadline(&self, limit: Option<Duration>) -> Option<Instant> {
        limit.and_then(|limit| now().checked_add(limit))
    }

    /// Waits for a moment, for something that the kernel reports no event for. Fails with `errno`
    /// after the deadline.
    pub(super) fn retry_later(
        &self,
        deadline: Option<Instant>,
        errno: c_int,
    ) -> Result<(), Unfinished> {
        self.sleep(RETRY_DELAY)?;
        match deadline.is_some_and(|deadline| deadline <= now()) {
            true => Err(Unfinished::Fails(errno)),
            false => Ok(()),
        }
    }

    /// Waits until a descriptor is ready, and returns it. Returns `None` if the deadline comes
    /// first.
    pub(super) fn ready(
        &self,
        own: OwnedFd,
        interest: Interest,
        deadline: Option<Instant>,
    ) -> Result<Option<OwnedFd>, Unfinished> {
        let ready = ready_owned(own, interest);
        let ready: io::Result<_> = match deadline {
            None => self.perform(ready)?,
            Some(deadline) => match self.perform(timeout_at(deadline, ready))? {
                Ok(ready) => ready,
                Err(_elapsed) => return Ok(None),
            },
        };
        // The host has no reactor, or the kernel has no events for this descriptor.
        ready.map(Some).map_err(|_| Unfinished::Real)
    }
}

/// A leaf, whose own calls are not watched: it may wait for a lock of this library for a moment.
struct UnwatchedLeaf<T> {
    task: T,
}

impl<T: Task> Task for UnwatchedLeaf<T> {
    type Output = T::Output;

    fn resume(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<T::Output> {
        let _unwatched = watch_flag::suspend_watch();
        // SAFETY: The field is pinned as long as this value is, and has no other user.
        unsafe { self.map_unchecked_mut(|it| &mut it.task) }.resume(cx)
    }
}

/// Calls a function that suspends no green thread. A panic of the function ends here, because the
/// caller is a C function.
pub(super) fn without_suspension(function: impl FnOnce()) {
    let was_in_hook = IN_HOOK.replace(true);
    if let Err(payload) = catch_unwind(AssertUnwindSafe(function)) {
        // Its destructor could panic again. The message of the panic has been printed.
        std::mem::forget(payload);
    }
    IN_HOOK.set(was_in_hook);
}

/// Tells once why a function blocks the OS thread of a patched green thread.
#[cold]
pub(crate) fn tell(function: &'static str, reason: &str) {
    static TOLD: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    if IS_SILENT.get() || !matches!(place(), CallPlace::Body) {
        return;
    }
    let errno = system::errno();
    IN_HOOK.set(true);
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    if !told.contains(&function) {
        told.push(function);
        eprintln!(
            "quadrivium: {function} in a patched green thread blocks its OS thread: {reason}. This \
             is said once"
        );
    }
    drop(told);
    IN_HOOK.set(false);
    system::restore_errno(errno);
}
