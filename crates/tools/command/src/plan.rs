//! [`Plan`]: the runs that there will be, and the clock and speed of each. All is decided before
//! the first run.

use std::time::Duration;

use clap::ValueEnum;
use quadrivium::event_loop::trace::TraceFile;

use crate::{
    args::{ClockChoice, Exhibition, MOST_MOVES},
    exhibition::{PlayStyle, Rules, Way, styles_of},
    text,
};

/// The runs, in the order of the table.
#[derive(Debug)]
pub struct Plan {
    pub rules: Rules,
    pub clock: ClockChoice,
    pub runs: Vec<PlannedRun>,
    /// The file that receives the traces of the runs on loops.
    pub trace: Option<TraceFile>,
}

/// A run, which becomes one row of the table.
#[derive(Clone, Debug)]
pub struct PlannedRun {
    pub style: PlayStyle,
    pub way: Way,
    pub pace: Pace,
}

/// How time passes for a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Pace {
    /// On the virtual clock.
    Virtual,
    /// On the real clock. All thinking times are divided by `scale`.
    Real { scale: f64 },
    /// The run does not take place, for this reason.
    Skipped(String),
}

/// More OS threads or processes than this show nothing new, and many systems refuse them.
const MOST_OS_BOARDS: usize = 1000;

/// How long a comparison runs while the styles use the virtual clock, if that is enough.
const USUAL_RUN: Duration = Duration::from_secs(2);

/// An OS timer is late by some 60 us, and a lock takes as long to change its owner. With 2 ms for
/// each wait on the critical path, the result is off by 5 % or so.
const PER_WAIT: Duration = Duration::from_millis(2);

/// A comparison that would take longer is run only if `--style` names it.
const LONGEST_UNASKED_RUN: Duration = Duration::from_secs(8);

impl Plan {
    /// Decides which runs there are.
    ///
    /// # Errors
    ///
    /// One line, if the options contradict each other, if no run can take place, or if the file for
    /// the traces cannot be created.
    pub fn new(options: &Exhibition) -> Result<Plan, String> {
        let rules = Rules {
            boards: options.boards,
            moves: options.moves,
            master: options.master,
            opponent: options.opponent,
            seed: options.seed,
        };
        check(options, &rules)?;
        let chosen = &options.style;
        let is_chosen = |style: &PlayStyle| chosen.is_empty() || chosen.contains(style);
        let mut runs = Vec::new();
        for way in Way::ALL {
            for &style in styles_of(way).iter().filter(|style| is_chosen(style)) {
                runs.push(PlannedRun { style, way, pace: pace(style, way, &rules, options) });
            }
        }
        if let Some(reason) = reason_if_all_are_skipped(&runs) {
            return Err(reason);
        }
        let trace = options.trace.as_ref().map(TraceFile::create).transpose();
        let trace = trace.map_err(|error| error.to_string())?;
        Ok(Plan { rules, clock: options.clock, runs, trace })
    }

    /// Returns how long the runs on the real clock will take, all at the same time.
    pub fn expected_time(&self) -> Duration {
        let expected = |run: &PlannedRun| match run.pace {
            Pace::Real { scale } => scaled(simulated(&self.rules, run.way)?, scale),
            Pace::Virtual | Pace::Skipped(_) => None,
        };
        self.runs.iter().filter_map(expected).max().unwrap_or_default()
    }
}

/// Returns the reason of the first run if all runs are skipped. A table without a number is no
/// result.
fn reason_if_all_are_skipped(runs: &[PlannedRun]) -> Option<String> {
    let reason = |run: &PlannedRun| match &run.pace {
        Pace::Skipped(reason) => Some(reason.clone()),
        Pace::Virtual | Pace::Real { .. } => None,
    };
    let reasons: Option<Vec<_>> = runs.iter().map(reason).collect();
    reasons?.into_iter().next()
}

fn check(options: &Exhibition, rules: &Rules) -> Result<(), String> {
    if let (Some(scale), ClockChoice::Virtual) = (options.scale, options.clock) {
        return Err(format!(
            "--scale {scale} has no effect on the virtual clock: add --clock real, or leave \
             --scale out"
        ));
    }
    if rules.boards.checked_mul(rules.moves).is_none_or(|moves| moves > MOST_MOVES) {
        return Err(format!(
            "--boards {} --moves {} are more than {} moves altogether: use fewer of either",
            rules.boards,
            rules.moves,
            text::count(MOST_MOVES as u64)
        ));
    }
    let scale = options.scale.unwrap_or(1.0);
    let longest = simulated(rules, Way::OneAfterAnother);
    if longest.and_then(|longest| scaled(longest, scale)).is_none() {
        return Err(format!(
            "--master {} --opponent {} make an exhibition longer than 400 years, which no clock \
             here can count: use shorter times, or fewer boards or moves",
            humantime::format_duration(rules.master),
            humantime::format_duration(rules.opponent)
        ));
    }
    Ok(())
}

