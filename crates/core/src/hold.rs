//! [`Hold`]: virtual time stands still while something outside the loop is at work.

use std::{any::Any, fmt, marker::PhantomData, rc::Rc};

/// Virtual time stands still while this exists. Made by [`hold`](crate::hold).
///
/// It hides no deadlock: when no task is ready, nobody outside the loop has a waker and only
/// deadlines are left, which cannot come while time is held, the loop says so.
#[derive(Debug, Default)]
#[must_use = "time goes on when this is dropped"]
pub struct Hold {
    _held: SendHold,
    /// It stays on its thread. If it could go on elsewhere, no deadlock would be certain.
    _stays: PhantomData<Rc<()>>,
}

/// Virtual time stands still while this exists, on whatever thread. Made by
/// [`send_hold`](crate::send_hold).
///
/// While it does, no deadlock is certain: the loop waits for whoever has it.
#[derive(Default)]
#[must_use = "time goes on when this is dropped"]
pub struct SendHold {
    _share: Option<Box<dyn Any + Send + Sync>>,
}

impl Hold {
    /// For hosts: `share` is dropped with it.
    pub fn new(share: impl Any + Send + Sync) -> Self {
        Self { _held: SendHold::new(share), _stays: PhantomData }
    }
}

impl SendHold {
    /// For hosts: `share` is dropped with it.
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
    fn the_share_is_there_as_long() {
        let share = Arc::new(());
        let holds = (Hold::new(Arc::clone(&share)), SendHold::new(Arc::clone(&share)));
        assert_eq!(Arc::strong_count(&share), 3);
        drop(holds);
        assert_eq!(Arc::strong_count(&share), 1);
    }

    #[test]
    fn without_a_host_it_holds_nothing() {
        drop((crate::hold(), crate::send_hold()));
    }
}
