//! Tests of Quadrivium with crates of others, which know nothing of it: see `tests/ecosystem`.
//!
//! A package of its own, so that nobody builds those crates who does not run these tests.

#![forbid(unsafe_code)]
