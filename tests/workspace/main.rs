//! The rules of the workspace that the compiler does not check.

mod floors;
mod words;
