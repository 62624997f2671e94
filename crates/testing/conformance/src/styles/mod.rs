//! What a style is, and the four of Quadrivium: how each carries out a body.
//!
//! The four files differ in the mechanism and in nothing else.

mod style;

mod callback;
mod generator;
mod future;
mod green;

pub use callback::Callback;
pub use future::Future;
pub use generator::Generator;
pub use green::Green;
pub use style::{Feature, Style, Value};

/// All four of Quadrivium.
pub const ALL: [&dyn Style; 4] = [&Callback, &Generator, &Future, &Green];
