//! Bugs of the loop's turn: which tasks are resumed, when, and how often.

use super::Bug;

const READY: &str = "crates/hosts/event-loop/src/tasks/ready_queue.rs";
const DEADLOCK: &str = "crates/hosts/event-loop/src/turn/deadlock.rs";
const SLOTS: &str = "crates/hosts/event-loop/src/tasks/slots.rs";
const WAKE: &str = "crates/hosts/event-loop/src/turn/wake.rs";

pub const BUGS: &[Bug] = &[
    Bug {
        name: "last-come-first-served",
        harm: "the task that became ready first waits the longest",
        file: READY,
        find: "let key = *self.this_turn.get(self.taken)?;",
        replace: "let last = self.this_turn.len().saturating_sub(1);\n        \
                  if self.taken < last {\n            \
                  self.this_turn.swap(self.taken, last);\n        }\n        \
                  let key = *self.this_turn.get(self.taken)?;",
    },
    Bug {
        name: "a-turn-without-end",
        harm: "tasks that wake each other run in the same turn for ever, and no deadline is checked",
        file: READY,
        find: "let key = *self.this_turn.get(self.taken)?;",
        replace: "self.begin_turn();\n        let key = *self.this_turn.get(self.taken)?;",
    },
    Bug {
        name: "wake-while-running-lost",
        harm: "a task that is woken while it runs suspends and is never resumed",
        file: WAKE,
        find: "TaskStage::Running => slot.stage = TaskStage::Woken,",
        replace: "TaskStage::Running => return,",
    },
    Bug {
        name: "resumed-twice",
        harm: "a wake of a task that is ready puts it into the queue a second time",
        file: WAKE,
        find: "if slot.stage == TaskStage::Suspended {",
        replace: "if matches!(slot.stage, TaskStage::Suspended | TaskStage::Ready) {",
    },
    Bug {
        name: "stale-generation-honoured",
        harm: "an old waker wakes, and an old handle cancels, the task that has the slot now",
        file: SLOTS,
        find: "(slot.generation == key.generation()).then_some(slot)",
        replace: "(slot.stage != TaskStage::Free).then_some(slot)",
    },
    Bug {
        name: "slot-never-freed",
        harm: "memory grows with every task that has ever run",
        file: SLOTS,
        find: "self.free.push(index);",
        replace: "",
    },
    Bug {
        name: "deadlock-never-found",
        harm: "a program that can never go on sleeps for ever, and no deadlock is reported",
        file: DEADLOCK,
        find: "!self.remotes.any_exists()",
        replace: "false",
    },
    Bug {
        name: "deadlock-too-early",
        harm: "a task that another thread is about to wake is reported as a deadlock",
        file: DEADLOCK,
        find: "&& state.slots.all_wakers_are_local()",
        replace: "",
    },
    Bug {
        name: "escaped-waker-counts-for-ever",
        harm: "once any task has given its waker away, no deadlock is ever reported",
        file: SLOTS,
        find: "self.escaped -= usize::from(slot.is_escaped);",
        replace: "",
    },
    Bug {
        name: "spurious-wakes-without-end",
        harm: "a simulation with spurious wakes reports a sleep as a livelock, and finds no deadlock",
        file: "crates/hosts/event-loop/src/turn/scheduled_turn.rs",
        find: "Fault::Wake(_) if scheduled.chosen_by_fault.get() => {}",
        replace: "",
    },
    Bug {
        name: "stop-never-ends",
        harm: "a loop that was stopped once can never run again",
        file: "crates/hosts/event-loop/src/turn/run.rs",
        find: "self.stopped.take()",
        replace: "self.stopped.get()",
    },
    Bug {
        name: "wakes-the-wrong-loop",
        harm: "a waker of one loop wakes a task of another loop that runs on its thread",
        file: "crates/hosts/event-loop/src/wake/active_loop.rs",
        find: "Some(active) if active.index() == index => {",
        replace: "Some(active) => {\n            let _ = index;",
    },
    Bug {
        name: "join-on-another-loop-called-a-missing-wake",
        harm: "a handle that was joined on the wrong loop is reported as a missing wake",
        file: "crates/hosts/event-loop/src/turn/host.rs",
        find: "self.note_join(key);",
        replace: "",
    },
    Bug {
        name: "former-join-on-another-loop-reported",
        harm: "a deadlock is explained by a join that ended long ago",
        file: "crates/hosts/event-loop/src/turn/joins_elsewhere.rs",
        find: "let joiner = state.slots.joiner(*joined)?;\n        \
               let is_of_this_loop = integer_waker::event_loop(joiner.as_waker()) == Some(self.index);",
        replace: "let is_of_this_loop = true;",
    },
];
