//! The contenders that are built into this program: the bare limits and our four styles. The peers
//! are in a workspace of their own, in the folder `peers`.

use quadrivium_bench_protocol::Contender;

mod limits;
mod ours;

/// Returns the contenders, in the order of the tables' rows.
pub(crate) fn all() -> Vec<Contender> {
    [limits::all(), ours::all()].concat()
}
