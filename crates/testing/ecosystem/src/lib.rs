//! Tests of Quadrivium with external crates that were not written for it. They are in
//! `tests/ecosystem`.
//!
//! It is a package of its own, so that these crates are built only for these tests.

#![forbid(unsafe_code)]
