//! The command line: its options, and errors of one line for arguments that are refused.

use std::{path::PathBuf, time::Duration};

use clap::{
    Args, Command, CommandFactory, Parser, Subcommand, ValueEnum, builder::Styles, error::ErrorKind,
};
use clap_complete::Shell;

use crate::{
    exhibition::{PlayStyle, Rules},
    serve::Serve,
    show::Show,
    trace::TraceOptions,
};

/// More boards would not fit the memory of most machines: a green thread takes a page or two.
pub const MOST_BOARDS: usize = 1_000_000;

/// More boards × moves would take hours: a move costs up to a microsecond, and there are 16 runs.
pub const MOST_MOVES: usize = 100_000_000;

/// Longer lines of help are hard to read.
const WIDEST_HELP: usize = 100;

/// Four ways to suspend and resume a computation, on one event loop.
///
/// A chess master plays many boards. If the master waits at each board for the reply, the
/// exhibition takes half a day. If the master makes one move and goes on to the next board, it
/// takes an hour, because all opponents think at the same time. The thinking times are the same.
/// Only the waiting is gone.
///
/// The command plays both ways in each of the four styles: callback, generator, future and green
/// thread. For comparison it also plays with the means of the operating system alone: a plain loop,
/// a thread per board, a process per board.
#[derive(Debug, Parser)]
#[command(
    name = "quadrivium",
    version,
    args_conflicts_with_subcommands = true,
    styles = Styles::styled(),
    after_help = EXAMPLES
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Subcommands>,
    #[command(flatten)]
    pub exhibition: Exhibition,
}

#[derive(Debug, Subcommand)]
pub enum Subcommands {
    /// Plays the simultaneous exhibition. This is the default
    #[command(after_help = EXAMPLES)]
    Exhibition(Exhibition),
    /// Serves echo, chat, http or proxy over TCP, in one of the four styles
    Serve(Serve),
    /// Prints what the tasks of a running program do, and what they wait for
    #[command(after_help = PS)]
    Ps {
        /// The process. Without it, each loop of each process has one line
        #[arg(value_name = "PID")]
        process: Option<u32>,
        /// Prints JSON
        #[arg(id = "ps_json", long = "json")]
        json: bool,
    },
    /// Prints the tasks of a running program as a tree, above the tasks that they wait for
    #[command(after_help = PS)]
    Tree {
        /// The process
        #[arg(value_name = "PID")]
        process: u32,
        /// Prints JSON
        #[arg(id = "tree_json", long = "json")]
        json: bool,
    },
    /// Writes a page that shows a program in four styles, step by step
    #[command(after_help = SHOW)]
    Show(Show),
    /// Runs a small program and prints its trace: what happened to its tasks, in order
    Trace(TraceOptions),
    /// Prints which functions of the C library the standard library calls on this machine
    #[command(after_help = BLOCKING)]
    Blocking,
    /// Prints a script that completes this command's arguments in a shell
    #[command(after_help = COMPLETIONS)]
    Completions {
        /// The shell that reads the script
        shell: Shell,
    },
    /// Prints a manual page, as a source for `man`
    #[command(after_help = MAN)]
    Man {
        /// The command whose page is printed, such as `serve` or `serve http` [default: the main
        /// page]
        #[arg(value_name = "COMMAND")]
        command: Vec<String>,
    },
}

const EXAMPLES: &str = "\
Thinking times have units, such as 5s, 500ms or 1m 30s. Without a unit they are seconds.
The virtual clock jumps to the next deadline, so 12 hours pass in an instant. The real clock \
does not jump. With --scale 1000, a second of play takes a millisecond on it.

Examples:
  quadrivium                             24 boards, all styles, in three seconds
  quadrivium --style green,future --boards 100000
  quadrivium --clock real --scale 1000   the same 12 hours in under a minute
  quadrivium --opponent 5s --seed 7      thinking times that differ
  quadrivium --json | jq .rows           for machines

Exit code: 0; 1 if a run failed; 2 if the command line is refused.";

const PS: &str = "\
A program offers its tasks to its own user when it runs with QUADRIVIUM_INSPECT=1, if it is built \
with the feature `inspect`, or when it calls `inspect::serve_snapshots`. \
`quadrivium serve --inspect` does so as well.
A loop that does not answer within 100 ms is shown with the reason, and with its last snapshot.

