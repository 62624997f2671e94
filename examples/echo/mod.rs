//! `echo` in its four styles, and the code that they share.

use std::{io, net::SocketAddr};

use quadrivium::task::BoxTask;

use crate::{server, styles::StyleName};

mod callback;
mod future;
mod generator;
mod green;

/// The size of the one buffer of a connection, in bytes.
const BUFFER: usize = 8 * 1024;

/// Returns the accepting task of a server in this style.
pub fn serve(style: StyleName, server: server::Server) -> BoxTask<()> {
    match style {
        StyleName::Callback => Box::pin(callback::serve(server)),
        StyleName::Generator => Box::pin(generator::serve(server)),
        StyleName::Future => Box::pin(future::serve(server)),
        StyleName::Green => Box::pin(green::serve(server)),
    }
}

/// Returns a client in this style. It sends a text, and returns the bytes that
/// come back.
pub fn client(
    style: StyleName,
    to: SocketAddr,
    text: &'static [u8],
) -> BoxTask<io::Result<Vec<u8>>> {
    match style {
        StyleName::Callback => Box::pin(callback::client(to, text)),
        StyleName::Generator => Box::pin(generator::client(to, text)),
        StyleName::Future => Box::pin(future::client(to, text)),
        StyleName::Green => Box::pin(green::client(to, text)),
    }
}

#[cfg(test)]
mod tests;
