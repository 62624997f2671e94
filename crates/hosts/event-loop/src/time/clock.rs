//! [`LoopClock`]: the only place where time is read.

use std::{
    cell::Cell,
    thread,
    time::{Duration, Instant},
};

/// Returns the time on the real clock, for facts that are not part of a run.
pub(crate) fn real_now() -> Instant {
    Instant::now()
}

/// The clock of a loop.
#[derive(Debug)]
pub(crate) struct LoopClock {
    /// When the loop was made.
    origin: Instant,
    /// On a virtual clock: the time that has passed since then.
    virtual_time: Option<Cell<Duration>>,
    /// The time when the loop last looked for due deadlines.
    latest: Cell<Instant>,
    /// Reads a real clock.
    read: fn() -> Instant,
}

/// When a loop was made.
#[cfg(feature = "trace-files")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct LoopOrigin {
    pub(crate) at: Instant,
    /// The time of a virtual clock has nothing to do with the time of other loops.
    pub(crate) is_virtual: bool,
}

impl LoopClock {
    pub(crate) fn real() -> Self {
        Self::of(Instant::now)
    }

    /// Makes a clock that is read by `read`, such as the clock of another executor.
    pub(crate) fn of(read: fn() -> Instant) -> Self {
        let origin = read();
        Self { origin, virtual_time: None, latest: Cell::new(origin), read }
    }

    pub(crate) fn virtual_time() -> Self {
        Self { virtual_time: Some(Cell::new(Duration::ZERO)), ..Self::real() }
    }

    #[cfg(feature = "trace-files")]
    pub(crate) fn origin(&self) -> LoopOrigin {
        LoopOrigin { at: self.origin, is_virtual: self.is_virtual() }
    }

    pub(crate) fn is_virtual(&self) -> bool {
        self.virtual_time.is_some()
    }

    pub(crate) fn elapsed(&self) -> Duration {
        match &self.virtual_time {
            Some(elapsed) => elapsed.get(),
            None => (self.read)().saturating_duration_since(self.origin),
        }
    }

    pub(crate) fn now(&self) -> Instant {
        match &self.virtual_time {
            // `advance` keeps the sum in range.
            Some(elapsed) => self.origin + elapsed.get(),
            None => (self.read)(),
        }
    }

    /// Returns whether `deadline` has come. For a deadline that the loop has found due, this does
    /// not read the clock again.
    pub(crate) fn has_come(&self, deadline: Instant) -> bool {
        deadline <= self.latest.get() || deadline <= self.now()
    }

    /// Returns the time from the making of the loop to `at`, or zero if `at` is before it.
    pub(crate) fn since_origin(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.origin)
    }

    /// Returns the same in nanoseconds. Returns `None` after the 584 years that fit into a `u64`.
    pub(crate) fn nanos(&self, at: Instant) -> Option<u64> {
        // Cheaper than `Duration::as_nanos`, which computes with 128 bits.
        let since = self.since_origin(at);
        since.as_secs().checked_mul(1_000_000_000)?.checked_add(since.subsec_nanos().into())
    }

    /// Returns the time since the loop was made, in nanoseconds.
    pub(crate) fn nanos_now(&self) -> u64 {
        self.latest.set(self.now());
        self.nanos(self.latest.get()).unwrap_or(u64::MAX)
    }

    /// Returns the instant that is `nanos` nanoseconds after the making of the loop.
    pub(crate) fn at(&self, nanos: u64) -> Instant {
        self.origin + Duration::from_nanos(nanos)
    }

    /// Returns the instant at this time after the making of the loop, if there is one.
    pub(crate) fn after_origin(&self, time: Duration) -> Option<Instant> {
        self.origin.checked_add(time)
    }

    /// Lets time pass: a virtual clock jumps, a real clock blocks the thread.
    pub(crate) fn advance(&self, duration: Duration) {
        match &self.virtual_time {
            Some(elapsed) => {
                let later = elapsed.get().saturating_add(duration);
                assert!(
                    self.origin.checked_add(later).is_some(),
                    "a virtual clock cannot advance by {duration:?}, because no Instant is that late: \
                     advance it by less"
                );
                elapsed.set(later);
            }
            None => thread::sleep(duration),
        }
    }
}
