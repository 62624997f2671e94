//! What the four styles of `echo` share.

use std::{io, net::SocketAddr};

use quadrivium::task::BoxTask;

use crate::{server, styles::StyleName};

mod callback;
mod future;
mod generator;
mod green;

/// So many bytes are read at once, and held for each connection.
const BUFFER: usize = 8 * 1024;

/// The server in this style: accepts until the stop.
pub fn serve(style: StyleName, server: server::Server) -> BoxTask<()> {
    match style {
        StyleName::Callback => Box::pin(callback::serve(server)),
        StyleName::Generator => Box::pin(generator::serve(server)),
        StyleName::Future => Box::pin(future::serve(server)),
        StyleName::Green => Box::pin(green::serve(server)),
    }
}

/// A client in this style: says something, and is worth what comes back.
pub fn say(
    style: StyleName,
    to: SocketAddr,
    text: &'static [u8],
) -> BoxTask<io::Result<Vec<u8>>> {
    match style {
        StyleName::Callback => Box::pin(callback::say(to, text)),
        StyleName::Generator => Box::pin(generator::say(to, text)),
        StyleName::Future => Box::pin(future::say(to, text)),
        StyleName::Green => Box::pin(green::say(to, text)),
    }
}

#[cfg(test)]
mod tests;
