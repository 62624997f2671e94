//! Bugs of `Notify`, and of the queue of waiting tasks under it and the channels.

use super::Bug;

const NOTIFY: &str = "crates/core/src/sync/notify.rs";
const WAIT_QUEUE: &str = "crates/core/src/sync/wait_queue.rs";
const DEFERRED: &str = "crates/core/src/sync/deferred.rs";

pub const BUGS: &[Bug] = &[
    Bug {
        name: "notification-that-gives-way-is-lost",
        harm: "when a task lets other tasks run and is then dropped, its notification is lost",
        file: NOTIFY,
        find: "true => state.waiting.push(&mut self.place, None),",
        replace: "true => {\n                    state.waiting.push(&mut self.place, None);\n                    state.waiting.notify_and_remove_from(state.waiting.len() - 1, deferred)\n                }",
    },
    Bug {
        name: "waiters-last-come-first-served",
        harm: "the task that has waited the longest is notified last",
        file: NOTIFY,
        find: "self.waiting.notify_at(self.waiting.notified_count(), deferred)",
        replace: "self.waiting.notify_at(self.waiting.len().wrapping_sub(1), deferred)",
    },
    Bug {
        name: "former-waker-of-a-waiter-kept",
        harm: "a wait that moves to another task still wakes the former task",
        file: WAIT_QUEUE,
        find: "Some(entry) => deferred.store_own(&mut entry.waker),",
        replace: "Some(entry) if entry.waker.is_some() => {}\n            Some(entry) => deferred.store_own(&mut entry.waker),",
    },
    Bug {
        name: "panicking-waker-hides-the-others",
        harm: "when a foreign waker panics, the tasks after it are not woken",
        file: DEFERRED,
        find: "contain(|| waker.wake());",
        replace: "drop(waker);",
    },
    Bug {
        name: "permit-lost",
        harm: "a task that begins to wait after the notification waits for ever",
        file: NOTIFY,
        find: "self.has_notification = true;",
        replace: "",
    },
    Bug {
        name: "permit-kept",
        harm: "one notification ends the waits of all later tasks",
        file: NOTIFY,
        find: "false => mem::take(&mut state.has_notification),",
        replace: "false => state.has_notification,",
    },
    Bug {
        name: "notification-of-a-cancelled-task-lost",
        harm: "a notification for a task that is cancelled is lost",
        file: NOTIFY,
        find: "state.notify_one(deferred);",
        replace: "",
    },
];
