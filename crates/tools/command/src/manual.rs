//! Shell completions and manual pages, made of the definition of the command line.

use std::io::{self, Write};

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::args::Cli;

/// Prints a script that completes arguments in this shell.
///
/// # Errors
///
/// When standard output cannot be written.
pub fn print_completions(shell: Shell) -> io::Result<()> {
    // Clap panics if it cannot write, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "quadrivium", &mut script);
    io::stdout().write_all(&script)
}

/// Returns the manual page of a command. The path is empty for the main page, or is such as
/// `serve http`.
///
/// # Errors
///
/// When no such command exists. The error names the commands that exist.
pub fn page(path: &[String]) -> Result<Vec<u8>, String> {
    let mut root = Cli::command();
    root.build();
    let mut command = &root;
    for name in path {
        command = command.find_subcommand(name).ok_or_else(|| no_such_command(command, name))?;
    }
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page).expect("a vector takes all bytes");
    Ok(page)
}

fn no_such_command(parent: &Command, name: &str) -> String {
    let names: Vec<_> = parent.get_subcommands().map(Command::get_name).collect();
    match names[..] {
        [] => format!("'{}' has no command '{name}': leave it out", parent.get_name()),
        _ => format!("there is no command '{name}': use {}", names.join(", ")),
    }
}
