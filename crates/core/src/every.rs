//! [`every`]: ticks at the multiples of a period.

use std::{
    panic::Location,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use crate::{
    Context, Step, Task, Wait,
    inspect::{LeafKind, ObjectNumber, note},
    now,
};

/// Makes ticks, one each `period`. The first comes when one period has passed since this call.
///
/// Each tick is a leaf of its own, made by [`Every::tick`]. Ticks come at multiples of the period,
/// so a late tick does not move the later ones. A tick is *missed* when its time passes while the
/// program does something else. Missed ticks are left out, and the output of the next tick is their
/// number. [`MissedTicks`] has the other ways to treat them.
///
/// With a period of zero there is a tick in each turn. A virtual clock then never moves.
///
/// ```
/// use quadrivium::{prelude::*, time::{block_for, every}};
/// use std::time::Duration;
///
/// let program = future(async {
///     let ticks = every(Duration::from_secs(1));
///     assert_eq!(ticks.tick().await, 0); // One second has passed.
///     block_for(Duration::from_millis(2_500)).await; // The ticks at 2 s and 3 s are missed.
///     assert_eq!(ticks.tick().await, 2); // Four seconds have passed.
/// });
/// let mut event_loop = EventLoop::with_virtual_clock()?;
/// event_loop.block_on(program)?;
/// assert_eq!(event_loop.elapsed(), Duration::from_secs(4));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Panics
///
/// When no host drives this thread.
#[track_caller]
pub fn every(period: Duration) -> Every {
    let next = now().checked_add(period);
    let times = TickTimes { period, next, policy: MissedTicks::Skip };
    Every { times: Arc::new(Mutex::new(times)) }
}

/// Ticks at the multiples of a period. Made by [`every`]. A clone makes ticks of the same series.
#[derive(Clone, Debug)]
pub struct Every {
    /// Shared with the ticks, so that a callback can own one.
    times: Arc<Mutex<TickTimes>>,
}

/// What happens after ticks were missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissedTicks {
    /// The missed ticks are left out. The next tick comes at the next multiple of the period, and
    /// its output is the number of missed ticks. This is the default.
    Skip,
    /// The missed ticks come late, one in each turn. None is left out, so the output is 0.
    Burst,
    /// The first missed tick comes late, and the others are left out. Its output is their number.
    /// The period then begins anew, so later ticks come at other times than without the delay.
    Delay,
}

impl Every {
    /// Waits for the next tick, and returns the number of missed ticks that were left out.
    ///
    /// It always suspends, even if the time of the tick has come. If it is dropped while it waits,
    /// no tick is lost: the next one waits for the same time. So it may be a part of a race.
    ///
    /// Each tick has one output. If several tasks wait for a tick, the first one that is resumed
    /// gets it, and the others wait for the tick after it.
    #[track_caller]
    pub fn tick(&self) -> Tick {
        Tick { every: self.clone(), deadline: None, line: Location::caller() }
    }

    /// Sets what happens after ticks were missed, from now on.
    #[must_use]
    pub fn on_missed(self, policy: MissedTicks) -> Self {
        self.times().policy = policy;
        self
    }

    fn times(&self) -> MutexGuard<'_, TickTimes> {
        self.times.lock().expect("no code that panics runs while the times are locked")
    }
}

/// A task that waits for a tick. Made by [`Every::tick`].
#[derive(Debug)]
#[must_use = "a task is lazy: perform it"]
pub struct Tick {
    every: Every,
    /// `None` before the first resume, and if the time of the tick is beyond the clock's range.
    deadline: Option<Instant>,
    line: &'static Location<'static>,
}

impl Task for Tick {
    type Output = u64;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<u64> {
        let now = cx.now();
        if self.deadline.is_none_or(|deadline| deadline <= now) {
            let mut times = self.every.times();
            if self.deadline.is_some()
                && let Some(missed) = times.take(now)
            {
                return Step::Done(missed);
            }
            let deadline = times.deadline(now);
            drop(times);
            self.deadline = deadline;
        }
        note(LeafKind::Tick, Some(self.line), ObjectNumber::NONE);
        Step::Suspended(self.deadline.map_or(Wait::Wake, Wait::Until))
    }
}

#[derive(Debug)]
struct TickTimes {
    period: Duration,
    /// The time of the first tick that has no output yet and was not left out. `None` if it is
    /// beyond the clock's range.
    next: Option<Instant>,
    policy: MissedTicks,
}

impl TickTimes {
    /// Returns the deadline of a task that begins to wait now.
    fn deadline(&self, now: Instant) -> Option<Instant> {
        match (self.policy, now.checked_duration_since(self.next?)) {
            // A tick whose time is now is not missed.
            (MissedTicks::Skip, Some(late)) => match self.since_last_multiple(late) {
                Duration::ZERO => Some(now),
                since => now.checked_add(self.period - since),
            },
            (MissedTicks::Skip, None) | (MissedTicks::Burst | MissedTicks::Delay, _) => self.next,
        }
    }

    /// Takes the tick whose time has come, and returns the number of missed ticks that are left
    /// out. Returns `None` if another task has taken the tick.
    fn take(&mut self, now: Instant) -> Option<u64> {
        let next = self.next?;
        let late = now.checked_duration_since(next)?;
        let missed = late.as_nanos().checked_div(self.period.as_nanos()).unwrap_or(0) as u64;
        let (missed, next) = match self.policy {
            MissedTicks::Skip => {
                (missed, now.checked_add(self.period - self.since_last_multiple(late)))
            }
            MissedTicks::Burst => (0, next.checked_add(self.period)),
            MissedTicks::Delay => (missed, now.checked_add(self.period)),
        };
        self.next = next;
        Some(missed)
    }

    /// Returns how much of a time is left after whole periods.
    fn since_last_multiple(&self, late: Duration) -> Duration {
        let rest = late.as_nanos().checked_rem(self.period.as_nanos()).unwrap_or(0);
        Duration::from_nanos_u128(rest)
    }
}
