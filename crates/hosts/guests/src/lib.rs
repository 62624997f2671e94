//! Tasks of any style inside somebody else's executor, each as a future: see
//! [`Guest`](quadrivium_event_loop::Guest).
//!
//! An executor is described by what a guest asks of it: a timer, and to be told when a descriptor
//! is readable. There is a feature for each.

// `unsafe` stands in `tokio` alone, where a descriptor is handed over.
#![deny(unsafe_code)]

#[cfg(feature = "smol")]
mod smol;
#[cfg(feature = "tokio")]
#[allow(unsafe_code)]
mod tokio;

#[cfg(feature = "smol")]
pub use smol::{Smol, on_smol};
#[cfg(feature = "tokio")]
pub use tokio::{Tokio, on_tokio};

/// The examples of the chapter on the bridge run as tests.
#[doc = include_str!("../../../../docs/bridge.md")]
#[cfg(doctest)]
struct BridgeExamples;
