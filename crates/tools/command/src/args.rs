//! The command line: what can be asked, and one clear line for what cannot.

use std::time::Duration;

use clap::{
    Args, CommandFactory, Parser, Subcommand, ValueEnum, builder::Styles, error::ErrorKind,
};

use crate::{
    exhibition::{PlayStyle, Rules},
    serve::Serve,
};

/// More would not fit the memory of most machines: a green thread takes a page or two.
pub const MOST_BOARDS: usize = 1_000_000;

/// More boards × moves would take hours: a move costs up to a microsecond, and there are 16 runs.
pub const MOST_MOVES: usize = 100_000_000;

/// Four ways to suspend and resume a computation, on one event loop.
///
/// A chess master plays many boards. If he waits at each for the reply, he needs half a day; if he
/// makes one move and goes on to the next board, an opponent's thinking hides behind the other
/// boards, and he needs an hour. Nobody moves faster: only the waiting is gone. The command plays
/// both ways in each of the four styles (callback, generator, future, green thread), and beside
/// them what the operating system offers: a plain loop, a thread per board, a process per board.
#[derive(Debug, Parser)]
#[command(
    name = "quadrivium",
    version,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    styles = Styles::styled(),
    after_help = EXAMPLES,
    max_term_width = 100
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Subcommands>,
    #[command(flatten)]
    pub exhibition: Exhibition,
}

#[derive(Debug, Subcommand)]
pub enum Subcommands {
    /// Plays the simultaneous exhibition: what runs if no command is named
    #[command(after_help = EXAMPLES, max_term_width = 100)]
    Exhibition(Exhibition),
    /// Serves echo, chat, http or proxy over TCP, in one of the four styles
    Serve(Serve),
    /// What the command runs of itself: plays without a loop, as told on standard input
    #[command(hide = true)]
    Answer,
}

const EXAMPLES: &str = "\
Thinking times are like 5s, 500ms, 1m 30s, or plain seconds.
On the virtual clock time jumps to the next deadline, so 12 hours are a blink. On the real clock it
passes; --scale 1000 makes a second of play a millisecond.

Examples:
  quadrivium                                    24 boards, all styles, about three seconds
  quadrivium --style green,future --boards 100000
  quadrivium --clock real --scale 1000          the same hours on real timers, under a minute
  quadrivium --opponent 5s --seed 7             other opponents, who do not think evenly long
  quadrivium --json | jq .rows                  for machines

Exit code: 0, 1 if a run failed, 2 if the command line makes no sense.";

#[derive(Args, Clone, Debug)]
pub struct Exhibition {
    /// Number of boards
    #[arg(
        long, value_name = "N", default_value_t = Rules::default().boards,
        value_parser = number::<MOST_BOARDS>, allow_negative_numbers = true,
    )]
    pub boards: usize,

    /// Moves the master makes on each board, and so many replies
    #[arg(
        long, value_name = "N", default_value_t = Rules::default().moves,
        value_parser = number::<MOST_MOVES>, allow_negative_numbers = true,
    )]
    pub moves: usize,

    /// How long the master thinks about a move
    #[arg(
        long, value_name = "TIME", default_value = "5s", value_parser = time,
        allow_hyphen_values = true,
    )]
    pub master: Duration,

    /// How long an opponent thinks about a reply
    #[arg(
        long, value_name = "TIME", default_value = "55s", value_parser = time,
        allow_hyphen_values = true,
    )]
    pub opponent: Duration,

    /// Varies all thinking times by up to a quarter; the same seed, the same times
    #[arg(long, value_name = "NUMBER", value_parser = seed, allow_negative_numbers = true)]
    pub seed: Option<u64>,

    /// Who plays; several with commas, or the option again [default: all]
    #[arg(long, value_name = "STYLE", value_delimiter = ',')]
    pub style: Vec<PlayStyle>,

    /// Which clock the styles run on; the OS has a real one only
    #[arg(long, value_name = "CLOCK", default_value = "virtual")]
    pub clock: ClockChoice,

    /// How many times faster than real time the real clock is played [default: 1]
    #[arg(long, value_name = "FACTOR", value_parser = scale, allow_negative_numbers = true)]
    pub scale: Option<f64>,

    /// Prints one JSON document instead of table and timeline
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ClockChoice {
    /// Time jumps when nothing else can happen
    Virtual,
    /// Time passes
    Real,
}

/// One clear line from the page that clap makes of an error.
pub fn one_line(error: &clap::Error) -> String {
    let page = error.render().to_string();
    let told = page.split("\n\nUsage:").next().unwrap_or(&page);
    let told = told.split("\n\nFor more information").next().unwrap_or(told);
    let lines: Vec<_> = told.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let line = lines.join("; ").replace("; [possible values: ", ": use ");
    let line = line.replace("; [subcommands: ", ": use ").replace(']', "");
    let line = line + &commands_instead(error, &page);
    let remedy = if line.contains(": use ") || line.contains("tip:") { "" } else { "; see --help" };
    line + remedy
}

