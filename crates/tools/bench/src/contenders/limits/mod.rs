//! The bare limits: the mechanism of each style in a plain queue. A limit has no wakers, join
//! handles, timers or other threads. It is the lower limit of the cost.

use quadrivium_bench_protocol::Contender;

mod bare_queue;
mod stacks;
mod callback;
mod generator;
mod future;
mod green;

/// Returns the limits, in the order of the styles.
pub(super) fn all() -> Vec<Contender> {
    vec![callback::contender(), generator::contender(), future::contender(), green::contender()]
}
