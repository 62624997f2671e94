//! `proxy` in its four styles, and the code that they share.

use std::{
    io::{self, ErrorKind},
    rc::Rc,
    time::Duration,
};

use quadrivium::{net::TcpStream, prelude::*, task::BoxTask};

use crate::{server, styles::StyleName};

mod callback;
mod future;
mod generator;
mod green;

/// How long connecting to the upstream may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// Returns the accepting task of a proxy in this style. It connects each client
/// to `to`, a host and a port.
pub fn serve(
    style: StyleName,
    server: server::Server,
    to: &str,
) -> BoxTask<()> {
    let to = Rc::from(to);
    match style {
        StyleName::Callback => Box::pin(callback::serve(server, to)),
        StyleName::Generator => Box::pin(generator::serve(server, to)),
        StyleName::Future => Box::pin(future::serve(server, to)),
        StyleName::Green => Box::pin(green::serve(server, to)),
    }
}

/// Connects to the first address of this name that accepts a connection.
fn connect(to: Rc<str>) -> impl Task<Output = io::Result<TcpStream>> {
    quadrivium::future::future(async move {
        let connecting = TcpStream::connect(&*to);
        let connected = timeout(CONNECT_WITHIN, connecting).await;
        let connected = connected.unwrap_or(Err(ErrorKind::TimedOut.into()));
        connected.map_err(|error| {
            io::Error::other(format!("cannot connect to {to}: {error}"))
        })
    })
}

#[cfg(test)]
mod tests;
