//! Programs on this machine that tests talk to.

use std::process::{Command, Stdio};

use quadrivium_ecosystem::skip;

/// Returns a command for a program. If the program is missing, returns `None` and prints that the
/// test is skipped.
///
/// # Panics
///
/// When the program is missing and no test may be skipped.
pub fn program(name: &str) -> Option<Command> {
    let found = Command::new(name)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if found.is_ok() {
        return Some(Command::new(name));
    }
    skip(&format!("{name} is not on this machine"));
    None
}
