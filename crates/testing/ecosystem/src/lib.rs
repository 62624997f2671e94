//! Tests of Quadrivium with external crates that were not written for it. They are in
//! `tests/ecosystem`.
//!
//! It is a package of its own, so that these crates are built only for these tests. The library
//! starts the servers that the tests talk to.

#![forbid(unsafe_code)]

mod servers;

pub use servers::{Postgres, Redis, skip};

/// The examples of the guide for people who know other libraries run as tests.
#[doc = include_str!("../../../../docs/coming-from.md")]
#[cfg(doctest)]
struct GuideExamples;
