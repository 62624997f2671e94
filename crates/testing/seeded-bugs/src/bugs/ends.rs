//! Bugs of the ends of tasks: done, cancelled, panicked, or dropped with their loop.

use super::Bug;

const OBSERVER: &str = "crates/core/src/host/observer.rs";
const HOST: &str = "crates/hosts/event-loop/src/turn/host.rs";
const SLOTS: &str = "crates/hosts/event-loop/src/tasks/slots.rs";
const CANCEL: &str = "crates/hosts/event-loop/src/turn/cancel.rs";
const END: &str = "crates/hosts/event-loop/src/turn/end.rs";
const STEP: &str = "crates/hosts/event-loop/src/turn/step.rs";

pub const BUGS: &[Bug] = &[
    Bug {
        name: "destructor-skipped",
        harm: "files stay open and locks stay locked when the task that has them ends",
        file: END,
        find: "|| drop(body)",
        replace: "|| std::mem::forget(body)",
    },
    Bug {
        name: "destructor-too-late",
        harm: "when a task is reported as ended, its values are still in use",
        file: END,
        find: "let dropped = catch_unwind(AssertUnwindSafe(|| drop(body)));",
        replace: "let _later = body; let dropped: std::thread::Result<()> = Ok(());",
    },
    Bug {
        name: "joiner-not-woken",
        harm: "a task that joins another one is not woken when that one ends",
        file: END,
        find: "contain(|| joiner.wake())",
        replace: "contain(|| drop(joiner))",
    },
    Bug {
        name: "panic-swallowed",
        harm: "a task that panicked is reported as cancelled",
        file: STEP,
        find: "self.fail(key, body, self.panicked(key, payload));",
        replace: "drop(payload);\n                self.fail(key, body, JoinError::Cancelled);",
    },
    Bug {
        name: "cancel-of-the-running-task-dropped",
        harm: "a task that cancels itself keeps running",
        file: CANCEL,
        find: "slot.stage = TaskStage::Cancelled;",
        replace: "",
    },
    Bug {
        name: "cancel-of-a-woken-task-dropped",
        harm: "a task that is cancelled between its wake and its resume keeps running",
        file: CANCEL,
        find: "TaskStage::Ready | TaskStage::Suspended | TaskStage::SuspendedUntilReady => {",
        replace: "TaskStage::Ready => None,\n            TaskStage::Suspended | TaskStage::SuspendedUntilReady => {",
    },
    Bug {
        name: "unread-output-panics-in-a-drop",
        harm: "dropping a handle panics when the destructor of its unread output panics",
        file: "crates/core/src/remote_task.rs",
        find: "run_destructors(move || _ = contain(|| drop(joined)));",
        replace: "drop(joined);",
    },
    Bug {
        name: "a-cluster-thread-joins-itself",
        harm: "a task that drops the last reference to its own cluster panics",
        file: "crates/hosts/event-loop/src/threads/cluster.rs",
        find: "if IS_MEMBER.get() {",
        replace: "if false {",
    },
    Bug {
        name: "cancels-without-a-bound",
        harm: "many tasks that each cancel the next one in a destructor overflow the stack",
        file: "crates/core/src/destructors.rs",
        find: "if depth == NESTED {",
        replace: "if depth == usize::MAX {",
    },
    Bug {
        name: "cancels-put-off-for-ever",
        harm: "when many tasks cancel each other in destructors, most of them are never dropped",
        file: "crates/core/src/destructors.rs",
        find: "if self.outer + 1 == NESTED {",
        replace: "if self.outer == NESTED {",
    },
    Bug {
        name: "spawns-in-destructors-without-end",
        harm: "a task whose destructor spawns the same task again keeps the drop of its loop from ending",
        file: "crates/hosts/event-loop/src/turn/close.rs",
        find: "if chain <= LONGEST_CHAIN {",
        replace: "if chain <= u32::MAX {",
    },
    Bug {
        name: "destructors-without-their-host",
        harm: "a destructor that spawns during a cancel outside a run panics; during a cancel by a task of another loop it spawns on that loop",
        file: END,
        find: "let _entered = self.enter();",
        replace: "",
    },
    Bug {
        name: "destructors-name-the-canceller",
        harm: "messages of a destructor do not name the task that ends",
        file: END,
        find: "let outer = self.ending.replace(Some(key));",
        replace: "let outer = self.ending.get();",
    },
    Bug {
        name: "slot-freed-under-its-output",
        harm: "messages of the destructor of an unread output name a task that this destructor has spawned",
        file: END,
        find: "contain(|| drop(unread));\n        self.state.borrow_mut().slots.free(key);",
        replace: "self.state.borrow_mut().slots.free(key);\n        contain(|| drop(unread));",
    },
    Bug {
        name: "unread-output-kept",
        harm: "outputs without a handle pile up until the loop is dropped",
        file: "crates/core/src/join_handle.rs",
        find: "self.tasks.detach(key);",
        replace: "",
    },
    Bug {
        name: "dropped-loop-takes-tasks",
        harm: "a task that a destructor spawns while the loop is being dropped is never dropped",
        file: HOST,
        find: "if closed {",
        replace: "if false && closed {",
    },
    Bug {
        name: "dropped-loop-in-slot-order",
        harm: "the tasks of a dropped loop are dropped in no defined order",
        file: SLOTS,
        find: "live.sort_by_key(|index| self.id(*index));",
        replace: "live.sort();",
    },
    Bug {
        name: "destructors-without-observers",
        harm: "spans of a task that is cancelled stay entered, because no observer is told of its end",
        file: END,
        find: "let observed = host::observed_step(RunningTask(key.0), body.style());",
        replace: "let observed = None::<ObservedStep>;",
    },
    Bug {
        name: "unread-output-without-observers",
        harm: "calls in the destructor of an unread output are taken for calls of another task",
        file: END,
        find: "let _observed = has_destructors.then(begin);",
        replace: "_ = (has_destructors, begin);",
    },
    Bug {
        name: "steps-without-observers",
        harm: "an observer is told of the end of tasks only",
        file: "crates/hosts/event-loop/src/turn/step.rs",
        find: "match self.tells.get() || host::is_observed() {",
        replace: "match self.tells.get() {",
    },
    Bug {
        name: "observers-in-one-order",
        harm: "of two observers, the first restores its thread-local before the second has saved it",
        file: OBSERVER,
        find: "in self.observers.iter().rev() {",
        replace: "in self.observers.iter() {",
    },
    Bug {
        name: "observer-of-half-a-step",
        harm: "an observer that is registered in a step is told of the end of a step that it has not seen begin",
        file: OBSERVER,
        find: "for observer in self.observers.iter().rev() {",
        replace: "for observer in OBSERVERS.with_borrow(|it| it.clone()).iter().flat_map(|it| it.iter()) {",
    },
    Bug {
        name: "observer-panics-into-the-task",
        harm: "a panic of an observer ends the task",
        file: OBSERVER,
        find: "contain(|| observer.resumed(task, style));",
        replace: "observer.resumed(task, style);",
    },
];
