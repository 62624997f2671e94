//! HTTP/1.1 as bytes: requests out of what comes in, heads of answers. It knows
//! no socket and no file, so that tests and fuzzers can feed it anything.

mod body;
mod head;
mod incoming;
mod request;
mod response;
mod status;

pub use incoming::{Incoming, WhatNext, too_late};
pub use request::{Asked, Refusal, Reply, Request};
pub use response::{Head, http_date, refused};
pub use status::Status;
