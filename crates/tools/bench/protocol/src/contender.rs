//! [`Contender`]: the functions that are measured, one for each bench.

use std::{sync::Arc, time::Duration};

use crate::{Bench, ContenderOrder, Counter, Gate, JoinKind, Sample, Sleeper, SyncKind};

/// A scheduler, or a bare limit of one. A function is `None` if it cannot be expressed.
///
/// The functions do exactly what their fields say. A function that returns a duration starts its
/// clock when the event loop exists, inside a task, and stops it when the last operation is over.
#[derive(Clone, Debug, Default)]
pub struct Contender {
    /// The name, unique among all contenders.
    pub name: &'static str,
    /// The version of the crate or library.
    pub version: String,
    /// Spawns one task per counter, in order, runs all to their end, and returns.
    ///
    /// Every task does `while counter.turn() { suspend, and let the others run first }` and nothing
    /// else. All tasks are spawned before the first is resumed.
    pub turn: Option<fn(Vec<Counter>)>,
    /// `(n, times)`: repeats `times` times: spawn `n` tasks, then join them all in order.
    ///
    /// Every task returns [`bump`](crate::bump)`(0)` without suspending. The sum of the outputs of
    /// a batch must be `n`.
    pub spawn: Option<fn(usize, u64) -> Duration>,
    /// `(depth, times)`: a task calls a recursive function that is `depth` deep. At the bottom it
    /// takes `times` turns. The clock runs inside the task, around the outermost call. The levels
    /// are tasks or functions as a program in that style would write them.
    pub nested: Option<fn(usize, u64) -> Duration>,
    /// `(capacity, times)`: two tasks, each with a sender and a receiver. One sends a number and
    /// receives one, `times` times. The other one receives a number and sends it plus one.
    pub round_trip: Option<fn(usize, u64) -> Duration>,
    /// `(capacity, times)`: one task sends `times` numbers, and another one receives them all.
    pub stream: Option<fn(usize, u64) -> Duration>,
    /// `(kind, times)`: a single task, `times` times:
    ///
    /// * mutex: locks, adds 1 to the value, unlocks
    /// * semaphore of 1: acquires and releases a permit
    /// * notify: stores a notification, and receives it
    /// * oneshot: makes a channel, sends, receives
    /// * broadcast of capacity 16: sends, and the only receiver receives
    /// * watch: sends, and the only receiver sees a change and reads the value
    pub uncontended: Option<fn(SyncKind, u64) -> Duration>,
    /// `(kind, times)`:
    ///
    /// * mutex, semaphore of 2: 10 tasks, each `times / 10` times: locks or acquires, takes a turn,
    ///   unlocks or releases
    /// * notify: a task notifies another one and waits, `times` times. The other one waits, and
    ///   notifies the first through a second `Notify`
    /// * oneshot: a task makes a channel, puts the sender into a shared cell and receives. Another
    ///   task takes the sender from the cell and sends, or takes a turn if the cell is empty
    /// * broadcast of capacity 16, watch: a task sends and takes a turn, `times` times. 10 tasks
    ///   receive until the sender is gone
    pub contended: Option<fn(SyncKind, u64) -> Duration>,
    /// Spawns a task for each sleeper, in order, joins all, and returns. Every task does
    /// `let duration = sleeper.falls_asleep(); sleep(duration).await; sleeper.wakes_up();`.
    pub timers: Option<fn(Vec<Sleeper>)>,
    /// `(durations, times)`: a task makes a timer for each duration, polls each once, and then
    /// drops them all. It does so `times` times.
    pub timer_cancel: Option<fn(&[Duration], u64) -> Duration>,
    /// `times`: a task performs `times` times a leaf that suspends once, as in `turn`.
    pub bare: Option<fn(u64) -> Duration>,
    /// `times`: the same, with a timeout of an hour around each leaf.
    pub timeout: Option<fn(u64) -> Duration>,
    /// `(kind, n, times)`: inside one task, joins or races `n` parts, `times` times. The clock
    /// includes the making and the dropping of the parts. Where parts wait for an
    /// [`OnceEvent`](crate::OnceEvent), another task fires it. The clock includes the turns of that
    /// task, but not the making of the events.
    pub join: Option<fn(JoinKind, usize, u64) -> Duration>,
    /// `n`: makes a `Vec` with room for `n` join handles, and spawns `n` tasks. Resumes each once,
    /// and returns or ends the process.
    ///
    /// Every task increments a counter of its own, which it keeps while it is suspended. It calls
    /// [`memory::count_suspended`](crate::memory::count_suspended) and suspends for ever. The
    /// `Vec` keeps all join handles until then.
    pub memory: Option<fn(usize)>,
    /// Runs a loop with one task, which does `gate.serve().await`, and returns when the task ends.
    pub wake: Option<fn(Arc<Gate>)>,
    /// Carries out an order in a way of its own. It is asked first, for the benches in
    /// [`special_benches`](Self::special_benches). Only a contender in another language needs it.
    pub special: Option<Special>,
    /// The benches of `special`.
    pub special_benches: Vec<Bench>,
}

/// Carries out an order, or returns why it failed.
pub type Special = fn(&ContenderOrder) -> Result<Sample, String>;

impl Contender {
    /// Makes a contender that can do nothing yet.
    #[must_use]
    pub fn new(name: &'static str, version: impl Into<String>) -> Self {
        Self { name, version: version.into(), ..Self::default() }
    }

    /// Returns what this contender can do.
    #[must_use]
    pub fn benches(&self) -> Vec<Bench> {
        let mut benches = self.special_benches.clone();
        let mut add = |can: bool, bench: &[Bench]| {
            if can {
                benches.extend(bench);
            }
        };
        add(self.turn.is_some(), &[Bench::Turn, Bench::Latency]);
        add(self.spawn.is_some(), &[Bench::Spawn]);
        add(self.nested.is_some(), &[Bench::Nested]);
        add(self.round_trip.is_some(), &[Bench::RoundTrip]);
        add(self.stream.is_some(), &[Bench::Stream]);
        add(self.uncontended.is_some(), &SyncKind::ALL.map(Bench::Uncontended));
        add(self.contended.is_some(), &SyncKind::ALL.map(Bench::Contended));
        add(self.timers.is_some(), &[Bench::Timers]);
        add(self.timer_cancel.is_some(), &[Bench::TimerCancel]);
        add(self.bare.is_some(), &[Bench::Bare]);
        add(self.timeout.is_some(), &[Bench::Timeout]);
        add(self.join.is_some(), &JoinKind::ALL.map(Bench::Join));
        add(self.memory.is_some(), &[Bench::Memory]);
        add(self.wake.is_some(), &[Bench::Wake, Bench::WakeStorm]);
        benches.sort_unstable();
        benches.dedup();
        benches
    }
}