/// The names of the commands that there are, in place of one that there is not.
fn commands_instead(error: &clap::Error, page: &str) -> String {
    if error.kind() != ErrorKind::InvalidSubcommand {
        return String::new();
    }
    let command = Cli::command();
    let is_serve = page.contains("Usage: quadrivium serve");
    let parent = command.find_subcommand("serve").filter(|_| is_serve).unwrap_or(&command);
    let there_are = parent.get_subcommands().filter(|command| !command.is_hide_set());
    let names: Vec<_> = there_are.map(|command| command.get_name()).collect();
    format!(": use {}", names.join(", "))
}

fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("use a whole number from 0 to {}", u64::MAX))
}

fn number<const MOST: usize>(text: &str) -> Result<usize, String> {
    let found = text.parse().ok().filter(|number| (1..=MOST).contains(number));
    found.ok_or_else(|| format!("use a whole number from 1 to {MOST}"))
}

/// `5s`, `1m 30s`, or plain seconds, `5` or `0.5`.
pub fn time(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().map(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds
        .unwrap_or_else(|| humantime::parse_duration(text).ok())
        .ok_or_else(|| "use a time like 5s, 500ms, 1m or plain seconds".into())
}

fn scale(text: &str) -> Result<f64, String> {
    let found = text.parse().ok().filter(|scale: &f64| (1e-3..=1e9).contains(scale));
    found.ok_or_else(|| "use a factor from 0.001 to 1000000000, such as 1000".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_mean_the_same_with_and_without_the_subcommand() {
        let with = Cli::try_parse_from(["quadrivium", "exhibition", "--boards", "2"]).unwrap();
        let without = Cli::try_parse_from(["quadrivium", "--boards", "2"]).unwrap();
        let Some(Subcommands::Exhibition(with)) = with.command else { panic!("{with:?}") };
        assert_eq!(format!("{with:?}"), format!("{:?}", without.exhibition));
    }

    #[test]
    fn the_defaults_are_those_of_the_rules() {
        let exhibition = Cli::try_parse_from(["quadrivium"]).unwrap().exhibition;
        assert_eq!(exhibition.master, Rules::default().master);
        assert_eq!(exhibition.opponent, Rules::default().opponent);
    }

    #[test]
    fn times_have_units_or_are_seconds() {
        for (text, ms) in [
            ("5s", 5_000),
            ("500ms", 500),
            ("1m", 60_000),
            ("1m 30s", 90_000),
            ("1m30s", 90_000),
            ("5", 5_000),
            ("0.5", 500),
            ("0", 0),
        ] {
            assert_eq!(time(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for text in ["", "-5s", "-5", "five", "5 parsecs", "NaN", "inf", "1e30", "99999999999999y"]
        {
            assert!(time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn styles_come_with_commas_or_again() {
        let parsed = Cli::try_parse_from(["quadrivium", "--style=green,future", "--style=threads"]);
        assert_eq!(
            parsed.unwrap().exhibition.style,
            [PlayStyle::Green, PlayStyle::Future, PlayStyle::Threads]
        );
    }

    #[test]
    fn an_error_is_one_line_that_names_value_and_remedy() {
        for (args, line) in [
            (
                ["--boards", "0"],
                "error: invalid value '0' for '--boards <N>': use a whole number from 1 to 1000000",
            ),
            (
                ["--master", "soon"],
                "error: invalid value 'soon' for '--master <TIME>': \
                 use a time like 5s, 500ms, 1m or plain seconds",
            ),
            (
                ["--style", "greene"],
                "error: invalid value 'greene' for '--style <STYLE>': use callback, \
                 generator, future, green, sequential, threads, processes; \
                 tip: a similar value exists: 'green'",
            ),
            (
                ["--opponent", "-3s"],
                "error: invalid value '-3s' for '--opponent <TIME>': \
                 use a time like 5s, 500ms, 1m or plain seconds",
            ),
            (
                ["--clock", "wall"],
                "error: invalid value 'wall' for '--clock <CLOCK>': use virtual, real",
            ),
            (["play", "--json"], "error: unrecognized subcommand 'play': use exhibition, serve"),
            (
                ["--bords", "3"],
                "error: unexpected argument '--bords' found; \
                 tip: a similar argument exists: '--boards'",
            ),
        ] {
            let error = Cli::try_parse_from(["quadrivium"].iter().chain(&args)).unwrap_err();
            assert_eq!(one_line(&error), line);
        }
    }
}
