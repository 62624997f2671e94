//! [`Active`]: which loop runs on this thread.

use std::{cell::RefCell, rc::Rc};

use quadrivium_core::host::{self, Entered, Host};

use crate::{RunError, shared::Shared};

thread_local! {
    static ACTIVE: RefCell<Option<Rc<Shared>>> = const { RefCell::new(None) };
}

/// The span in which a loop runs on this thread.
pub(crate) struct Active {
    _entered: Entered,
}

impl Active {
    /// Makes `shared` the loop of this thread, unless there is one already.
    pub(crate) fn enter(shared: &Rc<Shared>) -> Result<Self, RunError> {
        ACTIVE.with_borrow_mut(|active| match active {
            Some(_) => Err(RunError::Nested),
            None => {
                *active = Some(Rc::clone(shared));
                let host: Rc<dyn Host> = Rc::clone(shared) as _;
                Ok(Self { _entered: host::enter(host) })
            }
        })
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        let left = ACTIVE.take();
        drop(left);
    }
}

/// Does something with the loop that runs on this thread, if that is the one with this index.
///
/// This is the whole fast path of a wake: no atomic, no lock.
#[inline]
pub(crate) fn with(index: u16, something: impl FnOnce(&Shared)) -> bool {
    let with = |active: &RefCell<Option<Rc<Shared>>>| match &*active.borrow() {
        Some(shared) if shared.index == index => {
            something(shared);
            true
        }
        Some(_) | None => false,
    };
    // While the thread's locals are being destroyed, every loop is a remote one.
    ACTIVE.try_with(with).unwrap_or(false)
}
