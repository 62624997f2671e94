//! Styles, and the four of Quadrivium: each defines how it carries out a body.
//!
//! The four files differ only in the mechanism.

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

/// The four styles of Quadrivium.
pub const ALL: [&dyn Style; 4] = [&Callback, &Generator, &Future, &Green];
