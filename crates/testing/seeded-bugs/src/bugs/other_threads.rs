//! Bugs of wakes, cancels and stops from other threads, and of handles of loops that are gone.

use super::Bug;

const MAILBOX: &str = "crates/hosts/event-loop/src/wake/mailbox.rs";
const REMOTE_REQUESTS: &str = "crates/hosts/event-loop/src/turn/remote_requests.rs";
const RUN: &str = "crates/hosts/event-loop/src/turn/run.rs";

pub const BUGS: &[Bug] = &[
    Bug {
        name: "loop-not-unparked",
        harm: "a loop that sleeps does not notice a wake from another thread",
        file: MAILBOX,
        find: "if must_unpark {",
        replace: "if false && must_unpark {",
    },
    Bug {
        name: "second-wake-from-a-thread-lost",
        harm: "another thread can wake a task only once",
        file: MAILBOX,
        find: "state.posted[key.slot() as usize] = 0;",
        replace: "let _ = key;",
    },
    Bug {
        name: "stale-wake-hides-a-fresh-one",
        harm: "a wake for a task that is gone suppresses the wake of the task that has its slot now",
        file: MAILBOX,
        find: "state.posted[slot] != key.generation() + 1",
        replace: "state.posted[slot] == 0",
    },
    Bug {
        name: "cancel-from-a-thread-dropped",
        harm: "a task that another thread cancels keeps running",
        file: REMOTE_REQUESTS,
        find: "RemoteRequest::Cancel(key) => self.cancel_task(key),",
        replace: "RemoteRequest::Cancel(_) => {}",
    },
    Bug {
        name: "old-stopper-stops-the-next-loop",
        harm: "a stopper of a loop that is gone stops another loop",
        file: MAILBOX,
        find: "if state.first_generation == first_generation {",
        replace: "if state.first_generation >= first_generation {",
    },
    Bug {
        name: "generations-start-over",
        harm: "a waker of a loop that is gone wakes a task of the loop that has its mailbox now",
        file: "crates/hosts/event-loop/src/wake/mailbox_table.rs",
        find: "unused.returned.push((index, generation));",
        replace: "unused.returned.push((index, 0));",
    },
    Bug {
        name: "time-jumps-over-a-wake",
        harm: "on the virtual clock, a deadline fires before a wake that had already come",
        file: RUN,
        find: "if is_idle && self.mailbox.is_empty() {",
        replace: "if is_idle {",
    },
];
