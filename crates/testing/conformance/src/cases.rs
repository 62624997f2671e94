//! [`cases`]: how a law makes up its cases.

use proptest::test_runner::{Config, RngAlgorithm, RngSeed};

/// So many cases, from a fixed seed: the same in every style, today and tomorrow.
pub(crate) fn cases(n: u32) -> Config {
    Config {
        cases: n,
        rng_seed: RngSeed::Fixed(7),
        // Every alternative of a strategy has a generator of its own, and most are never used. With
        // the default, ChaCha, their seeds take half of the time of the laws.
        rng_algorithm: RngAlgorithm::XorShift,
        failure_persistence: None,
        ..Config::default()
    }
}
