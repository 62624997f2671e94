//! [`Leaf`]: the trait that the operations of this crate return to users.

use std::{fmt, future::IntoFuture};

use quadrivium_core::{Perform, Task};

/// A leaf whose output is `T`: a [`Task`] that composes no other task. Every style can perform it,
/// and the future style can also `.await` it directly.
///
/// A leaf that is dropped before it is done leaves no waker behind, and the socket can be used
/// again. The documentation of each operation states what it may have done by then.
///
/// The associated type `IntoFuture` is spelled out so that a future that awaits the leaf is `Send`
/// if the leaf is.
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
