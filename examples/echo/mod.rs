//! What the four styles of `echo` share.

use std::{io, net::SocketAddr};

use quadrivium::task::BoxTask;

use crate::{server, styles::Style};

mod callback;
mod future;
mod generator;
mod green;

/// So many bytes are read at once, and held for each connection.
const BUFFER: usize = 8 * 1024;

/// The server in this style: accepts until the stop.
pub fn serve(style: Style, server: server::Server) -> BoxTask<()> {
    match style {
        Style::Callback => Box::pin(callback::serve(server)),
        Style::Generator => Box::pin(generator::serve(server)),
        Style::Future => Box::pin(future::serve(server)),
        Style::Green => Box::pin(green::serve(server)),
    }
}

/// A client in this style: says something, and is worth what comes back.
pub fn say(
    style: Style,
    to: SocketAddr,
    text: &'static [u8],
) -> BoxTask<io::Result<Vec<u8>>> {
    match style {
        Style::Callback => Box::pin(callback::say(to, text)),
        Style::Generator => Box::pin(generator::say(to, text)),
        Style::Future => Box::pin(future::say(to, text)),
        Style::Green => Box::pin(green::say(to, text)),
    }
}

#[cfg(test)]
mod tests;
