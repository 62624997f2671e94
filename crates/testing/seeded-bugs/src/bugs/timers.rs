//! Bugs of time: deadlines that come early, late, twice, or out of order.

use super::Bug;

const TIMERS: &str = "crates/hosts/event-loop/src/time/task_timers.rs";
const BUCKET: &str = "crates/hosts/event-loop/src/time/timer_bucket.rs";
const CLOCK: &str = "crates/hosts/event-loop/src/time/clock.rs";
const DEADLINE: &str = "crates/hosts/event-loop/src/turn/deadline.rs";
const TIME: &str = "crates/core/src/time.rs";
const EVERY: &str = "crates/core/src/every.rs";

pub const BUGS: &[Bug] = &[
    Bug {
        name: "end-of-time-not-reported",
        harm: "when the virtual clock cannot advance any further, the message advises to look for a sender",
        file: DEADLINE,
        find: "self.time_is_used_up.set(true);",
        replace: "",
    },
    Bug {
        name: "no-deadline-after-the-end-of-time",
        harm: "once the virtual clock cannot advance any further, a sleep of no time never ends",
        file: DEADLINE,
        find: "return Some(u64::MAX);",
        replace: "return None;",
    },
    Bug {
        name: "deadline-a-nanosecond-early",
        harm: "a task is woken before its deadline",
        file: TIMERS,
        find: "if first.deadline > now {",
        replace: "if first.deadline > now.saturating_add(1) {",
    },
    Bug {
        name: "sleep-never-due-in-time",
        harm: "a sleep that is resumed exactly at its deadline keeps waiting",
        file: CLOCK,
        find: "deadline <= self.latest.get() || deadline <= self.now()",
        replace: "deadline < self.now()",
    },
    Bug {
        name: "spurious-wake-ends-a-sleep",
        harm: "a sleep ends at any wake of its task",
        file: TIME,
        find: "State::Until(deadline) if cx.has_come(deadline) => ",
        replace: "State::Until(_) => ",
    },
    Bug {
        name: "equal-deadlines-in-reverse",
        harm: "of two equal deadlines, the one that was armed last fires first",
        file: BUCKET,
        find: "| u128::from(entry.armed)",
        replace: "| u128::from(!entry.armed)",
    },
    Bug {
        name: "heap-out-of-order",
        harm: "with more than a few sleeping tasks, some are woken long after their deadlines",
        file: BUCKET,
        find: "if children[b].is_before(&children[a]) { b } else { a }",
        replace: "if b > children.len() { b } else { a }",
    },
    Bug {
        name: "bucket-of-deadlines-skipped",
        harm: "some tasks are woken long after their deadlines, or before tasks with earlier ones",
        file: TIMERS,
        find: "if start > tick {",
        replace: "if start >= tick {",
    },
    Bug {
        name: "moved-deadline-not-moved",
        harm: "a task whose deadline is moved is woken at the old deadline",
        file: TIMERS,
        find: "if deadline == Some(bucket",
        replace: "if deadline >= Some(bucket",
    },
    Bug {
        name: "deadline-outlives-its-wait",
        harm: "a task that now waits for something else is woken by its former deadline",
        file: DEADLINE,
        find: "if slot.is_armed || deadline.is_some() {",
        replace: "if deadline.is_some() {",
    },
    Bug {
        name: "deadline-outlives-its-task",
        harm: "a loop with nothing left to do waits for the deadlines of cancelled tasks",
        file: "crates/hosts/event-loop/src/turn/end.rs",
        find: "arm(timers, slots.slot(key.slot()), key.slot(), None);",
        replace: "",
    },
    Bug {
        name: "a-late-call-delays-later-calls",
        harm: "ticks, and a function that is called every second, drift by each delay",
        file: EVERY,
        find: "(missed, now.checked_add(self.period - self.since_last_multiple(late)))",
        replace: "(missed, now.checked_add(self.period))",
    },
    Bug {
        name: "missed-tick-comes-late",
        harm: "a program that was busy for long gets a tick between two multiples of the period",
        file: EVERY,
        find: "(MissedTicks::Skip, Some(late)) => match",
        replace: "(MissedTicks::Skip, Some(_)) if true => self.next,\n            \
                  (MissedTicks::Skip, Some(late)) => match",
    },
    Bug {
        name: "tick-at-its-very-time-missed",
        harm: "work that takes exactly one period misses every second tick",
        file: EVERY,
        find: "Duration::ZERO => Some(now),",
        replace: "Duration::ZERO => now.checked_add(self.period),",
    },
    Bug {
        name: "one-tick-for-several-tasks",
        harm: "two tasks that share the work of a period both do it",
        file: EVERY,
        find: "let late = now.checked_duration_since(next)?;",
        replace: "let late = now.saturating_duration_since(next);",
    },
    Bug {
        name: "missed-ticks-of-a-burst-left-out",
        harm: "a program that must catch up on every tick does not",
        file: EVERY,
        find: "(0, next.checked_add(self.period))",
        replace: "(0, next.max(now).checked_add(self.period))",
    },
    Bug {
        name: "delayed-tick-keeps-the-multiples",
        harm: "the tick after a late one comes before its period has passed",
        file: EVERY,
        find: "MissedTicks::Delay => (missed, now.checked_add(self.period)),",
        replace: "MissedTicks::Delay => (missed, next.checked_add(self.period)),",
    },
];
