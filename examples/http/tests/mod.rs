//! `http` as its clients see it, in every style, over real sockets; and its
//! protocol without any.

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
