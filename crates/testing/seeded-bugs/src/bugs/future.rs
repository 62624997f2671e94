//! Bugs of the future style, and of the way that the waits of its performs take to the task.

use super::Bug;

const PERFORM: &str = "crates/core/src/perform.rs";
const FOREIGN_WAITS: &str = "crates/core/src/foreign_waits.rs";
const TASK: &str = "crates/styles/future/src/task.rs";

pub const BUGS: &[Bug] = &[
    Bug {
        name: "future-kept-when-done",
        harm: "a future that is done keeps its body, and a resume after the end panics with the compiler's message",
        file: TASK,
        find: "this.body.set(None);",
        replace: "",
    },
    Bug {
        name: "future-panic-swallowed",
        harm: "a task that joins a future that panics waits for ever",
        file: TASK,
        find: "let step = this.waits.poll(body, cx);",
        replace: "let poll = std::panic::AssertUnwindSafe(|| this.waits.poll(body, cx));\n        \
                  let step = std::panic::catch_unwind(poll);\n        \
                  let step = step.unwrap_or(Step::Suspended(quadrivium_core::Wait::Wake));",
    },
    Bug {
        name: "future-wait-left-behind",
        harm: "a future also has the wait of the future that was polled before it",
        file: PERFORM,
        find: "match POLLED.get().sum() {",
        replace: "thread_local! {\n            \
                  static LEFT: Cell<Sum> = const { Cell::new(Sum::Wake) };\n        }\n        \
                  let sum = POLLED.get().sum();\n        \
                  let left = LEFT.replace(sum);\n        \
                  let is_over = sum != Sum::Wake || matches!(left, Sum::Until | Sum::Long);\n        \
                  match if is_over { sum } else { left } {",
    },
    Bug {
        name: "future-last-wait-wins",
        harm: "when several sleeps are awaited at once, only the last one counts",
        file: PERFORM,
        find: "sum.wait = sum.wait.clone().or(wait)",
        replace: "sum.wait = wait",
    },
    Bug {
        name: "future-foreign-waits-lost",
        harm: "a sleep inside a foreign combinator never ends",
        file: PERFORM,
        find: "if wait == Wait::Wake {",
        replace: "if wait == Wait::Wake || wait != Wait::Wake {",
    },
    Bug {
        name: "future-loser-leaves-its-deadline",
        harm: "a task keeps waiting for the deadlines of parts that were dropped",
        file: FOREIGN_WAITS,
        find: "self.last_of_perform.load(Relaxed) == self.number",
        replace: "self.last_of_perform.load(Relaxed) == self.number || self.number > 0",
    },
];
