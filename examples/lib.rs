//! What the programs share: the styles and how one is chosen, what servers have
//! in common, and the programs that `quadrivium` runs for others.
//!
//! Each program has a folder. Its `main.rs` says what it does, and runs it.

#![forbid(unsafe_code)]

pub mod styles;
pub mod exhibition;
pub mod server;
pub mod echo;
pub mod proxy;
pub mod chat;
pub mod http;
