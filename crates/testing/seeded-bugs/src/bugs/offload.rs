//! Bugs of work on other threads.

use super::Bug;

const OFFLOAD: &str = "crates/io/src/offload/mod.rs";
const POOL: &str = "crates/io/src/offload/pool/mod.rs";
const WORK: &str = "crates/io/src/offload/work.rs";

pub const BUGS: &[Bug] = &[
    Bug {
        name: "offload-wake-lost",
        harm: "a task that waits for work on another thread is not woken when the work is done",
        file: WORK,
        find: "waker.wake();",
        replace: "drop(waker);",
    },
    Bug {
        name: "offload-pool-of-one",
        harm: "work that blocks keeps all other work waiting",
        file: POOL,
        find: "self.threads < max_threads;",
        replace: "self.threads < max_threads.min(1);",
    },
    Bug {
        name: "offload-time-not-held",
        harm: "on a virtual clock, a timeout fires before work on another thread is done, which takes no virtual time",
        file: OFFLOAD,
        find: "let hold = send_hold();",
        replace: "let hold = { drop(send_hold()); SendHold::default() };",
    },
    Bug {
        name: "offload-panic-kept-by-the-pool",
        harm: "a task whose work panics waits for ever",
        file: WORK,
        find: "catch_unwind(AssertUnwindSafe(|| call(Ok(()))));",
        replace: "std::thread::Result::Ok(call(Ok(())));",
    },
];
