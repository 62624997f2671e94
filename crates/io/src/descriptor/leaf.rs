//! [`Leaf`]: what the operations of this crate are to their users.

use std::{fmt, future::IntoFuture};

use quadrivium_core::{Perform, Task};

/// A leaf whose output is `T`: a [`Task`] for every style. The future style can `.await` it
/// directly.
///
/// Dropped before it is done, it leaves nothing behind, and the socket can be used again. What it
/// may have done by then, each operation says.
///
/// A future that awaits it is `Send` if the operation is: so its future is named.
#[must_use = "a task is lazy: perform it"]
pub trait Leaf<T>:
    Task<Output = T> + IntoFuture<Output = T, IntoFuture = Perform<Self>> + Unpin + fmt::Debug
where
    Self: Sized,
{
}

impl<T, L> Leaf<T> for L where
    L: Task<Output = T> + IntoFuture<Output = T, IntoFuture = Perform<L>> + Unpin + fmt::Debug
{
}
