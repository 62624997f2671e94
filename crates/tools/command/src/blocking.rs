//! `quadrivium blocking`: which functions of the C library the standard library calls here.
//!
//! The probes are in a program of its own, `quadrivium-blocking`. It replaces functions of the C
//! library in its whole process, and this command must not do that.

use std::{
    env, io,
    path::PathBuf,
    process::{Command, ExitCode},
};

const PROGRAM: &str = "quadrivium-blocking";

/// Runs the program with the probes, and returns its exit code.
///
/// # Errors
///
/// A line with the remedy, when the program is not found or cannot be run.
pub fn print_table() -> Result<ExitCode, String> {
    match Command::new(program()).status() {
        Ok(status) if status.success() => Ok(ExitCode::SUCCESS),
        Ok(_) => Ok(ExitCode::FAILURE),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(format!(
            "the program {PROGRAM} is neither beside this one nor in PATH: build it from the \
             sources with `cargo install --path crates/hooks`"
        )),
        Err(error) => Err(format!("cannot run {PROGRAM}: {error}")),
    }
}

/// Returns the path of the program beside this one, or its name if there is none.
fn program() -> PathBuf {
    let beside = env::current_exe().ok().map(|this| this.with_file_name(PROGRAM));
    beside.filter(|path| path.exists()).unwrap_or_else(|| PROGRAM.into())
}