Examples:
  quadrivium ps                          all loops of all processes
  quadrivium ps 4711                     the tasks of one process
  quadrivium ps 4711 --json | jq '.loops[].tasks.cycles'

Exit code: 0; 1 if a process does not answer; 2 if a loop does not answer, or the command line is \
refused.";

const SHOW: &str = "\
The page is one HTML file that makes no requests. It contains the four sources, and the traces of \
runs that were made for it: first in first out, eight seeds, and every order if there are few.

Examples:
  quadrivium show                        the programs that can be shown
  quadrivium show pipeline               writes pipeline.html
  quadrivium show hello --order 17       also with the order of seed 17
  quadrivium show pipeline --serve       serves the page, also for other orders";

const BLOCKING: &str = "\
The table has a row for each function of the standard library that can block: the functions of the \
C library that it reaches, and whether `hooks::report` sees the call.
The probes are in another program, quadrivium-blocking, because they replace functions of the C \
library. `cargo install --path crates/hooks` installs it.

Exit code: 0; 1 if a row differs from the list, or the program is missing.";

const COMPLETIONS: &str = "\
Examples:
  source <(quadrivium completions bash)
  quadrivium completions fish > ~/.config/fish/completions/quadrivium.fish";

const MAN: &str = "\
Examples:
  quadrivium man > quadrivium.1
  quadrivium man serve > quadrivium-serve.1
  man ./quadrivium.1";

#[derive(Args, Clone, Debug)]
pub struct Exhibition {
    /// Number of boards
    #[arg(
        long, value_name = "N", default_value_t = Rules::default().boards,
        value_parser = parse_number::<MOST_BOARDS>, allow_negative_numbers = true,
    )]
    pub boards: usize,

    /// Number of moves that the master makes on each board, and of replies
    #[arg(
        long, value_name = "N", default_value_t = Rules::default().moves,
        value_parser = parse_number::<MOST_MOVES>, allow_negative_numbers = true,
    )]
    pub moves: usize,

    /// How long the master thinks about a move
    #[arg(
        long, value_name = "TIME", default_value = "5s", value_parser = parse_time,
        allow_hyphen_values = true,
    )]
    pub master: Duration,

    /// How long an opponent thinks about a reply
    #[arg(
        long, value_name = "TIME", default_value = "55s", value_parser = parse_time,
        allow_hyphen_values = true,
    )]
    pub opponent: Duration,

    /// Varies each thinking time by up to a quarter. The same seed gives the same times
    #[arg(long, value_name = "NUMBER", value_parser = parse_seed, allow_negative_numbers = true)]
    pub seed: Option<u64>,

    /// The styles and comparisons to play, separated by commas [default: all]
    #[arg(long, value_name = "STYLE", value_delimiter = ',')]
    pub style: Vec<PlayStyle>,

    /// The clock of the four styles. The comparisons always use the real clock
    #[arg(long, value_name = "CLOCK", default_value = "virtual")]
    pub clock: ClockChoice,

    /// How many times faster everything is played on the real clock [default: 1]
    #[arg(long, value_name = "FACTOR", value_parser = parse_scale, allow_negative_numbers = true)]
    pub scale: Option<f64>,

    /// Writes what happened to the tasks into a new file, for the viewer of Perfetto (.pftrace) or
    /// Chrome (.json)
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,

    /// Prints one JSON document instead of a table and a timeline
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ClockChoice {
    /// Jumps to the next deadline when nothing else can happen
    Virtual,
    /// Advances with real time
    Real,
}

/// Returns the definition of the command line. Help is wrapped at `width` columns.
pub fn command(width: usize) -> Command {
    Cli::command().term_width(width.min(WIDEST_HELP))
}

/// Returns the page that clap makes of an error as one line, with the cause and a remedy.
pub fn one_line(error: &clap::Error) -> String {
    let page = error.render().to_string();
    let message = page.split("\n\nUsage:").next().unwrap_or(&page);
    let message = message.split("\n\nFor more information").next().unwrap_or(message);
    let lines = message.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = lines.fold(String::new(), |line, next| join_lines(&line, next));
    let line = line + &valid_commands(error, &page);
    let has_remedy = line.contains(": use ") || line.contains("tip: ");
    if has_remedy { line } else { line + "; see --help" }
}

