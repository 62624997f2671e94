//! Bugs of waiting for several things: join, race, timeout, and the sum of two waits.

use super::Bug;

const JOIN: &str = "crates/core/src/combinators/join.rs";
const RACE: &str = "crates/core/src/combinators/race.rs";

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
];
