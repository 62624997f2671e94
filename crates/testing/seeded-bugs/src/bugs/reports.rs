//! Bugs of the reports: which cycles and which panics a loop reports, and when.

use super::Bug;

const JOIN_CYCLE: &str = "crates/hosts/event-loop/src/watch/join_cycle.rs";
const STUCK: &str = "crates/hosts/event-loop/src/watch/stuck_tasks.rs";
const TASK: &str = "crates/hosts/event-loop/src/watch/watch_record.rs";
const WATCH: &str = "crates/hosts/event-loop/src/turn/watch.rs";
const SUSPECTS: &str = "crates/hosts/event-loop/src/turn/suspects.rs";
const RUN: &str = "crates/hosts/event-loop/src/turn/run.rs";
const HOST: &str = "crates/hosts/event-loop/src/turn/host.rs";
const END: &str = "crates/hosts/event-loop/src/turn/end.rs";
const PLACES: &str = "crates/core/src/inspect/places.rs";

pub const BUGS: &[Bug] = &[
    Bug {
        name: "join-cycle-of-one-is-none",
        harm: "a task that joins itself is not reported while other tasks run",
        file: JOIN_CYCLE,
        find: "forward = joins.joined_by(forward)?;",
        replace: "forward = joins.joined_by(forward).filter(|it| *it != forward)?;",
    },
    Bug {
        name: "join-cycle-despite-a-race",
        harm: "a task that waits for another task or for a message is reported as part of a cycle",
        file: TASK,
        find: "is_single: *wait == Wait::Wake && !note.is_one_of_several(),",
        replace: "is_single: *wait == Wait::Wake,",
    },
    Bug {
        name: "join-cycle-despite-a-deadline",
        harm: "a task that waits with a timeout is reported as part of a cycle",
        file: TASK,
        find: "is_single: *wait == Wait::Wake && !note.is_one_of_several(),",
        replace: "is_single: !note.is_one_of_several(),",
    },
    Bug {
        name: "join-cycle-despite-a-silent-leaf",
        harm: "a task that a leaf of another crate will wake is reported as part of a cycle",
        file: TASK,
        find: "self.has_silent_leaf |= !note",
        replace: "self.has_silent_leaf = false && !note",
    },
    Bug {
        name: "silent-leaf-forgotten",
        harm: "a leaf of another crate that keeps its waker for several steps is not noticed",
        file: TASK,
        find: "self.has_silent_leaf |= !note",
        replace: "self.has_silent_leaf = !note",
    },
    Bug {
        name: "join-cycle-despite-a-canceller",
        harm: "a cycle that other code is about to cancel is reported as certain",
        file: HOST,
        find: "        self.note_canceller(key);\n",
        replace: "",
    },
    Bug {
        name: "join-cycle-despite-a-cloned-waker",
        harm: "a task that code outside the loop may wake is reported as part of a cycle",
        file: WATCH,
        find: "slots.is_escaped(key.slot()) || self.cancellers",
        replace: "self.cancellers",
    },
    Bug {
        name: "join-cycle-of-a-moved-handle",
        harm: "a task that has given its handle away is reported as if it still joined",
        file: WATCH,
        find: "(self.waits_for_end(joined)? == key).then_some(joined)",
        replace: "self.waits_for_end(joined).map(|_| joined)",
    },
    Bug {
        name: "cycle-reported-again-and-again",
        harm: "each wake of a task in a cycle prints the same report",
        file: WATCH,
        find: "is_new |= !std::mem::replace(&mut wait.is_reported, true);",
        replace: "is_new |= !wait.is_reported;",
    },
    Bug {
        name: "report-names-every-task",
        harm: "a report of two tasks lists all tasks of the loop",
        file: "crates/hosts/event-loop/src/turn/snapshot.rs",
        find: "        tasks.tasks.retain(|task| ids.contains(&task.label.id));\n",
        replace: "        _ = ids;\n",
    },
    Bug {
        name: "suspects-too-early",
        harm: "tasks that wait for each other for a moment are reported",
        file: SUSPECTS,
        find: "now.saturating_sub(task.wait.since) >= limit",
        replace: "now.saturating_sub(task.wait.since) >= limit / 2",
    },
    Bug {
        name: "suspects-only-at-a-deadline",
        harm: "on a loop that sleeps, a cycle is reported only when a task is woken by chance",
        file: RUN,
        find: "                    None => self.park(self.time_to_next_search()),",
        replace: "                    None => self.park(None),",
    },
    Bug {
        name: "suspects-never-again",
        harm: "only the first wait of a program is ever looked at",
        file: SUSPECTS,
        find: "watch.search_at = watch.next_search_after(now);",
        replace: "watch.search_at = Some(Duration::MAX);",
    },
    Bug {
        name: "one-taker-suffices",
        harm: "a task that waits for a permit is reported although another task will return one",
        file: STUCK,
        find: "let all_wait = one.iter().all(",
        replace: "let all_wait = one.iter().any(",
    },
    Bug {
        name: "futurelock-not-seen",
        harm: "a lock that is stalled by a future which is not polled any more is not reported",
        file: PLACES,
        find: "if KEEPERS.get() > 0 {",
        replace: "if KEEPERS.get() > 1_000 {",
    },
    Bug {
        name: "places-never-left",
        harm: "a task that has had a lock before is blamed for every later wait for it",
        file: PLACES,
        find: "            places.remove(index);\n",
        replace: "            _ = index;\n",
    },
    Bug {
        name: "last-words-lost",
        harm: "a panic that no task joins is not reported",
        file: END,
        find: "            self.record_unread(key, &unread);\n",
        replace: "",
    },
    Bug {
        name: "last-words-of-a-cancel",
        harm: "a task that was cancelled on purpose is reported as if it had panicked",
        file: WATCH,
        find: "let Err(JoinError::Panicked(payload)) = joined else { return };\n        let task",
        replace: "let Err(JoinError::Panicked(payload)) = joined else {\n            \
                  let task = self.state.borrow().slots.label(key.slot());\n            \
                  let report = || Report::UnreadPanic { task, message: None };\n            \
                  self.with_watch(|watch| watch.add_report(report));\n            return;\n        };\n        \
                  let task",
    },
    Bug {
        name: "last-words-after-the-loop-lost",
        harm: "a panic is not reported if its handle is dropped after the run",
        file: END,
        find: "            this.show_reports_outside_of_turns();\n",
        replace: "",
    },
    Bug {
        name: "reporter-called-under-a-borrow",
        harm: "a reporter that spawns a task, or whose program drops a handle, panics",
        file: WATCH,
        find: "reports.iter().for_each(|report| reporter.report(report));",
        replace: "let _state = self.state.borrow_mut();\n            \
                  reports.iter().for_each(|report| reporter.report(report));",
    },
];
