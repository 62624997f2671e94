//! Bugs of waiting for several things: join, race, timeout, and the sum of two waits.

use super::Bug;

const JOIN: &str = "crates/core/src/combinators/join.rs";
const TRY_JOIN: &str = "crates/core/src/combinators/try_join.rs";
const TRY_JOIN_ALL: &str = "crates/core/src/combinators/try_join_all.rs";
const SELECT: &str = "crates/core/src/combinators/select.rs";
const RACE: &str = "crates/core/src/combinators/race.rs";
const PARTS: &str = "crates/core/src/combinators/parts.rs";
const PART_WAKERS: &str = "crates/core/src/host/part_wakers.rs";

pub const BUGS: &[Bug] = &[
    Bug {
        name: "later-of-two-deadlines",
        harm: "a race of two sleeps takes as long as the slower one",
        file: "crates/core/src/wait.rs",
        find: "a.min(b)",
        replace: "a.max(b)",
    },
    Bug {
        name: "join-waits-for-one-part",
        harm: "the second of two joined tasks is resumed only together with the first",
        file: JOIN,
        find: "Step::Suspended(a.or(b))",
        replace: "{ drop(b); Step::Suspended(a) }",
    },
    Bug {
        name: "loser-outlives-the-race",
        harm: "the values of the loser of a race are dropped only together with the race",
        file: RACE,
        find: "this.parts.set(None);",
        replace: "",
    },
    Bug {
        name: "every-wake-resumes-every-part",
        harm: "joining sixteen thousand tasks takes seconds",
        file: PARTS,
        find: "self.wakers.begin_resume(cx, &self.to_resume, self.parts.len())",
        replace: "(0..self.parts.len()).for_each(|part| self.to_resume.insert(part));\n        \
                  self.wakers.begin_resume(cx, &self.to_resume, self.parts.len())",
    },
    Bug {
        name: "wake-of-a-running-part-lost",
        harm: "a part of a `join_all` that is woken while it runs is never resumed",
        file: PARTS,
        find: "set.insert_into_word(word, turns);",
        replace: "set.take_from_word(word, u64::MAX);\n        set.insert_into_word(word, turns);",
    },
    Bug {
        name: "deadline-of-a-part-forgotten",
        harm: "a part of a `join_all` that waits once more for its deadline never ends",
        file: PARTS,
        find: "part.wait = Wait::Wake;",
        replace: "",
    },
    Bug {
        name: "former-deadline-of-a-part-kept",
        harm: "a task wakes up for deadlines that its parts have long replaced",
        file: PARTS,
        find: "it.wait == Wait::Until(deadline)) {",
        replace: "it.wait == Wait::Until(deadline) || true) {",
    },
    Bug {
        name: "select-loses-outputs",
        harm: "parts of a `select` that are ready at once never end, except for one",
        file: PARTS,
        find: "set.insert_into_word(word, bits | turns);",
        replace: "",
    },
    Bug {
        name: "select-favours-its-first-part",
        harm: "a source that always has something starves the other parts of a `select`",
        file: SELECT,
        find: "*self = Self::At(host::first_part(parts));",
        replace: "*self = Self::At(0 * host::first_part(parts));",
    },
    Bug {
        name: "select-begins-anew",
        harm: "a part that was never first waits for all parts before it, again and again",
        file: SELECT,
        find: "Self::At((index + 1) % parts)",
        replace: "Self::At(0 * (index + parts))",
    },
    Bug {
        name: "biased-select-rotates",
        harm: "a request to stop waits behind the next piece of work",
        file: SELECT,
        find: "Self { begin: Begin::Biased, ..self }",
        replace: "self",
    },
    Bug {
        name: "parts-before-the-first-skipped",
        harm: "some parts of a `select` are never resumed",
        file: PARTS,
        find: "if first > 0 {",
        replace: "if first > usize::MAX / 2 {",
    },
    Bug {
        name: "simulated-select-always-the-same",
        harm: "a simulation never tries that another part of a `select` comes first",
        file: "crates/hosts/event-loop/src/turn/host.rs",
        find: "scheduled.ask(|schedule| schedule.first_part(n))",
        replace: "scheduled.ask(|_| 0)",
    },
    Bug {
        name: "only-the-first-part-wakes-its-combinator",
        harm: "a `join_all` is not resumed when its second part is woken",
        file: PART_WAKERS,
        find: "self.is_woken.store(false, SeqCst);",
        replace: "",
    },
    Bug {
        name: "part-wakes-the-former-task",
        harm: "a combinator that was handed to another task is never resumed",
        file: PART_WAKERS,
        find: "former.will_wake(waker)",
        replace: "former.will_wake(former)",
    },
    Bug {
        name: "stale-waker-of-a-part-honoured",
        harm: "an old waker of a part resumes a part of another combinator",
        file: "crates/hosts/event-loop/src/tasks/part_slots.rs",
        find: "(block.generation == key.generation()).then_some(",
        replace: "true.then_some(",
    },
    Bug {
        name: "escaped-waker-of-a-part-ignored",
        harm: "a task is reported as a deadlock although a thread will wake a part of it",
        file: "crates/hosts/event-loop/src/wake/part_wakers.rs",
        find: "woken.escape(integer_waker::escape);",
        replace: "_ = woken;",
    },
    Bug {
        name: "losers-outlive-a-race-of-many",
        harm: "the values of the losers of a `race_all` are never dropped",
        file: "crates/core/src/combinators/race_all.rs",
        find: "drop(first.rest);",
        replace: "std::mem::forget(first.rest);",
    },
    Bug {
        name: "error-keeps-the-other-part",
        harm: "after an error, the values of the other task of a `try_join` are kept",
        file: TRY_JOIN,
        find: "this.parts.set(None);",
        replace: "",
    },
    Bug {
        name: "error-noticed-by-the-next-part",
        harm: "a task of a `try_join` continues although the task before it has failed",
        file: TRY_JOIN,
        find: "this.a.take_error()?;\n        let b = this.b.as_mut().resume(cx);",
        replace: "let b = this.b.as_mut().resume(cx);\n        this.a.take_error()?;",
    },
    Bug {
        name: "error-waits-for-all-parts",
        harm: "a `try_join_all` returns its error only when every task is done",
        file: TRY_JOIN_ALL,
        find: "failed = Some(error);\n                ControlFlow::Break(())",
        replace: "failed = Some(error);\n                ControlFlow::Continue(())",
    },
    Bug {
        name: "error-leaks-the-other-parts",
        harm: "after an error, the values of the other tasks of a `try_join_all` are never dropped",
        file: TRY_JOIN_ALL,
        find: "drop(parts);",
        replace: "std::mem::forget(parts);",
    },
    Bug {
        name: "shared-deadline-comes-late",
        harm: "tasks that share a deadline get more time than it allows",
        file: "crates/core/src/combinators/timeout_at.rs",
        find: "race(task, sleep_until(deadline))",
        replace: "race(task, sleep_until(deadline + std::time::Duration::from_millis(1)))",
    },
    Bug {
        name: "elapsed-time-counted-at-the-end",
        harm: "the error of a `timeout_at` says that the task had no time at all",
        file: "crates/core/src/combinators/timeout_at.rs",
        find: "saturating_duration_since(began)",
        replace: "saturating_duration_since(cx.now().max(began))",
    },
];
