//! Bugs of scopes: children that outlive them, lost errors, and times that are not kept.

use super::Bug;

const HANDLE: &str = "crates/core/src/scope/scope_handle.rs";
const STATE: &str = "crates/core/src/scope/state.rs";
const SHARED: &str = "crates/core/src/scope/shared_scope.rs";
const CHILD: &str = "crates/core/src/scope/child_builder.rs";
const CHILD_TASK: &str = "crates/core/src/scope/child_task.rs";
const REMOTE_CHILD: &str = "crates/core/src/scope/remote_child.rs";
const LEAVES: &str = "crates/core/src/scope/leaves.rs";
const KEEPER: &str = "crates/core/src/scope/keeper.rs";

pub const BUGS: &[Bug] = &[
    Bug {
        name: "children-outlive-a-dropped-scope",
        harm: "when the parent is cancelled, its children go on",
        file: SHARED,
        find: "self.scope.cancel_for(CancelReason::Dropped, Stage::AtOnce);",
        replace: "return;",
    },
    Bug {
        name: "failed-child-cancels-nothing",
        harm: "after the error of a child, the other children work on for nothing",
        file: SHARED,
        find: "self.cancel_for(CancelReason::ChildFailed, Stage::Shielded);",
        replace: "",
    },
    Bug {
        name: "failed-child-dropped-last",
        harm: "a child that has failed still holds its values while the other children are cancelled",
        file: CHILD_TASK,
        find: "catch_unwind(AssertUnwindSafe(|| this.task.set(None)));\n        let outcome = match",
        replace: "Ok::<(), Box<dyn std::any::Any + Send>>(());\n        let outcome = match",
    },
    Bug {
        name: "last-reason-counts",
        harm: "a second cancel hides why the scope was cancelled",
        file: SHARED,
        find: "state.reason.get_or_insert(reason);",
        replace: "state.reason = Some(reason);",
    },
    Bug {
        name: "one-error-of-a-scope",
        harm: "of several errors of children, all but one are lost",
        file: LEAVES,
        find: "let errors = mem::take(&mut results.errors);",
        replace: "let errors = mem::take(&mut results.errors).into_iter().take(1).collect();",
    },
    Bug {
        name: "cancelled-child-not-described",
        harm: "the error of a scope does not say where its children waited",
        file: SHARED,
        find: "let waited_for = handle.note();",
        replace: "let waited_for = handle.note().filter(|_| false);",
    },
    Bug {
        name: "shield-does-nothing",
        harm: "a graceful stop drops the requests that are being answered",
        file: STATE,
        find: "Stage::Shielded => self.shield.is_none(),",
        replace: "Stage::Shielded => true,",
    },
    Bug {
        name: "shield-without-end",
        harm: "a graceful stop waits for ever for a request that does not end",
        file: KEEPER,
        find: "Stage::Shielded => self.next_shield_end(now),",
        replace: "Stage::Shielded => Due::Nothing(None),",
    },
    Bug {
        name: "waiting-child-is-shielded",
        harm: "after a cancel, shielded children that have not started still start",
        file: CHILD,
        find: "if let Start::HasRoom(_) = start {",
        replace: "if true {",
    },
    Bug {
        name: "deadline-of-a-scope-not-moved",
        harm: "a scope whose deadline is moved to an earlier time ends at the former one",
        file: HANDLE,
        find: "self.shared.ensure_keeper(Location::caller());\n        self.shared.wake_keeper();",
        replace: "self.shared.ensure_keeper(Location::caller());",
    },
    Bug {
        name: "limit-of-a-scope-ignored",
        harm: "a scope with a limit runs all its children at once",
        file: CHILD,
        find: "Err(_) => Start::Waits(room.acquire(), shield),",
        replace: "Err(_) => Start::HasRoom(None),",
    },
    Bug {
        name: "values-in-the-order-of-the-ends",
        harm: "`join` returns the value of one child in the place of another",
        file: STATE,
        find: "numbered.sort_unstable_by_key(|(number, _)| *number);",
        replace: "",
    },
    Bug {
        name: "background-goes-on",
        harm: "a scope with a periodic job in the background never ends",
        file: LEAVES,
        find: "scope.end();",
        replace: "",
    },
    Bug {
        name: "background-takes-room",
        harm: "a server that listens for signals serves one connection less than its limit",
        file: CHILD,
        find: "state.room.clone().filter(|_| is_awaited);",
        replace: "state.room.clone();",
    },
    Bug {
        name: "closed-scope-takes-children",
        harm: "a task that is spawned after the cancel of its scope runs all the same",
        file: CHILD,
        find: "if state.stage > Stage::Open {",
        replace: "if false {",
    },
    Bug {
        name: "adopted-task-not-cancelled",
        harm: "a cancel of a scope waits for a task on another thread, but does not cancel it",
        file: REMOTE_CHILD,
        find: "self.handle.cancel();\n                Step::Suspended(wait)",
        replace: "Step::Suspended(wait)",
    },
];
