//! A test in a process of its own, for what ends the process.

use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    process::{self, Command, ExitStatus, Output},
};

use crate::{
    current,
    host::{Lacks, spare},
};

/// Tells the child that it is one, and which.
const CHILD: &str = "QUADRIVIUM_LAW_CHILD";
/// Tells it of which law, when a test checks several.
const LAW: &str = "QUADRIVIUM_LAW";
/// The exit status of a child whose law is spared.
const LACKS: i32 = 77;

/// Runs `something` in a process of its own, and ends that. `test` is the full name of the calling
/// test, `case` which of its calls this is.
pub fn alone(test: &str, case: &str, something: impl FnOnce()) -> Output {
    alone_under(&[], test, case, something)
}

/// Runs `something` of the law that is being checked in a process of its own; how that ended, and
/// what it printed.
pub(crate) fn in_own_process(something: impl FnOnce()) -> (ExitStatus, String) {
    let output = alone(&current::test(), "", something);
    (output.status, String::from_utf8_lossy(&output.stderr).into_owned())
}

/// As [`alone`], but another program starts the process, and can set what it inherits. `starter` is
/// that program and its arguments.
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
            child.env(CHILD, case).env(LAW, current::law());
            let output = child.output().expect("the test can start itself");
            if output.status.code() == Some(LACKS) {
                spare("what the law asks for in a process of its own");
            }
            output
        }
        Ok(chosen) if chosen == case => match catch_unwind(AssertUnwindSafe(something)) {
            Ok(()) => process::exit(0),
            Err(payload) if payload.is::<Lacks>() => process::exit(LACKS),
            Err(payload) => resume_unwind(payload),
        },
        // The child is on its way to its own case.
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

/// Whether this is the child of another law: then it is on its way to that.
pub(crate) fn is_of_another(law: &str) -> bool {
    env::var(LAW).is_ok_and(|chosen| !chosen.is_empty() && chosen != law)
}
