//! Bugs of the channels.

use super::Bug;

const FAIRNESS: &str = "crates/core/src/fairness.rs";
const ONESHOT: &str = "crates/core/src/sync/oneshot.rs";
const RECV: &str = "crates/core/src/sync/channel/recv.rs";
const SEND: &str = "crates/core/src/sync/channel/send.rs";
const STATE: &str = "crates/core/src/sync/channel/state.rs";
const LINE: &str = "crates/core/src/sync/line.rs";

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
        file: "crates/hosts/event-loop/src/step.rs",
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
        find: "let left = state.receiving.leave(ticket);",
        replace: "let left: Option<crate::LocalWaker> = None; let _ = ticket;",
    },
    Bug {
        name: "leaked-sender",
        harm: "a send that was cancelled holds its place in the line, and nobody behind it moves",
        file: SEND,
        find: "let left = state.sending.leave(ticket);",
        replace: "let left: Option<crate::LocalWaker> = None; let _ = ticket;",
    },
    Bug {
        name: "cancelled-receiver-keeps-the-wake",
        harm: "a receiver that is cancelled once it was woken leaves the value lying",
        file: RECV,
        find: "let next = state.next_to_receive();\n        drop(state);\n        drop(left);",
        replace: "let next = None;\n        drop(state);\n        drop(left);",
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
        find: "None => self.receiving.is_empty(),",
        replace: "None => true,",
    },
    Bug {
        name: "former-waker-of-a-send-kept",
        harm: "a send that goes on in another task wakes the one it was in before",
        file: LINE,
        find: "Some(place) => self.places[place].1.replace(waker),",
        replace: "Some(_) => Some(waker),",
    },
    Bug {
        name: "closing-tells-nobody",
        harm: "who receives waits for ever when the last sender has gone",
        file: SEND,
        find: "receiving.wake();",
        replace: "std::mem::forget(receiving);",
    },
    Bug {
        name: "values-dropped-under-a-borrow",
        harm: "a value whose destructor uses the channel panics",
        file: RECV,
        find: "let values = std::mem::take(&mut state.values);",
        replace: "let values = (); state.values.clear();",
    },
    Bug {
        name: "former-waker-of-a-oneshot-kept",
        harm: "a receiver that goes on in another task wakes the one it was in before",
        file: ONESHOT,
        find: "let former = waker.replace(own);",
        replace: "let former = if waker.is_some() { Some(own) } else { waker.replace(own) };",
    },
];
