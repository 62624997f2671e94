//! Runs a test in a process of its own, if it may end the process.

use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    process::{self, Command, ExitStatus, Output},
};

use crate::{
    current_law,
    host::{Lacks, skip_law},
};

/// The environment variable that tells a child process which case it must run.
const CHILD: &str = "QUADRIVIUM_LAW_CHILD";
/// The environment variable that tells it which law to check, if a test checks several.
const LAW: &str = "QUADRIVIUM_LAW";
/// The exit status of a child process whose law was skipped.
const LACKS: i32 = 77;

/// Runs `something` in a process of its own and waits for the end of that process. `test` is the
/// full name of the calling test, and `case` tells its calls apart.
pub fn alone(test: &str, case: &str, something: impl FnOnce()) -> Output {
    alone_under(&[], test, case, something)
}

/// Runs `something` of the current law in a process of its own. Returns the exit status and the
/// error output.
pub(crate) fn in_own_process(something: impl FnOnce()) -> (ExitStatus, String) {
    let output = alone(&current_law::test(), "", something);
    (output.status, String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Like [`alone`], but the program `starter`, with its arguments, starts the process. It can set
/// what the process inherits.
pub(crate) fn alone_under(
    starter: &[&str],
    test: &str,
    case: &str,
    something: impl FnOnce(),
) -> Output {
    match env::var(CHILD) {
        Err(_) => {
            let mut child = this_program_under(starter);
            child.args(["--exact", test, "--nocapture"]);
            child.env(CHILD, case).env(LAW, current_law::law());
            let output = child.output().expect("the test can start itself");
            if output.status.code() == Some(LACKS) {
                skip_law("what the law asks for in a process of its own");
            }
            output
        }
        Ok(chosen) if chosen == case => match catch_unwind(AssertUnwindSafe(something)) {
            Ok(()) => process::exit(0),
            Err(payload) if payload.is::<Lacks>() => process::exit(LACKS),
            Err(payload) => resume_unwind(payload),
        },
        // This child process has not reached its own case yet.
        Ok(_) => Output { status: Default::default(), stdout: Vec::new(), stderr: Vec::new() },
    }
}

fn this_program_under(starter: &[&str]) -> Command {
    let program = env::current_exe().expect("a test runs from a file");
    let Some((first, others)) = starter.split_first() else { return Command::new(program) };
    let mut command = Command::new(first);
    command.args(others).arg(program);
    command
}

/// Returns whether this process is a child that must check another law.
pub(crate) fn is_of_another(law: &str) -> bool {
    env::var(LAW).is_ok_and(|chosen| !chosen.is_empty() && chosen != law)
}
