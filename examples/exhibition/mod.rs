//! The exhibition in its four styles, and its rules, which they share.

pub mod callback;
pub mod future;
pub mod generator;
pub mod green;
mod rules;

pub use rules::Rules;
