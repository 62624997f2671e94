//! Tasks of any style inside tokio or smol, each as a future: see
//! [`Guest`](quadrivium_event_loop::Guest).
//!
//! [`Executor`](quadrivium_event_loop::Executor) describes what the loop inside needs from the
//! executor: a timer, and a notification when a descriptor is readable. There is a feature for each
//! executor.

// `unsafe` is used only in `tokio`, which hands over a descriptor.
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
