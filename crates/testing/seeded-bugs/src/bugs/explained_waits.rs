//! Bugs of snapshots: what they say about the wait of each task.

use super::Bug;

const SNAPSHOT: &str = "crates/hosts/event-loop/src/turn/snapshot.rs";

pub const BUGS: &[Bug] = &[
    Bug {
        name: "record-of-a-former-object",
        harm: "a report shows the name and the tasks of an object that is gone",
        file: "crates/core/src/inspect/object_table.rs",
        find: "record.clear();",
        replace: "",
    },
    Bug {
        name: "returned-permits-stay-taken",
        harm: "a report names a task that has returned its permits long ago",
        file: "crates/core/src/sync/semaphore.rs",
        find: "self.semaphore.state.borrow().object.release(self.taken);",
        replace: "",
    },
    Bug {
        name: "ended-task-named",
        harm: "a report names a new task as the one that took a lock, instead of a task that has ended",
        file: SNAPSHOT,
        find: "match self.slots.is_live(key) {",
        replace: "match true {",
    },
    Bug {
        name: "former-join-shown",
        harm: "a report shows a join of a task although another task has taken the handle",
        file: SNAPSHOT,
        find: "still_waits.then(",
        replace: "true.then(",
    },
    Bug {
        name: "deadline-since-the-start",
        harm: "a report shows when a sleep ends since the start of the loop, and not from now on",
        file: SNAPSHOT,
        find: "at.saturating_sub(self.clock.nanos_now())",
        replace: "at",
    },
    Bug {
        name: "combinator-shown-as-a-part",
        harm: "a report shows only the part of a combinator that was resumed last",
        file: "crates/core/src/combinators/parts.rs",
        find: "put_back(note_before);",
        replace: "_ = (note_before, put_back);",
    },
    Bug {
        name: "panic-without-its-task",
        harm: "the message of a panic does not say which task has panicked",
        file: "crates/core/src/panic_payload.rs",
        find: "self.panic.task = Some(task);",
        replace: "drop((task, self.panic.task.take()));",
    },
    Bug {
        name: "user-of-a-receiver-unknown",
        harm: "a report does not name the task that has received from a channel",
        file: "crates/core/src/sync/channel/recv.rs",
        find: "self.shared.object.end(Side::Receiving).is_used();",
        replace: "",
    },
];
