//! Bugs of the mutex, the semaphore, the barrier, and the channels to many receivers.

use super::Bug;

const MUTEX: &str = "crates/core/src/sync/mutex.rs";
const SEMAPHORE: &str = "crates/core/src/sync/semaphore.rs";
const BARRIER: &str = "crates/core/src/sync/barrier.rs";
const WATCH_SEND: &str = "crates/core/src/sync/watch/send.rs";
const WATCH_RECV: &str = "crates/core/src/sync/watch/recv.rs";
const RING: &str = "crates/core/src/sync/broadcast/ring.rs";

pub const BUGS: &[Bug] = &[
    Bug {
        name: "try-lock-overtakes",
        harm: "who does not wait for a lock takes it from those who do",
        file: MUTEX,
        find: "self.take(&mut QueuePlace::default())",
        replace: "let value = self.state.borrow_mut().value.take()?;\n        Some(MutexGuard { mutex: self.clone(), value: Some(value) })",
    },
    Bug {
        name: "lock-of-the-cancelled-is-lost",
        harm: "a lock that is given to a task just cancelled is never given to the next",
        file: MUTEX,
        find: "if state.value.is_some() {",
        replace: "if false {",
    },
    Bug {
        name: "unlocking-tells-nobody",
        harm: "who waits for a lock sleeps on when it is given back",
        file: MUTEX,
        find: "state.value = self.value.take();\n            state.waiting.notify_at(0, deferred);",
        replace: "let _ = deferred;\n            state.value = self.value.take();",
    },
    Bug {
        name: "small-requests-overtake",
        harm: "who wants many permits is starved by those who want few",
        file: SEMAPHORE,
        find: "state.waiting.is_first(place) && n <= state.permits;",
        replace: "(state.waiting.is_first(place) || !place.is_taken()) && n <= state.permits;",
    },
    Bug {
        name: "permits-serve-one-at-a-time",
        harm: "of many permits that come back at once, only the first in line hears",
        file: SEMAPHORE,
        find: "state.waiting.leave(place, deferred);\n            state.notify_next(deferred);",
        replace: "state.waiting.leave(place, deferred);",
    },
    Bug {
        name: "cancelled-at-the-barrier-counts",
        harm: "tasks go on though not all have come",
        file: BARRIER,
        find: "waiting.leave(&mut self.place, deferred);",
        replace: "let _ = (waiting, deferred);",
    },
    Bug {
        name: "change-is-not-marked-as-seen",
        harm: "who watches sees the same value again and again",
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
        harm: "a slow receiver is told that it lost one value fewer than it did, and gets one twice",
        file: RING,
        find: "let missed = self.first.saturating_sub(*next);",
        replace: "let missed = self.first.saturating_sub(*next).saturating_sub(1);",
    },
    Bug {
        name: "broadcast-keeps-what-nobody-awaits",
        harm: "a value is kept though the last receiver that had not received it is gone",
        file: RING,
        find: "unwrap_or(self.values.len());",
        replace: "unwrap_or(0);",
    },
];
