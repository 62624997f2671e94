//! Bugs of waiting for several things: join, race, timeout, and the sum of two waits.

use super::Bug;

const JOIN: &str = "crates/core/src/join.rs";
const RACE: &str = "crates/core/src/race.rs";

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
        harm: "the second of two joined tasks is resumed only when the first is",
        file: JOIN,
        find: "Step::Suspended(a.or(b))",
        replace: "{ drop(b); Step::Suspended(a) }",
    },
    Bug {
        name: "loser-outlives-the-race",
        harm: "what the loser of a race holds is held for as long as the race lies about",
        file: RACE,
        find: "self.parts = None;",
        replace: "",
    },
    Bug {
        name: "race-waits-for-one-part",
        harm: "a race ends only when its first part is resumed, whatever the second does",
        file: RACE,
        find: "Step::Suspended(a.or(b))",
        replace: "{ drop(b); Step::Suspended(a) }",
    },
    Bug {
        name: "timeout-before-the-task",
        harm: "a task that is done in the step in which time is up is thrown away",
        file: "crates/core/src/timeout.rs",
        find: "match Pin::new(&mut self.race).resume(cx) {",
        replace: "match Pin::new(&mut self.race).resume(cx) {\n            \
                  Step::Done(Either::Left(_)) if self.duration.is_zero() => \
                  Step::Done(Err(Elapsed { after: self.duration })),",
    },
];
