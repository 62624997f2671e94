//! `quadrivium trace`: runs a program of `examples/` once and prints what happened to its tasks.

use clap::Args;
use quadrivium::{EventLoop, event_loop::Recorder};
use quadrivium_examples::{programs::Program, styles::StyleName};

mod columns;
mod objects;
mod rows;

use self::{columns::Columns, rows::rows};
use crate::names::{program_parser, style_parser};

pub const EXAMPLES: &str = "\
The program runs on a virtual clock, so the same program leaves the same trace each time. Its own \
lines are printed first. Each row is one event of one task. A row has a time when it differs from \
the row above. The last column is the line on which the task has suspended.

Examples:
  quadrivium trace hello
  quadrivium trace pipeline --style green

Exit code: 0; 1 if the program failed; 2 if the command line is refused.";

/// The width of the widest row.
const WIDEST: usize = 100;

/// Runs a small program and prints its trace: what happened to its tasks, in order
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct TraceOptions {
    /// The program
    #[arg(value_name = "PROGRAM", value_parser = program_parser())]
    program: Program,

    /// The style of the program
    #[arg(
        // The whole command has another `style`.
        id = "trace_style", long = "style", value_name = "STYLE",
        default_value_t = StyleName::Future, value_parser = style_parser(),
    )]
    style: StyleName,
}

/// Runs the program and returns its trace as text.
///
/// # Errors
///
/// One line, when there is no loop or when the program fails.
pub fn trace(options: &TraceOptions) -> Result<String, String> {
    let TraceOptions { program, style } = options;
    let no_loop = |error| format!("the operating system refuses an event loop: {error}");
    let mut event_loop = EventLoop::with_virtual_clock().map_err(no_loop)?;
    let recorder = Recorder::default();
    event_loop.trace(recorder.clone());
    (program.run)(*style, &mut event_loop).map_err(|error| error.to_string())?;
    let (rows, objects) = rows(&recorder.events());
    let columns = Columns::fitting(&rows, WIDEST);
    let rows = rows.iter().map(|row| columns.line(row));
    let lines: Vec<_> = [String::new(), columns.heading()].into_iter().chain(rows).collect();
    Ok(lines.join("\n") + "\n" + &objects)
}
