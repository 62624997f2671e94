//! The configuration of the random cases of a law.

use proptest::test_runner::{Config, RngAlgorithm, RngSeed};

/// Returns a configuration with `n` cases from a fixed seed. So the cases are always the same, in
/// every style.
pub(crate) fn random_cases(n: u32) -> Config {
    Config {
        cases: n,
        rng_seed: RngSeed::Fixed(7),
        // Every alternative of a strategy has a generator of its own, and most are never used. With
        // the default, ChaCha, seeding them takes half of the time of the laws.
        rng_algorithm: RngAlgorithm::XorShift,
        failure_persistence: None,
        ..Config::default()
    }
}