/// Appends a line of clap's page. Clap lists missing arguments and valid values on lines of their
/// own.
fn join_lines(line: &str, next: &str) -> String {
    let valid = next
        .strip_prefix("[possible values: ")
        .or_else(|| next.strip_prefix("[subcommands: "))
        .and_then(|values| values.strip_suffix(']'));
    match valid {
        Some(values) => format!("{line}: use {values}"),
        None if line.is_empty() => next.to_owned(),
        None if line.ends_with(':') => format!("{line} {next}"),
        None => format!("{line}; {next}"),
    }
}

/// Returns the names of the commands, for an error about a command that does not exist.
fn valid_commands(error: &clap::Error, page: &str) -> String {
    if error.kind() != ErrorKind::InvalidSubcommand {
        return String::new();
    }
    let command = Cli::command();
    let is_serve = page.contains("Usage: quadrivium serve");
    let parent = command.find_subcommand("serve").filter(|_| is_serve).unwrap_or(&command);
    let names: Vec<_> = parent.get_subcommands().map(Command::get_name).collect();
    format!(": use {}", names.join(", "))
}

fn parse_seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("use a whole number from 0 to {}", u64::MAX))
}

fn parse_number<const MOST: usize>(text: &str) -> Result<usize, String> {
    let found = text.parse().ok().filter(|number| (1..=MOST).contains(number));
    found.ok_or_else(|| format!("use a whole number from 1 to {MOST}"))
}

/// Parses `5s`, `1m 30s`, or plain seconds such as `5` or `0.5`.
pub fn parse_time(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().map(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds
        .unwrap_or_else(|| humantime::parse_duration(text).ok())
        .ok_or_else(|| "use a time like 5s, 500ms, 1m or plain seconds".into())
}

fn parse_scale(text: &str) -> Result<f64, String> {
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
    fn options_mean_the_same_with_and_without_the_command() {
        let with = Cli::try_parse_from(["quadrivium", "exhibition", "--boards", "2"]).unwrap();
        let without = Cli::try_parse_from(["quadrivium", "--boards", "2"]).unwrap();
        let Some(Subcommands::Exhibition(with)) = with.command else { panic!("{with:?}") };
        assert_eq!(format!("{with:?}"), format!("{:?}", without.exhibition));
    }

    #[test]
    fn the_default_times_equal_the_rules() {
        let exhibition = Cli::try_parse_from(["quadrivium"]).unwrap().exhibition;
        assert_eq!(exhibition.master, Rules::default().master);
        assert_eq!(exhibition.opponent, Rules::default().opponent);
    }

    #[test]
    fn a_time_without_a_unit_is_in_seconds() {
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
            assert_eq!(parse_time(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for text in ["", "-5s", "-5", "five", "5 parsecs", "NaN", "inf", "1e30", "99999999999999y"]
        {
            assert!(parse_time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn several_styles_are_separated_by_commas_or_options() {
        let parsed = Cli::try_parse_from(["quadrivium", "--style=green,future", "--style=threads"]);
        assert_eq!(
            parsed.unwrap().exhibition.style,
            [PlayStyle::Green, PlayStyle::Future, PlayStyle::Threads]
        );
    }

    #[test]
    fn an_error_is_one_line_with_the_value_and_a_remedy() {
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
            (
                ["play", "--json"],
                "error: unrecognized subcommand 'play': use exhibition, serve, ps, tree, show, \
                trace, blocking, completions, man",
            ),
            (
                ["--bords", "3"],
                "error: unexpected argument '--bords' found; \
                 tip: a similar argument exists: '--boards'",
            ),
            (
                ["serve", "proxy"],
                "error: the following required arguments were not provided: --to <HOST:PORT>; \
                 see --help",
            ),
            (
                ["serve", "--style=green"],
                "error: 'quadrivium serve' requires a subcommand but one was not provided: \
                 use echo, chat, http, proxy, help",
            ),
            (
                ["--boards", "]"],
                "error: invalid value ']' for '--boards <N>': use a whole number from 1 to 1000000",
            ),
            (
                ["--json", "serve"],
                "error: the subcommand 'serve' cannot be used with '--json'; see --help",
            ),
        ] {
            let error = Cli::try_parse_from(["quadrivium"].iter().chain(&args)).unwrap_err();
            assert_eq!(one_line(&error), line);
        }
    }
}
