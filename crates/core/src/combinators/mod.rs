//! Combinators, which make one task of several tasks of any styles.
//!
//! * Of two tasks: [`join`], [`try_join`], [`race`]; of a task and a deadline: [`timeout`],
//!   [`timeout_at`]. They contain their parts in place. Each resume resumes both parts with the
//!   waker of the whole.
//! * Of any number of tasks of one type: [`join_all`], [`try_join_all`], [`race_all`], [`select`].
//!   In them, each part has a waker of its own, and only the parts that may go on are resumed (see
//!   `parts`).

// In reading order.
mod join;
mod try_join;
mod race;
mod timeout;
mod timeout_at;
mod parts;
mod join_all;
mod try_join_all;
mod select;
mod race_all;

pub use join::{Join, join};
pub use join_all::{JoinAll, join_all};
pub use race::{Either, Race, race};
pub use race_all::{RaceAll, race_all};
pub use select::{Select, Selected, select};
pub use timeout::{Elapsed, Timeout, timeout};
pub use timeout_at::{TimeoutAt, timeout_at};
pub use try_join::{TryJoin, try_join};
pub use try_join_all::{TryJoinAll, try_join_all};
