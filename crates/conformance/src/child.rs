//! A test in a process of its own, for what ends the process.

use std::{
    env,
    process::{self, Command, Output},
};

/// Tells the child that it is one, and which.
const CHILD: &str = "QUADRIVIUM_LAW_CHILD";

/// Runs `something` in a process of its own, and ends that. `test` is the full name of the calling
/// test, `case` which of its calls this is.
pub fn alone(test: &str, case: &str, something: impl FnOnce()) -> Output {
    match env::var(CHILD) {
        Err(_) => Command::new(env::current_exe().expect("a test runs from a file"))
            .args(["--exact", test, "--nocapture"])
            .env(CHILD, case)
            .output()
            .expect("the test can start itself"),
        Ok(chosen) if chosen == case => {
            something();
            process::exit(0);
        }
        // The child is on its way to its own case.
        Ok(_) => Output { status: Default::default(), stdout: Vec::new(), stderr: Vec::new() },
    }
}
