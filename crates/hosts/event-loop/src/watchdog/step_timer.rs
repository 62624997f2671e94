//! [`StepTimer`]: when a step is reported, and when again.

use std::time::Duration;

/// A step is looked at this often before it has reached the limit.
const LOOKS: u32 = 4;

/// The shortest pause between two looks.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);

/// Measures how long one step lasts, from the outside.
pub(super) struct StepTimer {
    limit: Duration,
    /// The step at the last look.
    step: Option<SeenStep>,
}

#[derive(Clone, Copy)]
struct SeenStep {
    number: u64,
    first_seen: Duration,
    /// The step is reported when it has lasted this long. Each report doubles it.
    report_after: Duration,
    is_reported: bool,
}

/// What the watchdog sees when it looks at a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// There is nothing to report.
    Usual,
    /// The step has lasted this long, and is to be reported.
    Long(Duration),
    /// The step that was reported has ended. It has lasted this long.
    Ended(Duration),
}

impl StepTimer {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit: limit.max(SHORTEST_PAUSE), step: None }
    }

    /// Returns how long to wait until the next look.
    pub(super) fn pause(&self) -> Duration {
        (self.limit / LOOKS).max(SHORTEST_PAUSE)
    }

    /// Looks at the loop. `step` is the number of the step that runs now, if one does.
    pub(super) fn look(&mut self, step: Option<u64>, now: Duration) -> Sight {
        if let Some(seen) = self.step.as_mut().filter(|seen| Some(seen.number) == step) {
            let lasted = now.saturating_sub(seen.first_seen);
            if lasted < seen.report_after {
                return Sight::Usual;
            }
            seen.report_after = lasted.saturating_mul(2);
            seen.is_reported = true;
            return Sight::Long(lasted);
        }
        let ended = self.end(now);
        self.step = step.map(|number| SeenStep {
            number,
            first_seen: now,
            report_after: self.limit,
            is_reported: false,
        });
        ended.map_or(Sight::Usual, Sight::Ended)
    }

    /// Forgets the step. If it was reported, returns how long it has lasted.
    pub(super) fn end(&mut self, now: Duration) -> Option<Duration> {
        let reported = self.step.take().filter(|step| step.is_reported)?;
        Some(now.saturating_sub(reported.first_seen))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: u64 = 100;

    fn looks(looks: &[(Option<u64>, u64)]) -> Vec<Sight> {
        let mut timer = StepTimer::new(Duration::from_millis(LIMIT));
        let looks = looks.iter();
        looks.map(|(step, ms)| timer.look(*step, Duration::from_millis(*ms))).collect()
    }

    fn long(ms: u64) -> Sight {
        Sight::Long(Duration::from_millis(ms))
    }

    fn ended(ms: u64) -> Sight {
        Sight::Ended(Duration::from_millis(ms))
    }

    #[test]
    fn a_step_is_reported_with_growing_pauses_and_at_its_end() {
        let sights = looks(&[
            // The step is seen for the first time.
            (Some(1), 10),
            (Some(1), 109),
            (Some(1), 110),
            (Some(1), 209),
            (Some(1), 210),
            (Some(1), 409),
            (Some(1), 410),
            (None, 500),
            (None, 600),
        ]);
        use Sight::Usual;
        let expected =
            [Usual, Usual, long(100), Usual, long(200), Usual, long(400), ended(490), Usual];
        assert_eq!(sights, expected);
    }

    #[test]
    fn many_short_steps_are_not_reported() {
        let steps: Vec<_> = (0..100).map(|n| (Some(2 * n + 1), n * (LIMIT - 1))).collect();
        assert!(looks(&steps).iter().all(|sight| *sight == Sight::Usual));
        let idle: Vec<_> = (0..100).map(|n| (None, n * LIMIT)).collect();
        assert!(looks(&idle).iter().all(|sight| *sight == Sight::Usual));
    }

    #[test]
    fn the_step_after_a_long_one_begins_anew() {
        let sights = looks(&[(Some(1), 0), (Some(1), 150), (Some(3), 200), (Some(3), 299)]);
        assert_eq!(sights, [Sight::Usual, long(150), ended(200), Sight::Usual]);
    }

    #[test]
    fn the_end_of_the_loop_ends_a_step() {
        let mut timer = StepTimer::new(Duration::from_millis(LIMIT));
        timer.look(Some(1), Duration::ZERO);
        assert_eq!(timer.look(Some(1), Duration::from_millis(100)), long(100));
        assert_eq!(timer.end(Duration::from_millis(130)), Some(Duration::from_millis(130)));
        assert_eq!(timer.end(Duration::from_millis(140)), None);
    }

    #[test]
    fn a_limit_of_zero_does_not_keep_the_processor_busy() {
        assert_eq!(StepTimer::new(Duration::ZERO).pause(), Duration::from_millis(1));
    }
}
