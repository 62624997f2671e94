//! [`ActiveLoop`]: which loop runs on this thread.

use std::{cell::RefCell, mem::ManuallyDrop, rc::Rc};

use quadrivium_core::{
    host::{self, Entered, Host},
    inspect::{self, Steps},
};

use crate::{error::RunError, turn::Loop};

thread_local! {
    /// `ActiveLoop` drops the reference. Without a destructor of its own, the thread-local is found
    /// in one load.
    static ACTIVE: RefCell<Option<ManuallyDrop<Rc<Loop>>>> = const { RefCell::new(None) };
}

/// While this guard exists, its loop runs on this thread.
pub(crate) struct ActiveLoop {
    _entered: Entered,
    _steps: Steps,
}

impl ActiveLoop {
    /// Makes this the loop that runs on this thread. Returns an error if a loop runs on it already.
    pub(crate) fn enter(event_loop: &Rc<Loop>) -> Result<Self, RunError> {
        ACTIVE.with_borrow_mut(|active| match active {
            Some(_) => Err(RunError::Nested),
            None => {
                *active = Some(ManuallyDrop::new(Rc::clone(event_loop)));
                Ok(())
            }
        })?;
        // Entering may make observers, which is code of users. So nothing is borrowed here.
        let host: Rc<dyn Host> = Rc::clone(event_loop) as _;
        Ok(Self { _entered: host::enter(host), _steps: inspect::steps() })
    }
}

impl Drop for ActiveLoop {
    fn drop(&mut self) {
        let left = ACTIVE.take();
        drop(left.map(ManuallyDrop::into_inner));
    }
}

/// Calls `something` with the loop that runs on this thread, if there is one.
pub(crate) fn with_any(something: impl FnOnce(&Loop)) {
    ACTIVE.with_borrow(|active| {
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
    // The compiler inlines an access to a thread-local only if it is short. So this takes a
    // reference and ends the borrow, instead of calling `something` under the borrow.
    let active = ACTIVE.with_borrow(|active| match active {
        Some(active) if active.index() == index => Some(Rc::clone(active)),
        Some(_) | None => None,
    });
    active.is_some_and(|active| {
        something(&active);
        true
    })
}
