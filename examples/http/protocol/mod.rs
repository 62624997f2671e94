//! HTTP/1.1 as bytes: it reads requests and writes the heads of answers. It has
//! no sockets and no files, so that tests and fuzzers can give it any bytes.

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
