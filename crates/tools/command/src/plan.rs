//! [`Plan`]: what will be run, on which clock, how fast; decided before anything runs.

use std::time::Duration;

use clap::ValueEnum;

use crate::{
    args::{ClockChoice, Exhibition, MOST_MOVES},
    exhibition::{PlayStyle, Rules, Way},
    text,
};

/// Everything decided.
#[derive(Debug)]
pub struct Plan {
    pub rules: Rules,
    pub clock: ClockChoice,
    pub runs: Vec<PlannedRun>,
}

/// One row of the table to be.
#[derive(Clone, Debug)]
pub struct PlannedRun {
    pub style: PlayStyle,
    pub way: Way,
    pub pace: Pace,
}

/// How time passes for a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Pace {
    /// It jumps.
    Virtual,
    /// It passes, this many times faster than it says.
    Real { scale: f64 },
    /// Not at all: it is not run, for this reason.
    Skipped(String),
}

/// More OS threads or processes than this say nothing new, and many systems refuse them.
const MOST_OS_BOARDS: usize = 1000;

/// How long an answer of the OS is run beside the virtual clock, if that is enough.
const USUAL: Duration = Duration::from_secs(2);

/// An OS timer is late by some 60 us and a lock takes as long to change hands: with 2 ms for each
/// wait that counts, the result is off by 5 % or so.
const PER_WAIT: Duration = Duration::from_millis(2);

/// What would take longer is run only when it is asked for by name.
const PATIENCE: Duration = Duration::from_secs(8);

impl Plan {
    /// Decides, or says in one line what cannot be.
    pub fn new(asked: &Exhibition) -> Result<Plan, String> {
        let rules = Rules {
            boards: asked.boards,
            moves: asked.moves,
            master: asked.master,
            opponent: asked.opponent,
            seed: asked.seed,
        };
        check(asked, &rules)?;
        let is_asked = |style: &PlayStyle| asked.style.is_empty() || asked.style.contains(style);
        let mut runs = Vec::new();
        for way in Way::ALL {
            for &style in way.styles().iter().filter(|style| is_asked(style)) {
                runs.push(PlannedRun { style, way, pace: pace(style, way, &rules, asked) });
            }
        }
        if let Some(reason) = why_nothing_is_run(&runs) {
            return Err(reason);
        }
        Ok(Plan { rules, clock: asked.clock, runs })
    }

    /// How long the runs on the real clock will take, side by side.
    pub fn expected(&self) -> Duration {
        let expected = |run: &PlannedRun| match run.pace {
            Pace::Real { scale } => scaled(simulated(&self.rules, run.way)?, scale),
            Pace::Virtual | Pace::Skipped(_) => None,
        };
        self.runs.iter().filter_map(expected).max().unwrap_or_default()
    }
}

/// Why a table would have no number in it: the reason of the first run, if none is run.
fn why_nothing_is_run(runs: &[PlannedRun]) -> Option<String> {
    let reason = |run: &PlannedRun| match &run.pace {
        Pace::Skipped(reason) => Some(reason.clone()),
        Pace::Virtual | Pace::Real { .. } => None,
    };
    let reasons: Option<Vec<_>> = runs.iter().map(reason).collect();
    reasons?.into_iter().next()
}

fn check(asked: &Exhibition, rules: &Rules) -> Result<(), String> {
    if let (Some(scale), ClockChoice::Virtual) = (asked.scale, asked.clock) {
        return Err(format!(
            "--scale {scale} is for the real clock, as the virtual one takes no time: \
             add --clock real, or leave it out"
        ));
    }
    if rules.boards.checked_mul(rules.moves).is_none_or(|moves| moves > MOST_MOVES) {
        return Err(format!(
            "--boards {} --moves {} are more than {} moves in all: use fewer of either",
            rules.boards,
            rules.moves,
            text::count(MOST_MOVES as u64)
        ));
    }
    let scale = asked.scale.unwrap_or(1.0);
    let longest = simulated(rules, Way::OneAfterAnother);
    if longest.and_then(|longest| scaled(longest, scale)).is_none() {
        return Err(format!(
            "--master {} --opponent {} make an exhibition longer than the 400 years a clock here \
             can count: use shorter times, or fewer boards or moves",
            humantime::format_duration(rules.master),
            humantime::format_duration(rules.opponent)
        ));
    }
    Ok(())
}

/// How long the exhibition takes, but for what a seed varies. None if no clock counts that far.
fn simulated(rules: &Rules, way: Way) -> Option<Duration> {
    let (boards, moves) = (rules.boards as u128, rules.moves as u128);
    let (master, opponent) = (rules.master.as_nanos(), rules.opponent.as_nanos());
    let a_game = (master + opponent).checked_mul(moves)?;
    let nanos = match way {
        Way::OneAfterAnother => a_game.checked_mul(boards)?,
        Way::MoveByMove => a_game.max(master.checked_mul(moves * boards)? + opponent),
    };
    Some(Duration::from_nanos(u64::try_from(nanos).ok()?)).filter(|it| *it <= LONGEST)
}

/// A loop counts 2^64 ns, 584 years. A seed may make an exhibition a quarter longer.
const LONGEST: Duration = Duration::from_secs(400 * 31_556_952);

