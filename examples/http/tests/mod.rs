//! Tests of `http` in every style, over real sockets, and of its protocol
//! without sockets.

mod client;
mod faults;
mod files;
mod fixture;
mod framing;
mod programs;
mod protocol;
mod requests;
mod shared;
mod versions;
