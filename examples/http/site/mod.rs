//! A folder whose files are answers. Everything here may block on the disk, and
//! runs where that holds up nobody.

mod answer;
mod conditions;
mod file;
mod listing;
mod media_type;
mod path;
mod range;
mod root;

pub use answer::Answer;
pub use root::Site;

/// A target that makes the server panic, in its tests.
#[cfg(test)]
pub const PANICS: &str = "/panics";