/// Returns how long the exhibition takes without a seed. None if that is longer than a clock can
/// count.
fn simulated(rules: &Rules, way: Way) -> Option<Duration> {
    let (boards, moves) = (rules.boards as u128, rules.moves as u128);
    let (master, opponent) = (rules.master.as_nanos(), rules.opponent.as_nanos());
    let a_game = (master + opponent).checked_mul(moves)?;
    let nanos = match way {
        Way::OneAfterAnother => a_game.checked_mul(boards)?,
        Way::MoveByMove => a_game.max(master.checked_mul(moves * boards)? + opponent),
    };
    Some(Duration::from_nanos(u64::try_from(nanos).ok()?)).filter(|it| *it <= LONGEST_EXHIBITION)
}

/// A loop counts 2^64 ns, which are 584 years. A seed may make an exhibition a quarter longer.
const LONGEST_EXHIBITION: Duration = Duration::from_secs(400 * 31_556_952);

/// Returns the time divided by `scale`. None if that is longer than a clock can count.
fn scaled(time: Duration, scale: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(time.as_secs_f64() / scale)
        .ok()
        .filter(|it| *it <= LONGEST_EXHIBITION)
}

fn pace(style: PlayStyle, way: Way, rules: &Rules, options: &Exhibition) -> Pace {
    if matches!(style, PlayStyle::Threads | PlayStyle::Processes) && rules.boards > MOST_OS_BOARDS {
        return Pace::Skipped(format!(
            "{} {style} are too many: use --boards {MOST_OS_BOARDS} or fewer",
            text::count(rules.boards as u64)
        ));
    }
    match options.clock {
        ClockChoice::Real => Pace::Real { scale: options.scale.unwrap_or(1.0) },
        ClockChoice::Virtual if style.is_comparison() => {
            comparison_pace(style, way, rules, options)
        }
        ClockChoice::Virtual => Pace::Virtual,
    }
}

/// Chooses a scale for a comparison: as fast as timers and locks allow without much distortion.
fn comparison_pace(style: PlayStyle, way: Way, rules: &Rules, options: &Exhibition) -> Pace {
    let waits = match way {
        Way::OneAfterAnother => 2 * rules.boards * rules.moves,
        Way::MoveByMove => rules.moves * rules.boards.max(2),
    };
    let simulated =
        simulated(rules, way).expect("`check` has refused exhibitions that are too long");
    let real = PER_WAIT.mul_f64(waits as f64).max(USUAL_RUN).min(simulated);
    if real > LONGEST_UNASKED_RUN && options.style.is_empty() {
        let option = style.to_possible_value().expect("every style has a name");
        let (takes, option) = (text::duration(real), option.get_name());
        return Pace::Skipped(format!("it takes {takes}: use --style {option} to run it"));
    }
    let scale = simulated.as_secs_f64() / real.as_secs_f64();
    Pace::Real { scale: if scale.is_finite() { round_down_to_two_digits(scale) } else { 1.0 } }
}

/// Rounds down to two digits, or to a whole number.
fn round_down_to_two_digits(number: f64) -> f64 {
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
        assert_eq!(plan.expected_time(), Duration::from_millis(2_880));
    }

    #[test]
    fn on_the_real_clock_every_run_has_the_same_scale() {
        assert!(paces("--clock real --scale 7").iter().all(|it| *it == Pace::Real { scale: 7.0 }));
        assert!(paces("--clock real").iter().all(|it| *it == Pace::Real { scale: 1.0 }));
    }

    #[test]
    fn too_many_threads_are_skipped_and_long_runs_unless_they_are_named() {
        let too_many = "1,001 OS threads are too many: use --boards 1000 or fewer";
        assert_eq!(
            paces("--boards 1001 --style future,threads"),
            [Pace::Virtual, Pace::Virtual, Pace::Skipped(too_many.into())]
        );
        // All runs would be skipped.
        assert_eq!(plan("--boards 1001 --style threads").unwrap_err(), too_many);
        assert_eq!(
            paces("--boards 200")[9],
            Pace::Skipped("it takes 12 s: use --style threads to run it".into())
        );
        assert_eq!(paces("--boards 200 --style threads"), [Pace::Real { scale: 2_500.0 }]);
    }

    #[test]
    fn an_exhibition_without_thinking_has_scale_1() {
        assert_eq!(
            paces("--master 0 --opponent 0 --style sequential"),
            [Pace::Real { scale: 1.0 }]
        );
    }

    #[test]
    fn contradicting_options_are_an_error_of_one_line() {
        assert_eq!(
            plan("--scale 5").unwrap_err(),
            "--scale 5 has no effect on the virtual clock: add --clock real, or leave --scale out"
        );
        assert_eq!(
            plan("--boards 1000000 --moves 101").unwrap_err(),
            "--boards 1000000 --moves 101 are more than 100,000,000 moves altogether: \
             use fewer of either"
        );
        assert_eq!(
            plan("--master 1000y").unwrap_err(),
            "--master 1000years --opponent 55s make an exhibition longer than 400 years, which \
             no clock here can count: use shorter times, or fewer boards or moves"
        );
        assert!(plan("--master 50y --boards 1 --moves 1 --clock real --scale 0.001").is_err());
    }
}
