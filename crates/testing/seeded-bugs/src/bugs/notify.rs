//! Bugs of `Notify`, and of the queue of waiting tasks under it and the channels.

use super::Bug;

const NOTIFY: &str = "crates/core/src/sync/notify.rs";
const WAITERS: &str = "crates/core/src/sync/waiters.rs";

pub const BUGS: &[Bug] = &[
    Bug {
        name: "notification-that-gives-way-is-lost",
        harm: "a task that lets the others run, and is dropped then, takes a notification along",
        file: NOTIFY,
        find: "let left = state.waiters.leave(ticket);\n        state.told.insert(ticket);",
        replace: "let left = state.waiters.leave(ticket);",
    },
    Bug {
        name: "waiters-last-come-first-served",
        harm: "who has waited longest is told last",
        file: WAITERS,
        find: "self.queue.pop_front()",
        replace: "self.queue.pop_back()",
    },
    Bug {
        name: "former-waker-of-a-waiter-kept",
        harm: "a wait that goes on in another task wakes the one it was in before",
        file: WAITERS,
        find: "Some(place) => self.queue[place].1.replace(waker),",
        replace: "Some(_) => Some(waker),",
    },
    Bug {
        name: "panicking-waker-hides-the-others",
        harm: "a foreign waker that panics leaves those behind it asleep",
        file: WAITERS,
        find: "let wake = |waker: LocalWaker| catch_unwind(AssertUnwindSafe(|| waker.wake())).err();",
        replace: "let wake = |waker: LocalWaker| { waker.wake(); None };",
    },
    Bug {
        name: "permit-lost",
        harm: "who comes after the notification waits for ever",
        file: NOTIFY,
        find: "None => state.permit = true,",
        replace: "None => {}",
    },
    Bug {
        name: "permit-kept",
        harm: "one notification lets everybody through who comes later",
        file: NOTIFY,
        find: "None => std::mem::take(&mut state.permit),",
        replace: "None => state.permit,",
    },
    Bug {
        name: "told-and-cancelled-is-lost",
        harm: "a notification that reaches a task just cancelled reaches nobody",
        file: NOTIFY,
        find: "if was_told {",
        replace: "if false && was_told {",
    },
];
