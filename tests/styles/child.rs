//! A test in a process of its own, for what ends the process.

use std::{
    env,
    process::{self, Command, Output},
};

/// Tells the child that it is one.
const CHILD: &str = "QUADRIVIUM_STYLES_CHILD";

/// Runs `something` in a process of its own. `test` is the full name of the calling test.
pub fn alone(test: &str, something: impl FnOnce()) -> Output {
    if is_child() {
        something();
        process::exit(0);
    }
    Command::new(env::current_exe().expect("a test runs from a file"))
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, test)
        .output()
        .expect("the test can start itself")
}

/// Whether this is such a process.
pub fn is_child() -> bool {
    env::var_os(CHILD).is_some()
}
