//! Bugs of `Notify`, and of the queue of waiting tasks under it and the channels.

use super::Bug;

const NOTIFY: &str = "crates/core/src/sync/notify.rs";
const WAIT_QUEUE: &str = "crates/core/src/sync/wait_queue.rs";

pub const BUGS: &[Bug] = &[
    Bug {
        name: "notification-that-gives-way-is-lost",
        harm: "a task that lets the others run, and is dropped then, takes a notification along",
        file: NOTIFY,
        find: "true => _ = state.waiting.push_notified(&mut self.place),",
        replace: "true => {\n                    let index = state.waiting.push_notified(&mut self.place);\n                    state.waiting.notify_and_remove_from(index, deferred)\n                }",
    },
    Bug {
        name: "waiters-last-come-first-served",
        harm: "who has waited longest is told last",
        file: NOTIFY,
        find: "self.waiting.notify_at(self.waiting.notified_count(), deferred)",
        replace: "self.waiting.notify_at(self.waiting.len().wrapping_sub(1), deferred)",
    },
    Bug {
        name: "former-waker-of-a-waiter-kept",
        harm: "a wait that goes on in another task wakes the one it was in before",
        file: WAIT_QUEUE,
        find: "deferred.store_own(&mut self.entries[index].waker);",
        replace: "if self.entries[index].waker.is_none() {\n            deferred.store_own(&mut self.entries[index].waker);\n        }",
    },
    Bug {
        name: "panicking-waker-hides-the-others",
        harm: "a foreign waker that panics leaves those behind it asleep",
        file: WAIT_QUEUE,
        find: "contain(|| waker.wake());",
        replace: "drop(waker);",
    },
    Bug {
        name: "permit-lost",
        harm: "who comes after the notification waits for ever",
        file: NOTIFY,
        find: "self.has_notification = true;",
        replace: "",
    },
    Bug {
        name: "permit-kept",
        harm: "one notification lets everybody through who comes later",
        file: NOTIFY,
        find: "false => mem::take(&mut state.has_notification),",
        replace: "false => state.has_notification,",
    },
    Bug {
        name: "told-and-cancelled-is-lost",
        harm: "a notification that reaches a task just cancelled reaches nobody",
        file: NOTIFY,
        find: "state.notify_one(deferred);",
        replace: "",
    },
];
