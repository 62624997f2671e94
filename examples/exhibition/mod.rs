//! What the four styles of `exhibition` share.

pub mod callback;
pub mod future;
pub mod generator;
pub mod green;
mod rules;

pub use rules::Rules;
