//! The step that is watched on this thread, and what a hook does in it.
//!
//! ```text
//!   begin ─► IS_WATCHED ── a hook is called ──► not watched: the real call runs ─┐
//!               ▲                                                                │
//!               └────────────────────────────────────────────────────────────────┘
//! ```
//!
//! While a hook runs, the thread is not watched. So calls inside the real function, inside the
//! hook itself, and in signal handlers that interrupt it fall through.

use std::{
    cell::{Cell, RefCell},
    mem::ManuallyDrop,
    rc::Rc,
    thread,
    time::Duration,
};

use crate::{hook::Hook, system, when::WaitsFor};

/// Is told of the calls in the steps of a task. It must not allocate or take a lock, because a
/// hook may be called by an allocator, and in a signal handler.
pub(crate) trait Inspector {
    /// A call is about to be carried out. `waits_for` is `None` if it cannot block now.
    fn before(&self, hook: &'static Hook, waits_for: Option<WaitsFor>);

    /// A call that could block has returned after this time.
    fn after(&self, hook: &'static Hook, waits_for: WaitsFor, took: Duration);
}

type InspectorOfStep = Option<ManuallyDrop<Rc<dyn Inspector>>>;

thread_local! {
    /// Whether this thread runs a step that is watched, and is not inside a hook. It has no
    /// destructor, so it can be read at any time: before `main`, at the end of a thread, and in a
    /// signal handler.
    static IS_WATCHED: Cell<bool> = const { Cell::new(false) };
    /// Whether the call that is carried out was made without the C library.
    static IS_DIRECT: Cell<bool> = const { Cell::new(false) };
    /// The inspector of the step. `StepGuard` drops the reference, so this needs no destructor
    /// either.
    static INSPECTOR: RefCell<InspectorOfStep> = const { RefCell::new(None) };
}

/// Returns whether a hook has to look at its call.
#[inline]
pub(crate) fn is_watched() -> bool {
    IS_WATCHED.get()
}

/// Returns the address of the flag of [`is_watched`]. The kernel reads it at each system call.
#[cfg(target_arch = "x86_64")]
pub(crate) fn watched_flag() -> *const bool {
    IS_WATCHED.with(|flag| flag.as_ptr().cast_const())
}

/// A guard: while it exists, this thread runs a step that is watched. Made by [`begin`].
pub(crate) struct StepGuard {
    outer: InspectorOfStep,
    was_watched: bool,
}

/// Begins a step. It may be inside a step of another task that is watched.
pub(crate) fn begin(inspector: &Rc<dyn Inspector>) -> StepGuard {
    // A signal handler must not find `INSPECTOR` borrowed.
    let was_watched = IS_WATCHED.replace(false);
    let outer = INSPECTOR.replace(Some(ManuallyDrop::new(Rc::clone(inspector))));
    IS_WATCHED.set(true);
    StepGuard { outer, was_watched }
}

impl Drop for StepGuard {
    fn drop(&mut self) {
        IS_WATCHED.set(false);
        let inspector = INSPECTOR.replace(self.outer.take());
        drop(inspector.map(ManuallyDrop::into_inner));
        IS_WATCHED.set(self.was_watched);
    }
}

/// A guard: while it exists, this thread is not watched.
pub(crate) struct Unwatched {
    was_watched: bool,
}

/// Lets all calls fall through while the guard exists.
pub(crate) fn suspend_watch() -> Unwatched {
    Unwatched { was_watched: IS_WATCHED.replace(false) }
}

impl Drop for Unwatched {
    fn drop(&mut self) {
        IS_WATCHED.set(self.was_watched);
    }
}

/// Ends the watch of the step that this thread is in. A forked process calls this.
pub(crate) fn forget() {
    IS_WATCHED.set(false);
}

/// Carries out a call in a step that is watched, and tells the inspector of it. `errno` is the same
/// as without the hook.
#[cold]
#[inline(never)]
pub(crate) fn call<R>(
    hook: &'static Hook,
    waits_for: impl FnOnce() -> Option<WaitsFor>,
    real: impl FnOnce() -> R,
) -> R {
    // The hook looks at the call only because green threads are patched.
    if !is_watched() {
        return real();
    }
    let _unwatched = suspend_watch();
    // The message of a panic, and the files that its backtrace needs.
    if thread::panicking() {
        return real();
    }
    let errno = system::errno();
    let inspector = INSPECTOR.with_borrow(|inspector| inspector.as_deref().map(Rc::clone));
    let waits_for = waits_for();
    if let Some(inspector) = &inspector {
        inspector.before(hook, waits_for);
    }
    system::restore_errno(errno);
    let (Some(inspector), Some(waits_for)) = (inspector, waits_for) else { return real() };
    let start = system::monotonic();
    let returned = real();
    let errno = system::errno();
    inspector.after(hook, waits_for, system::monotonic().saturating_sub(start));
    drop(inspector);
    system::restore_errno(errno);
    returned
}

/// Like [`call`], for a system call that was made without the C library. The caller is the handler
/// of a signal.
#[cfg(target_arch = "x86_64")]
pub(crate) fn direct_call<R>(
    hook: &'static Hook,
    waits_for: impl FnOnce() -> Option<WaitsFor>,
    real: impl FnOnce() -> R,
) -> R {
    IS_DIRECT.set(true);
    let returned = call(hook, waits_for, real);
    IS_DIRECT.set(false);
    returned
}

/// Returns whether the call that an inspector is told of was made without the C library.
pub(crate) fn is_direct() -> bool {
    IS_DIRECT.get()
}
