//! The four styles of Quadrivium, and how each carries out a body.
//!
//! The four files differ in the mechanism and in nothing else.

mod callback;
mod generator;
mod future;
mod green;

pub use callback::Callback;
pub use future::Future;
pub use generator::Generator;
pub use green::Green;

use crate::Style;

/// All four.
pub const ALL: [&dyn Style; 4] = [&Callback, &Generator, &Future, &Green];
