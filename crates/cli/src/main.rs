//! The `quadrivium` command.

#![forbid(unsafe_code)]

fn main() {}
