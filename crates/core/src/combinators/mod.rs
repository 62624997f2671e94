//! Combinators, which make one task of several tasks of any styles: [`join`], [`race`],
//! [`timeout`], [`join_all`].

// In reading order.
mod join;
mod race;
mod timeout;
mod join_all;

pub use join::{Join, join};
pub use join_all::{JoinAll, join_all};
pub use race::{Either, Race, race};
pub use timeout::{Elapsed, Timeout, timeout};