/// The time it takes when everybody is `scale` times as fast. None if no clock counts that far.
fn scaled(time: Duration, scale: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(time.as_secs_f64() / scale).ok().filter(|it| *it <= LONGEST)
}

fn pace(style: PlayStyle, way: Way, rules: &Rules, asked: &Exhibition) -> Pace {
    if matches!(style, PlayStyle::Threads | PlayStyle::Processes) && rules.boards > MOST_OS_BOARDS {
        return Pace::Skipped(format!(
            "{} {style} are too many: use --boards {MOST_OS_BOARDS} or fewer",
            text::count(rules.boards as u64)
        ));
    }
    match asked.clock {
        ClockChoice::Real => Pace::Real { scale: asked.scale.unwrap_or(1.0) },
        ClockChoice::Virtual if style.is_left_to_the_os() => os_pace(style, way, rules, asked),
        ClockChoice::Virtual => Pace::Virtual,
    }
}

/// As fast as timers and locks allow without much distortion.
fn os_pace(style: PlayStyle, way: Way, rules: &Rules, asked: &Exhibition) -> Pace {
    let waits = match way {
        Way::OneAfterAnother => 2 * rules.boards * rules.moves,
        Way::MoveByMove => rules.moves * rules.boards.max(2),
    };
    let simulated = simulated(rules, way).expect("`check` has seen that a clock counts that far");
    let real = PER_WAIT.mul_f64(waits as f64).max(USUAL).min(simulated);
    if real > PATIENCE && asked.style.is_empty() {
        let option = style.to_possible_value().expect("every style can be asked for");
        let (takes, option) = (text::short(real), option.get_name());
        return Pace::Skipped(format!("it takes {takes} of real time: ask with --style {option}"));
    }
    let scale = simulated.as_secs_f64() / real.as_secs_f64();
    Pace::Real { scale: if scale.is_finite() { two_digits(scale) } else { 1.0 } }
}

/// The next lower number that is easy to say.
fn two_digits(number: f64) -> f64 {
    let unit = 10_f64.powi((number.log10().floor() as i32 - 1).max(0));
    ((number / unit).floor() * unit).max(1.0)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::Cli;

    fn plan(args: &str) -> Result<Plan, String> {
        let args = ["quadrivium"].into_iter().chain(args.split_whitespace());
        Plan::new(&Cli::try_parse_from(args).unwrap().exhibition)
    }

    fn paces(args: &str) -> Vec<Pace> {
        plan(args).unwrap().runs.into_iter().map(|run| run.pace).collect()
    }

    #[test]
    fn by_default_everything_is_run_in_some_seconds() {
        let plan = plan("").unwrap();
        assert_eq!(plan.runs.len(), 11);
        assert_eq!(plan.runs[0].pace, Pace::Virtual);
        assert_eq!(plan.runs[4].pace, Pace::Real { scale: 15_000.0 });
        assert_eq!(plan.runs[10].pace, Pace::Real { scale: 1_800.0 });
        assert_eq!(plan.expected(), Duration::from_millis(2_880));
    }

    #[test]
    fn on_the_real_clock_everything_is() {
        assert!(paces("--clock real --scale 7").iter().all(|it| *it == Pace::Real { scale: 7.0 }));
        assert!(paces("--clock real").iter().all(|it| *it == Pace::Real { scale: 1.0 }));
    }

    #[test]
    fn too_many_threads_are_skipped_and_what_takes_long_only_if_not_asked_for() {
        let too_many = "1,001 OS threads are too many: use --boards 1000 or fewer";
        assert_eq!(
            paces("--boards 1001 --style future,threads"),
            [Pace::Virtual, Pace::Virtual, Pace::Skipped(too_many.into())]
        );
        // Then nothing would be run.
        assert_eq!(plan("--boards 1001 --style threads").unwrap_err(), too_many);
        assert_eq!(
            paces("--boards 200")[9],
            Pace::Skipped("it takes 12 s of real time: ask with --style threads".into())
        );
        assert_eq!(paces("--boards 200 --style threads"), [Pace::Real { scale: 2_500.0 }]);
    }

    #[test]
    fn no_time_at_all_is_fine() {
        assert_eq!(
            paces("--master 0 --opponent 0 --style sequential"),
            [Pace::Real { scale: 1.0 }]
        );
    }

    #[test]
    fn what_cannot_be_is_told_in_a_line() {
        assert_eq!(
            plan("--scale 5").unwrap_err(),
            "--scale 5 is for the real clock, as the virtual one takes no time: \
             add --clock real, or leave it out"
        );
        assert_eq!(
            plan("--boards 1000000 --moves 101").unwrap_err(),
            "--boards 1000000 --moves 101 are more than 100,000,000 moves in all: \
             use fewer of either"
        );
        assert_eq!(
            plan("--master 1000y").unwrap_err(),
            "--master 1000years --opponent 55s make an exhibition longer than the 400 years a \
             clock here can count: use shorter times, or fewer boards or moves"
        );
        assert!(plan("--master 50y --boards 1 --moves 1 --clock real --scale 0.001").is_err());
    }
}
