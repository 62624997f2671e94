//! [`ContenderOrder`] and [`ContenderAnswer`]: a line of JSON each.

use serde::{Deserialize, Serialize};

/// What a contender can be ordered to do. The [`Contender`](crate::Contender) has a function for
/// each, which defines it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bench {
    /// `n` tasks take `times` turns each.
    Turn,
    /// The same. Each turn of the first task is timed, from its suspension to its resumption.
    Latency,
    /// `times` times, `n` tasks are spawned and then joined.
    Spawn,
    /// A task takes `times` turns at the bottom of a recursion that is `n` deep.
    Nested,
    /// Two tasks send a value to and fro `times` times, through channels of capacity `n`.
    RoundTrip,
    /// A task sends `times` values to another one, through a channel of capacity `n`.
    Stream,
    /// A primitive is used `times` times, and nothing waits for another task.
    Uncontended(SyncKind),
    /// A primitive is used `times` times, and every use waits for another task.
    Contended(SyncKind),
    /// `n` tasks sleep for random durations below one second.
    Timers,
    /// `times` times, `n` timers are armed and then dropped.
    TimerCancel,
    /// A task performs `times` times a leaf that suspends once.
    Bare,
    /// The same, with a timeout of an hour around each leaf.
    Timeout,
    /// `times` times, `n` parts are joined or raced inside one task.
    Join(JoinKind),
    /// `n` tasks suspend for ever, and the memory is read. It is the last order of a process.
    Memory,
    /// Another thread wakes a sleeping loop `times` times, and waits for the answer each time.
    Wake,
    /// Another thread wakes a loop `times` times, as fast as it can.
    WakeStorm,
}

/// The primitives for the synchronisation of tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SyncKind {
    /// A mutex.
    Mutex,
    /// A semaphore.
    Semaphore,
    /// A notification without a value.
    Notify,
    /// A channel for one value.
    Oneshot,
    /// A channel in which every receiver gets every value.
    Broadcast,
    /// A value whose changes can be awaited.
    Watch,
}

/// What the parts of a combinator wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JoinKind {
    /// Every part takes one turn, and all parts are joined.
    Together,
    /// Every part waits for an event of its own, and all parts are joined. Another task fires the
    /// events in order and takes a turn after each.
    OneByOne,
    /// The same, and the outputs are taken one by one, each when it is there.
    Select,
    /// Every part waits for an event of its own. Another task fires the middle one. The first part
    /// that is done wins, and the others are dropped.
    Race,
}

impl SyncKind {
    /// All primitives.
    pub const ALL: [Self; 6] =
        [Self::Mutex, Self::Semaphore, Self::Notify, Self::Oneshot, Self::Broadcast, Self::Watch];
}

impl JoinKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Together, Self::OneByOne, Self::Select, Self::Race];
}

/// An order to a contender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContenderOrder {
    /// What to do.
    pub bench: Bench,
    /// The number of tasks, parts or timers, the depth, or the capacity.
    pub n: usize,
    /// How often to do it.
    pub times: u64,
    /// Whether to count allocations. A sample that counts them is not used as a time.
    #[serde(default)]
    pub counts_allocations: bool,
}

/// The answer to an order.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContenderAnswer {
    /// It was carried out.
    Measured(Sample),
    /// It failed for this reason.
    Fails {
        /// The cause.
        cause: String,
    },
}

/// What was measured. Each [`Bench`] fills in what it has.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sample {
    /// The time of all operations together, in nanoseconds. For [`Bench::Wake`] it is the sum of
    /// the times from a wake to its answer.
    pub elapsed_ns: u64,
    /// The processor time of the process for the whole order, in nanoseconds.
    pub cpu_ns: u64,
    /// The number of operations.
    pub operations: u64,
    /// The number of allocations of the whole order, if it was asked for.
    pub allocations: Option<u64>,
    /// The resident bytes that all tasks together added.
    pub resident: Option<u64>,
    /// The heap bytes that all tasks together added, with headers and rounding.
    pub heap: Option<u64>,
    /// How late the timers were, how long a turn took, or how long a wake took.
    pub latency: Option<Percentiles>,
    /// The number of timers that fired too early.
    pub early: Option<u64>,
    /// The number of calls of `write` and its relatives during a storm of wakes.
    pub writes: Option<u64>,
    /// How often the loop's thread slept during a storm of wakes.
    pub sleeps: Option<u64>,
}

/// Percentiles of a distribution, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Percentiles {
    /// The median.
    pub p50: u64,
    /// 1 of 100 values is greater.
    pub p99: u64,
    /// 1 of 1,000 values is greater.
    pub p999: u64,
    /// The greatest value.
    pub max: u64,
}

impl Percentiles {
    /// Sorts the values, and returns their percentiles. Returns `None` if there are none.
    #[must_use]
    pub fn of(values: &mut [u64]) -> Option<Self> {
        values.sort_unstable();
        let last = values.len().checked_sub(1)?;
        let at = |per_mille: usize| values[(values.len() * per_mille / 1_000).min(last)];
        Some(Self { p50: at(500), p99: at(990), p999: at(999), max: values[last] })
    }
}

/// A contender's answer to the question who it is. A program lists one per contender.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// The name, unique among all contenders.
    pub name: String,
    /// The version of the crate or library.
    pub version: String,
    /// What it can do.
    pub benches: Vec<Bench>,
}
