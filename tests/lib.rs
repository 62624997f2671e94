//! Code that tests of several packages share, and the rules about prose with their command.

#![forbid(unsafe_code)]

pub mod limited;
pub mod prose;
pub mod sources;
pub mod words;
