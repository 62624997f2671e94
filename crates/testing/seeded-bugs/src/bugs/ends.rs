//! Bugs of how tasks end: done, cancelled, panicked, with their loop.

use super::Bug;

const HOST: &str = "crates/hosts/event-loop/src/turn/host.rs";
const SLOTS: &str = "crates/hosts/event-loop/src/tasks/slots.rs";
const CANCEL: &str = "crates/hosts/event-loop/src/turn/cancel.rs";
const END: &str = "crates/hosts/event-loop/src/turn/end.rs";
const STEP: &str = "crates/hosts/event-loop/src/turn/step.rs";

pub const BUGS: &[Bug] = &[
    Bug {
        name: "destructor-skipped",
        harm: "files stay open and locks held when the task that has them ends",
        file: END,
        find: "|| drop(body)",
        replace: "|| std::mem::forget(body)",
    },
    Bug {
        name: "destructor-too-late",
        harm: "who sees a task ended finds what it held still in use",
        file: END,
        find: "let dropped = catch_unwind(AssertUnwindSafe(|| drop(body)));",
        replace: "let _later = body; let dropped: std::thread::Result<()> = Ok(());",
    },
    Bug {
        name: "joiner-not-woken",
        harm: "who joins a task waits on when it has ended",
        file: END,
        find: "contain(|| waker.wake())",
        replace: "contain(|| drop(waker))",
    },
    Bug {
        name: "panic-swallowed",
        harm: "a task that panicked looks as if somebody had cancelled it",
        file: STEP,
        find: "Err(payload) => self.end(key, body, Err(JoinError::panicked(payload))),",
        replace: "Err(_) => self.end(key, body, Err(JoinError::Cancelled)),",
    },
    Bug {
        name: "cancel-of-the-running-dropped",
        harm: "a task that cancels itself runs on",
        file: CANCEL,
        find: "slot.stage = TaskStage::Cancelled;",
        replace: "",
    },
    Bug {
        name: "cancel-of-the-woken-dropped",
        harm: "a task that is cancelled between its wake and its resume runs on",
        file: CANCEL,
        find: "TaskStage::Ready | TaskStage::Suspended | TaskStage::SuspendedUntilReady => {",
        replace: "TaskStage::Ready => None,\n            TaskStage::Suspended | TaskStage::SuspendedUntilReady => {",
    },
    Bug {
        name: "unread-afar-not-contained",
        harm: "a destructor that panics in an output that nobody reads ends whoever drops the handle",
        file: "crates/core/src/remote_task.rs",
        find: "run_destructors(move || _ = contain(|| drop(joined)));",
        replace: "drop(joined);",
    },
    Bug {
        name: "a-thread-waits-for-itself",
        harm: "a task that drops the last reference to its own cluster panics",
        file: "crates/hosts/event-loop/src/threads/cluster.rs",
        find: "if IS_MEMBER.get() {",
        replace: "if false {",
    },
    Bug {
        name: "cancels-without-a-bound",
        harm: "a long row of tasks, each of which cancels the next in a destructor, overflows the stack",
        file: "crates/core/src/destructors.rs",
        find: "if depth == NESTED {",
        replace: "if depth == usize::MAX {",
    },
    Bug {
        name: "cancels-put-off-for-good",
        harm: "of many tasks that cancel each other in destructors, most are never dropped",
        file: "crates/core/src/destructors.rs",
        find: "if self.outer + 1 == NESTED {",
        replace: "if self.outer == NESTED {",
    },
    Bug {
        name: "chain-without-end",
        harm: "a destructor that spawns its like keeps a loop from being dropped for ever",
        file: "crates/hosts/event-loop/src/turn/close.rs",
        find: "if chain <= LONGEST_CHAIN {",
        replace: "if chain <= u32::MAX {",
    },
    Bug {
        name: "destructors-without-their-host",
        harm: "a destructor that spawns in a cancel outside a run panics, and by a task of another loop it spawns there",
        file: END,
        find: "let _entered = self.enter();",
        replace: "",
    },
    Bug {
        name: "destructors-of-the-one-that-cancels",
        harm: "in a destructor, messages name another task than the one that ends",
        file: END,
        find: "let outer = self.ending.replace(Some(key));",
        replace: "let outer = self.ending.get();",
    },
    Bug {
        name: "slot-freed-under-its-output",
        harm: "the destructor of an output that nobody reads is taken for one of a task that it has just spawned",
        file: END,
        find: "drop_unread(unread);\n        self.state.borrow_mut().slots.free(key);",
        replace: "self.state.borrow_mut().slots.free(key);\n        drop_unread(unread);",
    },
    Bug {
        name: "unread-output-kept",
        harm: "outputs that nobody will read pile up until the loop goes",
        file: "crates/core/src/join_handle.rs",
        find: "self.spawned.tasks.detach(self.spawned.key);",
        replace: "",
    },
    Bug {
        name: "dropped-loop-takes-tasks",
        harm: "what a destructor spawns while its loop is dropped is never dropped itself",
        file: HOST,
        find: "if closed {",
        replace: "if false && closed {",
    },
    Bug {
        name: "dropped-loop-in-slot-order",
        harm: "the tasks of a dropped loop go in no order anyone could rely on",
        file: SLOTS,
        find: "live.sort_by_key(|index| self.id(*index));",
        replace: "live.sort();",
    },
];
