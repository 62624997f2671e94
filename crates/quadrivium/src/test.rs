//! Deterministic simulation of a program, and checks for your tests. The crate
//! [`quadrivium_test_kit`] explains them.
//!
//! With the feature `hooks`, `must_not_block` checks that a task makes no blocking call.

#[cfg(feature = "hooks")]
pub use quadrivium_hooks::{MustNotBlock, must_not_block};
pub use quadrivium_test_kit::*;
