//! What the four styles of `echo` share.

use quadrivium::task::BoxTask;

use super::{server, styles::Style};

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
