//! The command in a process: its output, its errors and its exit codes.
//!
//! Times of the virtual clock are compared, and measured times are not.

mod help;
mod page;
mod terminal;

use std::process::{Command, Output};

const STYLES: [&str; 4] = ["callback", "generator", "future", "green"];

/// Returns the command with these arguments, in a UTF-8 environment without a terminal.
fn quadrivium(args: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quadrivium"));
    command.args(args.split_whitespace()).env("LC_ALL", "C.UTF-8");
    command.env_remove("TERM").env_remove("COLUMNS");
    command
}

fn output(args: &str) -> Output {
    quadrivium(args).output().expect("the command runs")
}

/// Returns what the command prints. It must succeed and print nothing on standard error.
fn printed(args: &str) -> String {
    printed_by(quadrivium(args))
}

fn printed_by(mut command: Command) -> String {
    let output = command.output().expect("the command runs");
    assert!(output.status.success(), "{command:?}: {output:?}");
    assert!(output.stderr.is_empty(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).expect("it prints UTF-8")
}
