//! The trait that every measured contender implements, and the contenders, a file each.

use std::time::Duration;

use serde::Serialize;

use crate::stopwatch::Counter;

mod bare_queue;
mod join;
mod limit_callback;
mod limit_future;
mod limit_generator;
mod limit_green;
mod may;
mod ours;
mod ours_on_may;
mod smol;
mod stacks;
mod tokio;

/// One row of every table: a limit, one of our styles, or a peer.
///
/// To add a contender, add a file in `contenders/` and a line in [`all`]. Each contender runs in a
/// process of its own, so it may install signal handlers, keep pools, or crash.
pub(crate) trait Contender {
    /// Spawns one task per counter, in order, runs all to their end, and returns.
    ///
    /// Every task does `while counter.turn() { suspend, let the others run first }` and nothing
    /// else. All tasks are spawned before the first is resumed. The counters start and stop the
    /// clock, so building and dropping the tasks is not timed.
    fn turn(&self, counters: Vec<Counter>);

    /// Returns how long `batches` times "spawn `tasks` tasks, then join them all in order" took.
    ///
    /// Every task returns [`bump`](crate::stopwatch::bump)`(0)` without suspending.
    /// [`expect_joined`](join::expect_joined) must check the sum of their outputs. The event loop
    /// is built before the clock starts.
    fn spawn(&self, tasks: usize, batches: u64) -> Duration;

    /// Spawns `tasks` tasks, resumes each once, and returns.
    ///
    /// Every task increments a counter of its own, which it keeps while it is suspended. It calls
    /// [`memory::count_suspended`](crate::memory::count_suspended) and suspends for ever. Its join
    /// handle is dropped.
    fn suspend(&self, tasks: usize);
}

/// The name of a contender, and its place in the tables.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Profile {
    /// The name, unique among contenders.
    pub name: &'static str,
    /// The group of rows that it belongs to.
    pub group: Group,
    /// The name of the bare limit of the same mechanism. A limit has none.
    pub limit: Option<&'static str>,
}

/// The groups of rows of a table, in the order in which they are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Group {
    /// A mechanism in a bare queue: no wakers, no join handles, no I/O. It is the lower limit of
    /// the cost.
    Limit,
    /// A style of this project on its event loop.
    Ours,
    /// Another project's scheduler.
    Peer,
}

/// Returns all contenders, in the order of the tables' rows: limits, ours, peers.
pub(crate) fn all() -> Vec<(Profile, Box<dyn Contender>)> {
    vec![
        limit("limit, callback", limit_callback::LimitCallback),
        limit("limit, generator", limit_generator::LimitGenerator),
        limit("limit, future", limit_future::LimitFuture),
        limit("limit, green", limit_green::LimitGreen::default()),
        with_limit("limit, callback", Group::Ours, "callback", ours::callback_style()),
        with_limit("limit, generator", Group::Ours, "generator", ours::generator_style()),
        with_limit("limit, future", Group::Ours, "future", ours::future_style()),
        with_limit("limit, green", Group::Ours, "green", ours::green_style()),
        with_limit("limit, callback", Group::Ours, "callback, Send", ours::send_callback_style()),
        with_limit(
            "limit, generator",
            Group::Ours,
            "generator, Send",
            ours::send_generator_style(),
        ),
        with_limit("limit, future", Group::Ours, "future on may", ours_on_may::OursOnMay),
        with_limit("limit, future", Group::Peer, "tokio", tokio::TokioRuntime),
        with_limit("limit, future", Group::Peer, "smol", smol::SmolExecutor),
        with_limit("limit, green", Group::Peer, "may, 1 worker", may::MayScheduler),
    ]
}

fn limit(name: &'static str, contender: impl Contender + 'static) -> (Profile, Box<dyn Contender>) {
    (Profile { name, group: Group::Limit, limit: None }, Box::new(contender))
}

/// Returns a contender that is compared with this limit.
fn with_limit(
    limit: &'static str,
    group: Group,
    name: &'static str,
    contender: impl Contender + 'static,
) -> (Profile, Box<dyn Contender>) {
    (Profile { name, group, limit: Some(limit) }, Box::new(contender))
}
