//! Bugs of the mutex, the semaphore, the barrier, and the channels to many receivers.

use super::Bug;

const MUTEX: &str = "crates/core/src/sync/mutex.rs";
const SEMAPHORE: &str = "crates/core/src/sync/semaphore.rs";
const RW_LOCK: &str = "crates/core/src/sync/rw_lock.rs";
const ONCE_CELL: &str = "crates/core/src/sync/once_cell.rs";
const BARRIER: &str = "crates/core/src/sync/barrier.rs";
const WATCH_SEND: &str = "crates/core/src/sync/watch/send.rs";
const WATCH_RECV: &str = "crates/core/src/sync/watch/recv.rs";
const RING: &str = "crates/core/src/sync/broadcast/ring.rs";

pub const BUGS: &[Bug] = &[
    Bug {
        name: "try-lock-overtakes",
        harm: "a `try_lock` takes the lock that waiting tasks are entitled to",
        file: MUTEX,
        find: "let value = self.take(&mut QueuePlace::new())?;\n        Some(MutexGuard { mutex: self.clone(), value: Some(value) })",
        replace: "let value = self.state.borrow_mut().value.take()?;\n        Some(MutexGuard { mutex: self.clone(), value: Some(value) })",
    },
    Bug {
        name: "lock-of-a-cancelled-task-lost",
        harm: "a lock that is offered to a cancelled task is never offered to the next",
        file: MUTEX,
        find: "if state.value.is_some() {",
        replace: "if false {",
    },
    Bug {
        name: "unlocking-wakes-no-task",
        harm: "a task that waits for a lock is not woken when the lock is released",
        file: MUTEX,
        find: "state.object.release(TakenIndex::ONLY);\n            state.waiting.notify_at(0, deferred);",
        replace: "let _ = deferred;\n            state.object.release(TakenIndex::ONLY);",
    },
    Bug {
        name: "small-requests-overtake",
        harm: "tasks that want few permits starve a task that wants many",
        file: SEMAPHORE,
        find: "state.waiting.is_first(place) && n <= state.permits;",
        replace: "(state.waiting.is_first(place) || !place.has_waited()) && n <= state.permits;",
    },
    Bug {
        name: "released-permits-wake-one-task",
        harm: "when many permits are released at once, only the first waiting task is woken",
        file: SEMAPHORE,
        find: "state.notify_next(deferred);\n            Some(Ok(",
        replace: "Some(Ok(",
    },
    Bug {
        name: "two-writers-at-once",
        harm: "a task that writes waits for one reader only, and panics beside another",
        file: RW_LOCK,
        find: "self.permits.acquire_many(ALL)",
        replace: "self.permits.acquire_many(ALL - 1)",
    },
    Bug {
        name: "written-value-lost",
        harm: "after a task has written, the next task that takes the lock panics",
        file: RW_LOCK,
        find: "*self.lock.borrow_mut() = self.value.take();",
        replace: "",
    },
    Bug {
        name: "value-made-twice",
        harm: "tasks that wait for a value make it once more",
        file: ONCE_CELL,
        find: "self.turn.close();",
        replace: "",
    },
    Bug {
        name: "value-visible-before-its-maker-is-dropped",
        harm: "the value of a cell is used while the task that made it still has its own values",
        file: ONCE_CELL,
        find: "this.init.set(None);\n                let _permit = this.permit.take();",
        replace: "let _permit = this.permit.take();",
    },
    Bug {
        name: "failed-maker-keeps-its-turn",
        harm: "after one error, every other task that needs the value waits for ever",
        file: ONCE_CELL,
        find: "let _permit = this.permit.take();",
        replace: "let permit = this.permit.take();\n                std::mem::forget(permit);",
    },
    Bug {
        name: "cancelled-task-counts-at-a-barrier",
        harm: "tasks pass a barrier that not all tasks have reached",
        file: BARRIER,
        find: "waiting.leave(&mut self.place, deferred);",
        replace: "let _ = (waiting, deferred);",
    },
    Bug {
        name: "change-is-not-marked-as-seen",
        harm: "a receiver of a `watch` gets the same value again and again",
        file: WATCH_RECV,
        find: "seen.version.replace(state.version)",
        replace: "seen.version.get()",
    },
    Bug {
        name: "former-value-dropped-before-the-new-one-is-there",
        harm: "a value whose destructor uses its channel panics",
        file: WATCH_SEND,
        find: "mem::replace(&mut state.value, Rc::new(value))",
        replace: "drop(mem::replace(&mut state.value, Rc::new(value)))",
    },
    Bug {
        name: "lag-is-counted-wrong",
        harm: "a slow receiver gets a number of lost values that is one too small, and one value twice",
        file: RING,
        find: "let missed = self.first.saturating_sub(*next);",
        replace: "let missed = self.first.saturating_sub(*next).saturating_sub(1);",
    },
    Bug {
        name: "broadcast-keeps-received-values",
        harm: "a value is kept after the last receiver that had not received it is gone",
        file: RING,
        find: "unwrap_or(self.values.len());",
        replace: "unwrap_or(0);",
    },
];
