//! [`LoopClock`]: the only place where time is read.

use std::{
    cell::Cell,
    thread,
    time::{Duration, Instant},
};

/// The time of a loop.
#[derive(Debug)]
pub(crate) struct LoopClock {
    /// When the loop was made.
    origin: Instant,
    /// How far a virtual clock has come since.
    virtual_time: Option<Cell<Duration>>,
    /// What time it is where time is real.
    read: fn() -> Instant,
}

impl LoopClock {
    pub(crate) fn real() -> Self {
        Self::of(Instant::now)
    }

    /// Somebody else's clock.
    pub(crate) fn of(read: fn() -> Instant) -> Self {
        Self { origin: read(), virtual_time: None, read }
    }

    pub(crate) fn virtual_time() -> Self {
        Self { virtual_time: Some(Cell::new(Duration::ZERO)), ..Self::real() }
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

    /// An instant as the time since the loop was made; one from before counts as then.
    pub(crate) fn since_origin(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.origin)
    }

    /// The same in nanoseconds; none beyond the 584 years that fit.
    pub(crate) fn nanos(&self, at: Instant) -> Option<u64> {
        u64::try_from(self.since_origin(at).as_nanos()).ok()
    }

    /// The time now in nanoseconds since the loop was made.
    pub(crate) fn nanos_now(&self) -> u64 {
        self.nanos(self.now()).unwrap_or(u64::MAX)
    }

    /// The instant so many nanoseconds after the loop was made.
    pub(crate) fn at(&self, nanos: u64) -> Instant {
        self.origin + Duration::from_nanos(nanos)
    }

    /// Lets time pass: jumps, or blocks the thread.
    pub(crate) fn advance(&self, duration: Duration) {
        match &self.virtual_time {
            Some(elapsed) => {
                let later = elapsed.get().saturating_add(duration);
                assert!(
                    self.origin.checked_add(later).is_some(),
                    "a virtual clock cannot advance by {duration:?}: no instant is that late"
                );
                elapsed.set(later);
            }
            None => thread::sleep(duration),
        }
    }
}
