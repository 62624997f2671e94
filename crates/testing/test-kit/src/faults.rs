//! [`Faults`]: what may go wrong in a simulated run, and how often.

use std::time::Duration;

use crate::choices::Probability;

/// What may go wrong in a simulated run, and how often.
///
/// Each kind has a probability, from 0 (never) to 1 (always). What has the probability 0 takes
/// nothing from the seed, so a seed means the same when a later version knows more faults.
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
    /// Nothing goes wrong.
    pub fn none() -> Self {
        Self::default()
    }

    /// What every program must survive: spurious wakes, late wakes, reads and writes that come to
    /// less than was asked for, bytes that arrive late. Nothing is lost.
    pub fn mild() -> Self {
        let second = Duration::from_secs(1);
        Self::none()
            .spurious_wakes(0.1, second)
            .delayed_wakes(0.1, second)
            .splits(0.2)
            .slow_writes(0.1, second)
    }

    /// A task that suspends is resumed too early with this probability, up to so much later.
    ///
    /// Not twice in a row: after such a resume the task waits until it is woken for a reason. So
    /// time goes on and a deadlock is found, even with a probability of 1.
    pub fn spurious_wakes(mut self, probability: f64, within: Duration) -> Self {
        (self.spurious_wakes, self.spurious_within) = (Probability::new(probability), within);
        self
    }

    /// A wake or a deadline takes effect late with this probability, by so much at most.
    pub fn delayed_wakes(mut self, probability: f64, at_most: Duration) -> Self {
        (self.delayed_wakes, self.delayed_at_most) = (Probability::new(probability), at_most);
        self
    }

    /// A task that suspends is cancelled there with this probability; never the one that a
    /// `block_on` waits for.
    pub fn cancels(mut self, probability: f64) -> Self {
        self.cancels = Probability::new(probability);
        self
    }

    /// A read or a write on a connection comes to fewer bytes than it could with this probability.
    pub fn splits(mut self, probability: f64) -> Self {
        self.splits = Probability::new(probability);
        self
    }

    /// What is written to a connection arrives late with this probability, by so much at most. When
    /// the other end is gone, it is the answer that comes late, and more writes succeed until then.
    pub fn slow_writes(mut self, probability: f64, at_most: Duration) -> Self {
        (self.slow_writes, self.slow_at_most) = (Probability::new(probability), at_most);
        self
    }

    /// A read or a write finds with this probability that its connection is reset just then. As on
    /// TCP, each end reads what has arrived before, and is told once.
    pub fn resets(mut self, probability: f64) -> Self {
        self.resets = Probability::new(probability);
        self
    }

    /// A write finds with this probability that its direction of the connection is closed just
    /// then: the other end reads what is on its way, and then the end of the stream.
    pub fn half_closes(mut self, probability: f64) -> Self {
        self.half_closes = Probability::new(probability);
        self
    }
}
