//! Combinators, which make one task of several tasks of any styles: [`join`], [`race`],
//! [`timeout`].

mod join;
mod race;
mod timeout;

pub use join::{Join, JoinAll, join, join_all};
pub use race::{Either, Race, race};
pub use timeout::{Elapsed, Timeout, timeout};
