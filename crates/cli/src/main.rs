//! The `quadrivium` command.
fn main() {}
