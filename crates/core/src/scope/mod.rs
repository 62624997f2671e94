//! [`Scope`]: the span in which child tasks live. It ends when all of them have ended.
//!
//! ```text
//!   the parent ── owns ──► Scope ──► state ◄── ScopeHandle: children and others spawn and cancel
//!        │                             ▲
//!        │ performs join               │ report how they ended
//!        └──────── waits ───► child, child, child ...      (tasks of the host, spawned as usual)
//! ```
//!
//! A scope is made of public pieces: spawned tasks, their join handles, cancels, a semaphore and
//! deadlines. So it works in every style and on every host.

mod scope_handle;
mod scope_error;
mod state;
mod shared_scope;
mod child_builder;
mod child_task;
mod leaves;
mod keeper;
mod remote_cancel;
mod remote_child;

use std::{fmt, ops::Deref};

pub use child_builder::ChildBuilder;
pub use leaves::{Cancelled, JoinScope, NextValue, Room};
pub use remote_cancel::ScopeCanceller;
pub use scope_error::{CancelReason, CancelledChild, ChildError, ChildFailure, ScopeError};
pub use scope_handle::ScopeHandle;

use self::shared_scope::ScopeOwner;

/// The span in which child tasks live. It ends when all of them have ended.
///
/// A child is a task of any style whose output is a `Result<T, E>`. The host of the calling task
/// takes it, as with [`spawn`](crate::spawn). [`join`](Scope::join) waits until all children have
/// ended, and returns their values in the order in which they were spawned.
///
/// ```
/// use quadrivium::{prelude::*, scope::Scope};
/// use std::time::Duration;
///
/// let program = future(async {
///     let scope = Scope::new();
///     for n in [3, 1, 2] {
///         scope.spawn(future(async move {
///             sleep(Duration::from_secs(n)).await;
///             Ok::<_, String>(10 * n)
///         }));
///     }
///     scope.join().await
/// });
/// let values = EventLoop::with_virtual_clock()?.block_on(program)?;
/// assert_eq!(values.unwrap(), [30, 10, 20]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # How a scope ends early
///
/// * **An error or a panic** of a child cancels the other children. They are dropped, and their
///   destructors have run, before the task of the failed child suspends.
/// * **[`cancel`](ScopeHandle::cancel)** does the same with a reason of yours.
/// * **A [deadline](ScopeHandle::deadline_at)** does the same when it passes.
///
/// In each case, `join` returns a [`ScopeError`]: the reason, all errors, and for each cancelled
/// child what it waited for. Children that are [shielded](ChildBuilder::shielded) are not dropped,
/// but have a limited time to end. If one of two cancels comes first, its reason counts.
///
/// # No child outlives its scope
///
/// When `join` is done, all children have ended and their destructors have run. If the `Scope` or
/// the leaf made by `join` is dropped before, all children are cancelled at once, *also shielded
/// ones*, because a drop cannot wait. So a cancel of the parent cancels its children.
///
/// Two things remain for a child that is itself running when this happens: the child has dropped
/// its own scope. As with every cancel of a running task, it is dropped at its next suspension.
/// Since such a child may outlive the scope for a moment, and a scope can be forgotten
/// ([`mem::forget`](std::mem::forget)), children are `'static`. They cannot borrow from the parent.
/// To run tasks that borrow, make them parts of the parent's own task: with
/// [`try_join_all`](crate::try_join_all) or [`select`](crate::select).
///
/// ```compile_fail
/// # use quadrivium::{prelude::*, scope::Scope};
/// let program = green(|| {
///     let words = vec!["one".to_string()];
///     let scope = Scope::<(), String>::new();
///     scope.spawn(future(async { Ok(println!("{}", words[0])) })); // Borrows `words`.
///     quadrivium::green::perform(scope.join()).unwrap();
/// });
/// ```
///
/// `Scope` dereferences to its [`ScopeHandle`], which has most of the methods.
pub struct Scope<T, E> {
    handle: ScopeHandle<T, E>,
    owner: ScopeOwner<T, E>,
}

impl<T, E> Scope<T, E> {
    /// Makes a scope without children.
    #[track_caller]
    pub fn new() -> Self {
        let handle = ScopeHandle::new();
        Self { owner: ScopeOwner { scope: handle.shared.clone() }, handle }
    }

    /// Gives the scope a name, which reports show.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        self.handle.rename(name);
        self
    }

    /// Limits how many children run at once. The others wait, and start in the order in which they
    /// were spawned.
    ///
    /// # Panics
    ///
    /// When `n` is 0, because no child would ever start.
    #[must_use]
    #[track_caller]
    pub fn at_most(self, n: usize) -> Self {
        assert!(n > 0, "a scope with room for 0 children starts none: allow at least 1");
        self.handle.limit(n);
        self
    }

    /// Returns a handle, with which other tasks spawn children and cancel the scope.
    pub fn handle(&self) -> ScopeHandle<T, E> {
        self.handle.clone()
    }

    /// Waits until all children have ended, and returns their values in the order in which they
    /// were spawned. Values that [`next`](ScopeHandle::next) has returned are not among them.
    ///
    /// Then it cancels the children that were spawned in the
    /// [background](ChildBuilder::spawn_background), and waits for them too.
    ///
    /// If this leaf is dropped, all children are cancelled at once.
    ///
    /// # Errors
    ///
    /// When the scope was cancelled, for any reason. The values of children are dropped then; take
    /// them with `next` before, if you need them.
    #[track_caller]
    pub fn join(self) -> JoinScope<T, E> {
        JoinScope::new(self.owner)
    }
}

impl<T, E> Default for Scope<T, E> {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl<T, E> Deref for Scope<T, E> {
    type Target = ScopeHandle<T, E>;

    fn deref(&self) -> &ScopeHandle<T, E> {
        &self.handle
    }
}

impl<T, E> fmt::Debug for Scope<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Scope").field(&self.handle).finish()
    }
}
