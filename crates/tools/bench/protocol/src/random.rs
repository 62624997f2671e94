//! Pseudo-random numbers, the same for all contenders: Marsaglia's xorshift.

use std::time::Duration;

/// An endless iterator of 64-bit numbers.
#[derive(Clone, Copy, Debug)]
pub struct Random(pub u64);

impl Iterator for Random {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        Some(self.0)
    }
}

/// Returns `n` durations below one second, in microseconds, for timers that fire.
pub fn sleeps(n: usize) -> impl Iterator<Item = Duration> {
    Random(0x9E37_79B9_7F4A_7C15).take(n).map(|random| Duration::from_micros(random % 1_000_000))
}

/// Returns `n` durations between 10 and 60 seconds, for timers that are dropped before they fire.
#[must_use]
pub fn long_sleeps(n: usize) -> Vec<Duration> {
    Random(77).take(n).map(|random| Duration::from_millis(10_000 + random % 50_000)).collect()
}
