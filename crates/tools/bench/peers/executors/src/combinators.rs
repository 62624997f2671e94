//! The combinators of the crate `futures`, on its `LocalPool`.

use std::future::Future;

use futures::{
    StreamExt,
    future::{join_all, select_all},
    stream::FuturesUnordered,
};
use quadrivium_peers_common::Combinators;

/// Pushes the parts into a `FuturesUnordered` and takes all outputs, or the first one.
pub(crate) struct Unordered;

impl Combinators for Unordered {
    fn all<F: Future<Output = ()>>(parts: impl Iterator<Item = F>) -> impl Future<Output = ()> {
        parts.collect::<FuturesUnordered<_>>().collect()
    }

    async fn each<F: Future<Output = ()> + Unpin>(parts: impl Iterator<Item = F>) {
        let mut parts: FuturesUnordered<_> = parts.collect();
        while let Some(()) = parts.next().await {}
    }

    async fn race<F: Future<Output = ()> + Unpin>(parts: impl Iterator<Item = F>) {
        let mut parts: FuturesUnordered<_> = parts.collect();
        parts.next().await.expect("there are parts");
    }
}

/// `join_all` and `select_all`.
pub(crate) struct Functions;

impl Combinators for Functions {
    async fn all<F: Future<Output = ()>>(parts: impl Iterator<Item = F>) {
        join_all(parts).await;
    }

    async fn each<F: Future<Output = ()> + Unpin>(_: impl Iterator<Item = F>) {
        panic!("each call of select_all polls all parts again");
    }

    async fn race<F: Future<Output = ()> + Unpin>(parts: impl Iterator<Item = F>) {
        select_all(parts).await;
    }
}
