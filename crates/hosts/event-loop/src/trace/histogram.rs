//! [`Histogram`]: how often durations occurred, from nanoseconds to centuries.

use std::time::Duration;

/// The parts of each power of two. A quantile is at most a 32nd too long.
const PARTS: u64 = 32;

/// The power of two that is `PARTS`. Shorter durations are counted exactly.
const EXACT_BITS: u32 = PARTS.ilog2();

/// Counts durations in buckets whose widths grow with the durations. Its memory is bounded: 15 KiB.
///
/// ```
/// use quadrivium_event_loop::trace::Histogram;
/// use std::time::Duration;
///
/// let mut histogram = Histogram::default();
/// (1..=100).for_each(|ms| histogram.record(Duration::from_millis(ms)));
/// assert_eq!(histogram.count(), 100);
/// assert_eq!(histogram.longest(), Some(Duration::from_millis(100)));
/// let median = histogram.quantile(0.5).unwrap().as_millis();
/// assert!((50..=52).contains(&median));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    /// As long as the longest duration needs.
    buckets: Vec<u64>,
    count: u64,
    longest: Duration,
}

impl Histogram {
    /// Counts a duration.
    pub fn record(&mut self, duration: Duration) {
        let bucket = bucket(nanos(duration));
        if bucket >= self.buckets.len() {
            self.buckets.resize(bucket + 1, 0);
        }
        self.buckets[bucket] += 1;
        self.count += 1;
        self.longest = self.longest.max(duration);
    }

    /// Returns the number of durations.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns the longest duration, exactly.
    pub fn longest(&self) -> Option<Duration> {
        (self.count > 0).then_some(self.longest)
    }

    /// Returns the duration that this part of all durations did not exceed, such as 0.5 for the
    /// median. It is at most 3.2 % too long. A part below 0 counts as 0, and one above 1 as 1.
    pub fn quantile(&self, part: f64) -> Option<Duration> {
        let rank = (part * self.count as f64).ceil() as u64;
        let rank = rank.clamp(1, self.count.max(1));
        let mut seen = 0;
        let bucket = self.buckets.iter().position(|count| {
            seen += count;
            seen >= rank
        })?;
        Some(Duration::from_nanos(last_of(bucket)).min(self.longest))
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Returns the bucket of a number of nanoseconds: the power of two, and the part of it.
fn bucket(nanos: u64) -> usize {
    let shift = (nanos | 1).ilog2().saturating_sub(EXACT_BITS);
    (u64::from(shift) * PARTS + (nanos >> shift)) as usize
}

/// Returns the largest number of nanoseconds in a bucket.
fn last_of(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let shift = (bucket / PARTS).saturating_sub(1);
    let first_of_next = u128::from(bucket - shift * PARTS + 1) << shift;
    u64::try_from(first_of_next - 1).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_bucket_holds_numbers_that_are_nearly_equal(nanos: u64, bits in 0_u32..64) {
            let nanos = nanos >> bits;
            let last = last_of(bucket(nanos));
            prop_assert_eq!(bucket(last), bucket(nanos));
            prop_assert!(last >= nanos && last - nanos <= nanos / PARTS);
            prop_assert!(last == u64::MAX || bucket(last + 1) == bucket(nanos) + 1);
        }

        #[test]
        fn a_quantile_is_that_of_the_sorted_durations(mut all: Vec<u32>, part in 0.0..=1.0_f64) {
            let mut histogram = Histogram::default();
            all.iter().for_each(|it| histogram.record(Duration::from_nanos((*it).into())));
            all.sort_unstable();
            let rank = ((part * all.len() as f64).ceil() as usize).max(1);
            let quantile = histogram.quantile(part).map(nanos);
            match all.get(rank - 1) {
                None => prop_assert_eq!(quantile, None),
                Some(exact) => {
                    let (exact, found) = (u64::from(*exact), quantile.unwrap());
                    prop_assert!(found >= exact && found - exact <= exact / PARTS);
                }
            }
        }
    }

    #[test]
    fn without_durations_there_are_no_quantiles() {
        assert_eq!(Histogram::default().quantile(0.5), None);
        assert_eq!(Histogram::default().longest(), None);
    }

    #[test]
    fn the_longest_durations_fit() {
        let mut histogram = Histogram::default();
        histogram.record(Duration::MAX);
        assert_eq!(histogram.longest(), Some(Duration::MAX));
        assert_eq!(histogram.quantile(1.0), Some(Duration::from_nanos(u64::MAX)));
        assert_eq!(histogram.buckets.len() * size_of::<u64>(), 15_360);
    }
}
