//! The code that the programs share: the names of the styles, and the base of
//! all servers. Also the programs that the command `quadrivium` runs.
//!
//! Each program has a folder. Its `main.rs` describes the program and runs it.

#![forbid(unsafe_code)]

pub mod styles;
pub mod hello;
pub mod ticker;
pub mod ping_pong;
pub mod pipeline;
pub mod exhibition;
pub mod programs;
pub mod server;
pub mod echo;
pub mod proxy;
pub mod chat;
pub mod http;
