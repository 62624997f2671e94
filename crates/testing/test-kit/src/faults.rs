//! [`Faults`]: the faults that may happen in a simulated run, and their probabilities.

use std::time::Duration;

use crate::choices::Probability;

/// The faults that may happen in a simulated run, and their probabilities.
///
/// Each kind has a probability, from 0 (never) to 1 (always). A fault with probability 0 uses no
/// random number. So a seed still means the same in a later version that has more kinds of faults.
///
/// # Examples
///
/// ```
/// use quadrivium::test::Faults;
/// use std::time::Duration;
///
/// let faults = Faults::mild().cancels(0.01).delayed_wakes(0.5, Duration::from_secs(10));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct Faults {
    pub(crate) spurious_wakes: Probability,
    pub(crate) spurious_within: Duration,
    pub(crate) delayed_wakes: Probability,
    pub(crate) delayed_at_most: Duration,
    pub(crate) cancels: Probability,
    pub(crate) splits: Probability,
    pub(crate) slow_writes: Probability,
    pub(crate) slow_at_most: Duration,
    pub(crate) resets: Probability,
    pub(crate) half_closes: Probability,
}

impl Faults {
    /// Returns no faults.
    pub fn none() -> Self {
        Self::default()
    }

    /// Returns the faults that every program must survive: spurious wakes, late wakes, short reads
    /// and writes, and bytes that arrive late. Nothing is lost.
    pub fn mild() -> Self {
        let second = Duration::from_secs(1);
        Self::none()
            .spurious_wakes(0.1, second)
            .delayed_wakes(0.1, second)
            .splits(0.2)
            .slow_writes(0.1, second)
    }

    /// Sets the probability that a task that suspends is resumed for no reason, after at most
    /// `within`.
    ///
    /// This never happens twice in a row: after such a resume the task waits until it is woken for
    /// a reason. So time goes on and a deadlock is found, even with a probability of 1.
    pub fn spurious_wakes(mut self, probability: f64, within: Duration) -> Self {
        (self.spurious_wakes, self.spurious_within) = (Probability::new(probability), within);
        self
    }

    /// Sets the probability that a wake or a deadline takes effect late, by at most `at_most`.
    pub fn delayed_wakes(mut self, probability: f64, at_most: Duration) -> Self {
        (self.delayed_wakes, self.delayed_at_most) = (Probability::new(probability), at_most);
        self
    }

    /// Sets the probability that a task that suspends is cancelled there. The task that a
    /// `block_on` waits for is never cancelled.
    pub fn cancels(mut self, probability: f64) -> Self {
        self.cancels = Probability::new(probability);
        self
    }

    /// Sets the probability that a read or a write on a connection transfers fewer bytes than it
    /// could.
    pub fn splits(mut self, probability: f64) -> Self {
        self.splits = Probability::new(probability);
        self
    }

    /// Sets the probability that bytes written to a connection arrive late, by at most `at_most`.
    ///
    /// When the other end is gone, its answer (a reset) comes late instead. Writes succeed until
    /// then.
    pub fn slow_writes(mut self, probability: f64, at_most: Duration) -> Self {
        (self.slow_writes, self.slow_at_most) = (Probability::new(probability), at_most);
        self
    }

    /// Sets the probability that a connection is reset when a read or a write on it begins.
    ///
    /// As on TCP, each end first reads the bytes that have arrived. Then one operation at each end
    /// fails with the reset.
    pub fn resets(mut self, probability: f64) -> Self {
        self.resets = Probability::new(probability);
        self
    }

    /// Sets the probability that a direction of a connection is closed when a write in it begins.
    ///
    /// The other end reads the bytes that are on their way, and then the end of the stream.
    pub fn half_closes(mut self, probability: f64) -> Self {
        self.half_closes = Probability::new(probability);
        self
    }
}
