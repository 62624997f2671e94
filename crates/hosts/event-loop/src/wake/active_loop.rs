//! [`ActiveLoop`]: which loop runs on this thread.

use std::{cell::Cell, mem::ManuallyDrop, rc::Rc};

use quadrivium_core::{
    host::{self, Entered, Host},
    inspect::{self, InspectedSteps},
};

use crate::{error::RunError, turn::Loop};

thread_local! {
    /// `ActiveLoop` drops the reference. Without a destructor of its own, the thread-local is found
    /// in one load.
    static ACTIVE: Cell<Option<ManuallyDrop<Rc<Loop>>>> = const { Cell::new(None) };
}

/// While this guard exists, its loop runs on this thread.
pub(crate) struct ActiveLoop {
    _entered: Entered,
    _steps: InspectedSteps,
}

impl ActiveLoop {
    /// Makes this the loop that runs on this thread. Returns an error if a loop runs on it already.
    pub(crate) fn enter(event_loop: &Rc<Loop>) -> Result<Self, RunError> {
        if with_taken(|active| active.is_some()) {
            return Err(RunError::Nested);
        }
        event_loop.record.note_run(true);
        ACTIVE.set(Some(ManuallyDrop::new(Rc::clone(event_loop))));
        // Entering may make observers, which is code of users. So the loop is not taken here.
        let host: Rc<dyn Host> = Rc::clone(event_loop) as _;
        Ok(Self { _entered: host::enter(host), _steps: inspect::steps() })
    }
}

impl Drop for ActiveLoop {
    fn drop(&mut self) {
        let left = ACTIVE.take();
        if let Some(left) = left.map(ManuallyDrop::into_inner) {
            left.record.note_run(false);
        }
    }
}

/// Calls `something` with the loop that runs on this thread, if there is one.
pub(crate) fn with_any(something: impl FnOnce(&Loop)) {
    with_taken(|active| {
        if let Some(active) = active {
            something(active);
        }
    });
}

/// Calls `something` with the loop that runs on this thread, if it has this index. Returns whether
/// it has.
///
/// This is the fast path of a wake. It needs no atomic operation and no lock.
#[inline]
pub(crate) fn with(index: u16, something: impl FnOnce(&Loop)) -> bool {
    with_taken(|active| match active {
        Some(active) if active.index() == index => {
            something(active);
            true
        }
        Some(_) | None => false,
    })
}

/// Takes the loop out of `ACTIVE` during the call. That is cheaper than a borrow and a reference of
/// its own. If a wake came meanwhile, it would find no loop, and go through the mailbox.
#[inline]
fn with_taken<R>(something: impl FnOnce(Option<&Loop>) -> R) -> R {
    let taken = TakenLoop(ACTIVE.take());
    something(taken.0.as_deref().map(|active| &**active))
}

/// Puts the loop back, also when a panic unwinds.
struct TakenLoop(Option<ManuallyDrop<Rc<Loop>>>);

impl Drop for TakenLoop {
    #[inline]
    fn drop(&mut self) {
        ACTIVE.set(self.0.take());
    }
}
