//! The seam: what a way of suspending must offer to be measured.

use std::{hint::black_box, time::Duration};

use serde::Serialize;

use crate::stopwatch::Counter;

/// One row of every table: a limit, one of our styles, or a peer.
///
/// To add one: a file in `contenders/`, a line in `contenders::all`. Each contender runs in a
/// process of its own, so it may install signal handlers, keep pools, or crash.
pub(crate) trait Contender {
    /// Says what stands in the tables, and what the row is compared with.
    fn profile(&self) -> Profile;

    /// Spawns one task per counter, in order, runs all to their end, and returns.
    ///
    /// Every task does `while counter.turn() { suspend, let the others run first }` and nothing
    /// else. All tasks are spawned before the first is resumed; the counters hold the clock, so
    /// building and dropping the tasks costs nothing here.
    fn turn(&self, counters: Vec<Counter>);

    /// Says how long `batches` times "spawn `tasks` tasks, then join them all in order" took.
    ///
    /// Every task returns [`bump`]`(0)` without suspending; the sum of what the joins return must
    /// be [`expect_joined`]. The event loop itself is built before the clock starts.
    fn spawn(&self, tasks: usize, batches: u64) -> Duration;

    /// Spawns `tasks` tasks, resumes each once, and returns.
    ///
    /// Every task bumps a counter of its own, which it keeps while suspended, calls
    /// [`memory::suspend_one`](crate::memory::suspend_one) and suspends for good. Nobody keeps its
    /// join handle.
    fn hold(&self, tasks: usize);
}

/// What the tables say about a contender besides its numbers.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Profile {
    /// The name, unique among contenders.
    pub name: &'static str,
    /// The block of rows it stands in.
    pub group: Group,
    /// The name of the bare limit over the same mechanism; none for a limit.
    pub limit: Option<&'static str>,
}

/// The blocks of rows of a table, in the order they are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Group {
    /// A bare queue over a mechanism: no wakers, no join handles, no I/O.
    Limit,
    /// A style of this project on its event loop.
    Ours,
    /// Another project's scheduler.
    Peer,
}

/// Does the work of one turn: one addition that the compiler can neither foresee nor leave out.
#[inline(always)]
pub(crate) fn bump(count: u64) -> u64 {
    black_box(count + 1)
}

/// Makes sure that every task of a batch was run and its output joined.
///
/// # Panics
///
/// Panics when a task's output is missing; the cell then says "fails".
pub(crate) fn expect_joined(joined: u64, tasks: usize) {
    assert_eq!(joined, tasks as u64, "the joins must return what the tasks returned");
}
