//! Bugs of the watchdog: which long steps it reports, when, and to which reporter.

use super::Bug;

const WATCHDOG: &str = "crates/hosts/event-loop/src/watchdog/mod.rs";
const RUNNING_TASKS: &str = "crates/hosts/event-loop/src/watchdog/running_tasks.rs";
const STEP_TIMER: &str = "crates/hosts/event-loop/src/watchdog/step_timer.rs";
const WATCH: &str = "crates/hosts/event-loop/src/turn/watch.rs";

pub const BUGS: &[Bug] = &[
    Bug {
        name: "long-step-without-an-end",
        harm: "the watchdog does not report how long a step has lasted in the end",
        file: WATCHDOG,
        find: "Sight::Ended(lasted) => self.report_end(lasted, reported.take()),",
        replace: "Sight::Ended(_) => {}",
    },
    Bug {
        name: "long-step-of-the-outer-task",
        harm: "a destructor that blocks is reported as the task that has cancelled its task",
        file: RUNNING_TASKS,
        find: ".last().cloned()",
        replace: ".first().cloned()",
    },
    Bug {
        name: "long-step-reported-at-each-look",
        harm: "the pauses between the reports of a long step do not grow",
        file: STEP_TIMER,
        find: "seen.report_after = lasted.saturating_mul(2);",
        replace: "seen.report_after = lasted;",
    },
    Bug {
        name: "long-steps-not-told-apart",
        harm: "two long steps, one after the other, are reported as one",
        file: RUNNING_TASKS,
        find: "self.changes.store(changes.wrapping_add(1), Ordering::Relaxed);",
        replace: "self.changes.store(changes | 1, Ordering::Relaxed);",
    },
    Bug {
        name: "watchdog-keeps-its-reporter",
        harm: "the watchdog passes its reports to a reporter that was replaced",
        file: WATCH,
        find: "self.watchdog.borrow().as_ref().map(|it| it.report_to(reporter.clone()))",
        replace: "self.watchdog.borrow().as_ref().map(|_| reporter.clone())",
    },
    Bug {
        name: "watchdog-ends-with-a-panic",
        harm: "after a panic of the reporter, the watchdog reports nothing more",
        file: WATCHDOG,
        find: "contain(|| reporter.report(report));",
        replace: "_ = contain::<()>; reporter.report(report);",
    },
    Bug {
        name: "blocked-thread-computes",
        harm: "the watchdog does not say in which system call the thread is blocked",
        file: "crates/hosts/event-loop/src/watchdog/thread_state.rs",
        find: "if first == \"running\" || first.starts_with('-') {",
        replace: "if !first.is_empty() {",
    },
];
