//! Programs on this machine that tests talk to.

use std::{
    env,
    process::{Command, Stdio},
};

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
    assert!(
        env::var_os("QUADRIVIUM_MUST_NOT_SKIP").is_none(),
        "{name} is not on this machine, and QUADRIVIUM_MUST_NOT_SKIP is set: install it"
    );
    println!("skipped: {name} is not on this machine");
    None
}
