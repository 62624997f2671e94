//! [`Hold`] and [`SendHold`]: guards that keep a virtual clock from jumping.

use std::{any::Any, fmt, marker::PhantomData, rc::Rc};

/// A guard that keeps a virtual clock from jumping while it exists. Made by [`hold`](crate::hold).
///
/// It does not hide a deadlock. No deadline can come while time stands still. So if no task is
/// ready, and no waker of a task is outside the loop, the loop reports a deadlock.
#[derive(Debug, Default)]
#[must_use = "a virtual clock may jump again when this is dropped"]
pub struct Hold {
    _guard: SendHold,
    /// Makes the guard `!Send`. If it could move to another thread, that thread could end the hold,
    /// and no deadlock would be certain.
    _not_send: PhantomData<Rc<()>>,
}

/// A guard that keeps a virtual clock from jumping while it exists, on any thread. Made by
/// [`send_hold`](crate::send_hold).
///
/// While it exists, the loop reports no deadlock. It waits for the thread that has the guard.
#[derive(Default)]
#[must_use = "a virtual clock may jump again when this is dropped"]
pub struct SendHold {
    _share: Option<Box<dyn Any + Send + Sync>>,
}

impl Hold {
    /// Makes a guard that owns `share`, for example an `Arc` by which a host counts its guards.
    /// For hosts.
    pub fn new(share: impl Any + Send + Sync) -> Self {
        Self { _guard: SendHold::new(share), _not_send: PhantomData }
    }
}

impl SendHold {
    /// Makes a guard that owns `share`, for example an `Arc` by which a host counts its guards.
    /// For hosts.
    pub fn new(share: impl Any + Send + Sync) -> Self {
        Self { _share: Some(Box::new(share)) }
    }
}

impl fmt::Debug for SendHold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendHold").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_guard_owns_its_share_until_it_is_dropped() {
        let share = Arc::new(());
        let holds = (Hold::new(Arc::clone(&share)), SendHold::new(Arc::clone(&share)));
        assert_eq!(Arc::strong_count(&share), 3);
        drop(holds);
        assert_eq!(Arc::strong_count(&share), 1);
    }

    #[test]
    fn a_guard_without_a_host_has_no_effect() {
        drop((crate::hold(), crate::send_hold()));
    }
}
