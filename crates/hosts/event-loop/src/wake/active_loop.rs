//! [`ActiveLoop`]: which loop runs on this thread.

use std::{cell::RefCell, rc::Rc};

use quadrivium_core::host::{self, Entered, Host};

use crate::{error::RunError, turn::Loop};

thread_local! {
    static ACTIVE: RefCell<Option<Rc<Loop>>> = const { RefCell::new(None) };
}

/// While this guard exists, its loop runs on this thread.
pub(crate) struct ActiveLoop {
    _entered: Entered,
}

impl ActiveLoop {
    /// Makes this the loop that runs on this thread. Returns an error if a loop runs on it already.
    pub(crate) fn enter(event_loop: &Rc<Loop>) -> Result<Self, RunError> {
        ACTIVE.with_borrow_mut(|active| match active {
            Some(_) => Err(RunError::Nested),
            None => {
                *active = Some(Rc::clone(event_loop));
                let host: Rc<dyn Host> = Rc::clone(event_loop) as _;
                Ok(Self { _entered: host::enter(host) })
            }
        })
    }
}

impl Drop for ActiveLoop {
    fn drop(&mut self) {
        let left = ACTIVE.take();
        drop(left);
    }
}

/// Calls `something` with the loop that runs on this thread, if it has this index. Returns whether
/// it has.
///
/// This is the fast path of a wake. It needs no atomic operation and no lock.
#[inline]
pub(crate) fn with(index: u16, something: impl FnOnce(&Loop)) -> bool {
    let with = |active: &RefCell<Option<Rc<Loop>>>| match &*active.borrow() {
        Some(active) if active.index() == index => {
            something(active);
            true
        }
        Some(_) | None => false,
    };
    // While the thread-locals of this thread are being destroyed, no loop is found here.
    ACTIVE.try_with(with).unwrap_or(false)
}
