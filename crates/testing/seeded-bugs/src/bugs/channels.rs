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
        harm: "a task that never has to wait keeps the others from running",
        file: FAIRNESS,
        find: "DONE.get() >= IN_A_ROW &&",
        replace: "false &&",
    },
    Bug {
        name: "gives-way-in-each-step",
        harm: "operations are counted on from step to step, so in the end each of them costs a turn",
        file: "crates/hosts/event-loop/src/turn/step.rs",
        find: "self.running.set(Some(key));\n        fairness::begin_step();",
        replace: "self.running.set(Some(key));",
    },
    Bug {
        name: "unbounded-channel-is-full",
        harm: "a send that lets the others run makes a channel without a bound refuse a value",
        file: SEND,
        find: "|| is_bounded && !state",
        replace: "|| !state",
    },
    Bug {
        name: "leaked-receiver",
        harm: "a value wakes a receiver that was cancelled, and the one that waits sleeps on",
        file: RECV,
        find: "state.receiving.leave(&mut self.place, deferred);",
        replace: "",
    },
    Bug {
        name: "leaked-sender",
        harm: "a send that was cancelled holds its place in the line, and nobody behind it moves",
        file: SEND,
        find: "state.sending.leave(&mut self.place, deferred);\n            state.notify_next_send(deferred);",
        replace: "state.notify_next_send(deferred);",
    },
    Bug {
        name: "cancelled-receiver-keeps-the-wake",
        harm: "a receiver that is cancelled once it was woken leaves the value lying",
        file: RECV,
        find: "state.receiving.leave(&mut self.place, deferred);\n            state.notify_next_receive(deferred);",
        replace: "state.receiving.leave(&mut self.place, deferred);",
    },
    Bug {
        name: "one-more-than-the-capacity",
        harm: "a bounded channel holds more than it was told to",
        file: STATE,
        find: "self.values.len() < capacity.get()",
        replace: "self.values.len() <= capacity.get()",
    },
    Bug {
        name: "try-send-overtakes",
        harm: "who does not wait takes the room of those who have waited for it",
        file: SEND,
        find: "if !state.has_room() || is_bounded && !state.sending.is_empty() {",
        replace: "if !state.has_room() {",
    },
    Bug {
        name: "receive-overtakes",
        harm: "who comes later takes the value of those who have waited for it",
        file: RECV,
        find: "&& !state.receiving.is_first(place) {",
        replace: "&& place.is_taken() && !state.receiving.is_first(place) {",
    },
    Bug {
        name: "former-waker-of-a-send-kept",
        harm: "a send that goes on in another task wakes the one it was in before",
        file: SEND,
        find: "state.sending.wait(&mut self.place, deferred);",
        replace: "if !self.place.is_taken() {\n                state.sending.wait(&mut self.place, deferred);\n            }",
    },
    Bug {
        name: "closing-tells-nobody",
        harm: "who receives waits for ever when the last sender has gone",
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
        harm: "a receiver that goes on in another task wakes the one it was in before",
        file: ONESHOT,
        find: "deferred.store_own(waker);",
        replace: "if waker.is_none() { deferred.store_own(waker) }",
    },
];
