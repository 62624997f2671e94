//! Bugs of the channels.

use super::Bug;

const FAIRNESS: &str = "crates/core/src/fairness.rs";
const ONESHOT: &str = "crates/core/src/sync/oneshot.rs";
const RECV: &str = "crates/core/src/sync/channel/recv.rs";
const SEND: &str = "crates/core/src/sync/channel/send.rs";
const STATE: &str = "crates/core/src/sync/channel/state.rs";

pub const BUGS: &[Bug] = &[
    Bug {
        name: "never-gives-way",
        harm: "a task that never has to wait keeps other tasks from running",
        file: FAIRNESS,
        find: "count() >= IN_A_ROW &&",
        replace: "false &&",
    },
    Bug {
        name: "gives-way-in-each-step",
        harm: "the count of operations is never set back, so in the end each operation costs a turn",
        file: "crates/hosts/event-loop/src/turn/step.rs",
        find: "self.running.set(Some(key));\n            inspect::begin_step(RunningTask(key.0));",
        replace: "self.running.set(Some(key));",
    },
    Bug {
        name: "unbounded-channel-is-full",
        harm: "when a send lets other tasks run, an unbounded channel refuses a value",
        file: SEND,
        find: "|| is_bounded && !state",
        replace: "|| !state",
    },
    Bug {
        name: "leaked-receiver",
        harm: "a value wakes a receiver that was cancelled, and the receiver that waits is not woken",
        file: RECV,
        find: "state.receiving.leave(&mut self.place, deferred);",
        replace: "",
    },
    Bug {
        name: "leaked-sender",
        harm: "a send that was cancelled keeps its place in the queue, and the sends after it wait for ever",
        file: SEND,
        find: "state.sending.leave(&mut self.place, deferred);\n            state.notify_next_send(deferred);",
        replace: "state.notify_next_send(deferred);",
    },
    Bug {
        name: "cancelled-receiver-keeps-the-wake",
        harm: "when a receiver is cancelled after its wake, no other receiver gets the value",
        file: RECV,
        find: "state.receiving.leave(&mut self.place, deferred);\n            state.notify_next_receive(deferred);",
        replace: "state.receiving.leave(&mut self.place, deferred);",
    },
    Bug {
        name: "one-more-than-the-capacity",
        harm: "a bounded channel holds more values than its capacity",
        file: STATE,
        find: "self.values.len() < capacity.get()",
        replace: "self.values.len() <= capacity.get()",
    },
    Bug {
        name: "try-send-overtakes",
        harm: "a `try_send` takes the room that waiting sends are entitled to",
        file: SEND,
        find: "if !state.has_room() || is_bounded && !state.sending.is_empty() {",
        replace: "if !state.has_room() {",
    },
    Bug {
        name: "receive-overtakes",
        harm: "a receiver that comes later takes the value that waiting receivers are entitled to",
        file: RECV,
        find: "if !state.receiving.is_first(place) &&",
        replace: "if place.has_waited() && !state.receiving.is_first(place) &&",
    },
    Bug {
        name: "former-waker-of-a-send-kept",
        harm: "a send that moves to another task still wakes the former task",
        file: SEND,
        find: "state.sending.wait(&mut self.place, deferred);",
        replace: "if !self.place.has_waited() {\n                state.sending.wait(&mut self.place, deferred);\n            }",
    },
    Bug {
        name: "closing-wakes-no-receiver",
        harm: "a receiver waits for ever when the last sender is gone",
        file: SEND,
        find: "state.receiving.notify_and_remove_from(0, deferred);",
        replace: "let _ = deferred;",
    },
    Bug {
        name: "values-dropped-under-a-borrow",
        harm: "a value whose destructor uses the channel panics",
        file: RECV,
        find: "mem::take(&mut state.values)",
        replace: "state.values.clear()",
    },
    Bug {
        name: "former-waker-of-a-oneshot-kept",
        harm: "a receiver that moves to another task still wakes the former task",
        file: ONESHOT,
        find: "deferred.store_own(waker);",
        replace: "if waker.is_none() { deferred.store_own(waker) }",
    },
];
