//! What a way of suspending must offer to be measured; and the contenders, a file each.

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
/// To add one: a file in `contenders/`, a line in [`all`]. Each contender runs in a
/// process of its own, so it may install signal handlers, keep pools, or crash.
pub(crate) trait Contender {
    /// Spawns one task per counter, in order, runs all to their end, and returns.
    ///
    /// Every task does `while counter.turn() { suspend, let the others run first }` and nothing
    /// else. All tasks are spawned before the first is resumed; the counters hold the clock, so
    /// building and dropping the tasks costs nothing here.
    fn turn(&self, counters: Vec<Counter>);

    /// Says how long `batches` times "spawn `tasks` tasks, then join them all in order" took.
    ///
    /// Every task returns [`bump`](crate::stopwatch::bump)`(0)` without suspending; the sum of what
    /// the joins return must be [`expect_joined`](join::expect_joined). The event loop itself is
    /// built before the clock starts.
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

/// Returns all contenders, in the order of the tables' rows: limits, ours, peers.
pub(crate) fn all() -> Vec<(Profile, Box<dyn Contender>)> {
    vec![
        limit("limit, callback", limit_callback::LimitCallback),
        limit("limit, generator", limit_generator::LimitGenerator),
        limit("limit, future", limit_future::LimitFuture),
        limit("limit, green", limit_green::LimitGreen::default()),
        over("limit, callback", Group::Ours, "callback", ours::callback_style()),
        over("limit, generator", Group::Ours, "generator", ours::generator_style()),
        over("limit, future", Group::Ours, "future", ours::future_style()),
        over("limit, green", Group::Ours, "green", ours::green_style()),
        over("limit, callback", Group::Ours, "callback, Send", ours::send_callback_style()),
        over("limit, generator", Group::Ours, "generator, Send", ours::send_generator_style()),
        over("limit, future", Group::Ours, "future on may", ours_on_may::OursOnMay),
        over("limit, future", Group::Peer, "tokio", tokio::TokioRuntime),
        over("limit, future", Group::Peer, "smol", smol::SmolExecutor),
        over("limit, green", Group::Peer, "may, 1 worker", may::MayScheduler),
    ]
}

fn limit(name: &'static str, contender: impl Contender + 'static) -> (Profile, Box<dyn Contender>) {
    (Profile { name, group: Group::Limit, limit: None }, Box::new(contender))
}

/// One that is compared with this limit.
fn over(
    limit: &'static str,
    group: Group,
    name: &'static str,
    contender: impl Contender + 'static,
) -> (Profile, Box<dyn Contender>) {
    (Profile { name, group, limit: Some(limit) }, Box::new(contender))
}
