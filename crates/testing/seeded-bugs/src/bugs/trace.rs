//! Bugs of the trace: a wrong record is worse than no record.

use super::Bug;

const WAKE: &str = "crates/hosts/event-loop/src/turn/wake.rs";

pub const BUGS: &[Bug] = &[
    Bug {
        name: "trace-without-wakes",
        harm: "the trace does not show why a task became ready",
        file: WAKE,
        find: "self.note(key.slot(), EventKind::Woken(by));",
        replace: "let _ = by;",
    },
    Bug {
        name: "trace-blames-the-outside",
        harm: "every wake by a task is shown as a wake from outside",
        file: WAKE,
        find: "Some(running) => By::Task(self.state.borrow().slots.id(running.slot())),",
        replace: "Some(_) => By::Outside,",
    },
    Bug {
        name: "trace-blames-the-last-task",
        harm: "a task that is spawned from outside the loop is shown as spawned by the task that ran last",
        file: "crates/hosts/event-loop/src/turn/step.rs",
        find: "self.running.set(None);",
        replace: "",
    },
];
