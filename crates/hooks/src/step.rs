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

use crate::{hook::Hook, system, watch_flag, when::WaitsFor};

#[cfg(target_arch = "x86_64")]
pub(crate) use watch_flag::watched_flag;
pub(crate) use watch_flag::{forget, suspend_watch};

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
    /// Whether the call that is carried out was made without the C library.
    static IS_DIRECT: Cell<bool> = const { Cell::new(false) };
    /// The inspector of the step. `StepGuard` drops the reference, so this needs no destructor
    /// either.
    static INSPECTOR: RefCell<InspectorOfStep> = const { RefCell::new(None) };
}

/// A guard: while it exists, this thread runs a step that is watched. Made by [`begin`].
pub(crate) struct StepGuard {
    outer: InspectorOfStep,
    was_watched: bool,
}

/// Begins a step. It may be inside a step of another task that is watched.
pub(crate) fn begin(inspector: &Rc<dyn Inspector>) -> StepGuard {
    // A signal handler must not find `INSPECTOR` borrowed.
    let was_watched = watch_flag::set(false);
    let outer = INSPECTOR.replace(Some(ManuallyDrop::new(Rc::clone(inspector))));
    watch_flag::set(true);
    StepGuard { outer, was_watched }
}

impl Drop for StepGuard {
    fn drop(&mut self) {
        watch_flag::set(false);
        let inspector = INSPECTOR.replace(self.outer.take());
        drop(inspector.map(ManuallyDrop::into_inner));
        watch_flag::set(self.was_watched);
    }
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
