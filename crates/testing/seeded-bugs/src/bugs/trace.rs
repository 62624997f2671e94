//! Bugs of the trace: a wrong record is worse than no record.

use super::Bug;

const NOTES: &str = "crates/hosts/event-loop/src/turn/notes.rs";
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
    Bug {
        name: "trace-without-objects",
        harm: "a suspension in the trace does not show which channel or lock the task waits for",
        file: NOTES,
        find: "_ => record_of(number).map(",
        replace: "_ => record_of(number).filter(|_| false).map(",
    },
    Bug {
        name: "trace-without-lines-of-turns",
        harm: "a suspension in the trace does not show on which line a task lets the others run",
        file: NOTES,
        find: "line: take_turn_line(),",
        replace: "line: take_turn_line().filter(|_| false),",
    },
    Bug {
        name: "trace-joins-no-task",
        harm: "a join in the trace does not show which task is joined",
        file: NOTES,
        find: "LeafKind::Join => {",
        replace: "LeafKind::Join if false => {",
    },
];
