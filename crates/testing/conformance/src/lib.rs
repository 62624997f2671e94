//! The laws that every way to suspend must keep. Each law is a function that is run against a
//! [`Style`]. The style may be one of Quadrivium's four, a pair of styles in which one performs the
//! other, or your own.
//!
//! ```text
//!   a law   body().note(&notes, "one").perform(turn()).note(&notes, "two")
//!                              │
//!   Subject::task(body)        │            what the style under test makes of it
//!          ┌──────────┬────────┴──┬─────────┬──────────────┐
//!      callback   generator    future     green     a style of your own
//! ```
//!
//! # Testing a style of your own
//!
//! A style defines how it carries out a [`Body`]: it calls [`Body::go_on`] until there is a task to
//! perform or the end. Then one line makes a test of each law.
//!
//! ```
//! use quadrivium::{future::{self, future}, task::BoxTask};
//! use quadrivium_conformance::{Body, NextAction, Style, Value};
//!
//! /// The future style again, as an example.
//! struct Mine;
//!
//! impl Style for Mine {
//!     fn name(&self) -> &'static str {
//!         "mine"
//!     }
//!
//!     fn task(&self, mut body: Body<Value>) -> BoxTask<Value> {
//!         Box::pin(future(async move {
//!             loop {
//!                 match body.go_on() {
//!                     NextAction::Perform(task) => {
//!                         let then = future::perform(task).await;
//!                         then()
//!                     }
//!                     NextAction::End(value) => return value,
//!                 }
//!             }
//!         }))
//!     }
//! }
//!
//! mod laws {
//!     // A `#[test]` for each law: `laws::lifecycle::building_runs_nothing` and so on.
//!     quadrivium_conformance::every_law!(&super::Mine);
//! }
//! # fn main() {
//! #     quadrivium_conformance::laws().for_each(|law| match law.topic {
//! #         "lifecycle" | "cancel" => law.check((&Mine).into()),
//! #         _ => {}
//! #     });
//! # }
//! ```
//!
//! `examples/state_machine` is a complete style, written by hand. `docs/conformance.md` explains
//! it.

#![forbid(unsafe_code)]

// Styles, and the combinations of them that are tested.
pub mod styles;
mod subject;
mod host;
mod body;

// Programs as values.
pub mod script;

// The laws, and how they are checked.
mod laws;
mod check;

// Helpers of the laws.
mod notes;
mod expectations;
mod leaf;
mod wakers;
mod event_loop;
mod current_law;
mod child;
mod sockets;
mod byte_stream;
mod watchdog;
mod in_destructor;
mod random_cases;
mod reports;

#[cfg(test)]
mod declared_features;
#[cfg(test)]
mod broken;

pub use body::{Body, NextAction, Then, body};
pub use check::{Tally, check, check_on};
pub use child::alone;
pub use event_loop::{
    TestLoop, TestTrace, TraceLines, catch_panic, is_done, message, new_loop, resume,
    spawn_with_probe, traced, turns,
};
pub(crate) use event_loop::{loop_with_probe, notes_and_loop};
pub use host::{HostFeature, HostLoop, LawHost, MakeTask, Output, Real, Virtual, skip_law};
pub(crate) use in_destructor::{in_destructor, in_drop};
pub use laws::{Checked, Law, laws};
pub use leaf::{LeafFn, Probe, leaf, map};
pub(crate) use notes::NO_NOTES;
pub use notes::{Notes, WhenDropped, WhenDroppedPrints};
pub(crate) use random_cases::random_cases;
pub use styles::{Feature, Style, Value};
pub use subject::Subject;

/// Runs the examples of the page on testing your own style.
#[doc = include_str!("../../../../docs/conformance.md")]
#[cfg(doctest)]
struct PageExamples;
