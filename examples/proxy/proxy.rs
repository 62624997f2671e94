//! What the four styles of `proxy` share.

use std::{
    io::{self, ErrorKind},
    net::{SocketAddr, ToSocketAddrs},
    rc::Rc,
    time::Duration,
};

use quadrivium::{
    future::perform, net::TcpStream, prelude::*, task::BoxTask, thread::offload,
};

use super::{
    server::{self, both},
    styles::Style,
};

mod callback;
mod future;
mod generator;
mod green;

/// So many bytes are read at once, and held for each direction.
const BUFFER: usize = 16 * 1024;

/// How long the upstream may take to answer at all.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// The proxy in this style: accepts until the stop, and connects each client to
/// `to`, a host and a port.
pub fn serve(style: Style, server: server::Server, to: &str) -> BoxTask<()> {
    let to = Rc::from(to);
    match style {
        Style::Callback => Box::pin(callback::serve(server, to)),
        Style::Generator => Box::pin(generator::serve(server, to)),
        Style::Future => Box::pin(future::serve(server, to)),
        Style::Green => Box::pin(green::serve(server, to)),
    }
}

/// Connects to the first address of this name that answers.
fn connect(
    to: Rc<str>,
) -> impl Task<Output = io::Result<(TcpStream, SocketAddr)>> {
    quadrivium::future::future(async move {
        let connected = timeout(CONNECT_WITHIN, connect_to_any(&to)).await;
        let connected = connected.unwrap_or(Err(ErrorKind::TimedOut.into()));
        let named = |error| {
            io::Error::other(format!("cannot connect to {to}: {error}"))
        };
        connected.map_err(named)
    })
}

fn connect_to_any(
    to: &Rc<str>,
) -> impl Task<Output = io::Result<(TcpStream, SocketAddr)>> + use<> {
    let name = to.to_string();
    quadrivium::future::future(async move {
        // The system's resolver blocks, so it has a thread to itself.
        let resolve = move || Ok(name.to_socket_addrs()?.collect::<Vec<_>>());
        let resolved: io::Result<_> = perform(offload(resolve)).await;
        let mut last = io::Error::other("the name has no address");
        for address in resolved? {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok((stream, address)),
                Err(error) => last = error,
            }
        }
        Err(last)
    })
}
