//! [`Hold`]: virtual time stands still while something outside the loop is at work.

use std::{cell::Cell, rc::Rc};

use crate::host;

/// Takes a hold of the clock of the host that drives this thread, until it is dropped.
///
/// A virtual clock jumps when no task is ready, as if all that is to happen happened on the loop.
/// Who waits for another thread or process holds it meanwhile, so that a timeout does not fire
/// before an answer that takes no virtual time at all: the loop then sleeps until it is woken.
/// Leaves that wait for work on other threads do so themselves.
///
/// On a real clock, and where no host drives this thread, it means nothing.
///
/// ```
/// let _hold = quadrivium_core::hold();
/// // Starts a thread, leaves it a waker, and waits for it.
/// ```
pub fn hold() -> Hold {
    host::current().map_or_else(Hold::default, |host| host.hold())
}

/// Virtual time stands still while this exists. Made by [`hold`].
///
/// It hides no deadlock: when no task is ready, nobody outside the loop has a waker and only
/// deadlines are left, which cannot come while time is held, the loop says so.
#[derive(Debug, Default)]
#[must_use = "time goes on when this is dropped"]
pub struct Hold {
    /// How many there are, if anybody counts. It stays on its thread, as the host does.
    count: Option<Rc<Cell<usize>>>,
}

impl Hold {
    /// One more that counts here, for hosts.
    pub fn counted(count: &Rc<Cell<usize>>) -> Self {
        count.set(count.get() + 1);
        Self { count: Some(Rc::clone(count)) }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some(count) = &self.count {
            count.set(count.get() - 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_while_it_exists() {
        let count = Rc::new(Cell::new(0));
        let (one, two) = (Hold::counted(&count), Hold::counted(&count));
        assert_eq!(count.get(), 2);
        drop(one);
        assert_eq!(count.get(), 1);
        drop(two);
        assert_eq!(count.get(), 0);
    }

    #[test]
    fn without_a_host_it_holds_nothing() {
        drop(hold());
    }
}
