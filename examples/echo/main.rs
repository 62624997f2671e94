//! `echo`: a server that sends every byte back to its sender.
//!
//! New idea: sockets. A read is a task like any other, so one loop serves all
//! connections. The code for one connection reads as if it were the only one.
//!
//! The server
//! 1. accepts a connection, until the server stops,
//! 2. serves it in a task of its own, which
//! 3. reads the next bytes, at most 8 KiB, until the end,
//! 4. writes them back.
//!
//! A client
//! 5. connects,
//! 6. sends a text,
//! 7. receives as many bytes.
//!
//! A client may shut down its writing side when it has sent everything. It
//! still gets all its bytes back before the server closes. While a client does
//! not read, the server does not read from it, so the server holds one buffer
//! for it and no more. Limits and the stop are the same for all servers, and
//! are in `../server`.
//!
//! In this program, each style serves a client in the next style, on one loop.
//! `quadrivium serve echo` serves clients from elsewhere.

use quadrivium::{future::perform, net::TcpListener, prelude::*};
use quadrivium_examples::{
    echo,
    server::{Limits, Server},
    styles::StyleName,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for (style, other) in StyleName::chosen().into_iter().map(with_the_next) {
        let mut event_loop = EventLoop::new()?;
        let listener = TcpListener::bind(([127, 0, 0, 1], 0))?;
        let address = listener.local_addr()?;
        let server = Server::new(listener, Limits::default());
        let serving = server.run(echo::serve(style, server.clone()));
        let client = future(async move {
            let received =
                perform(echo::client(other, address, b"hello")).await;
            server.stop();
            received
        });
        let (received, _) = event_loop.block_on(join(client, serving))?;
        let received = String::from_utf8(received?)?;
        println!("{style} sends {received:?} back to {other}");
    }
    Ok(())
}

fn with_the_next(style: StyleName) -> (StyleName, StyleName) {
    let at = StyleName::ALL.iter().position(|it| *it == style);
    let next = at.map_or(0, |at| (at + 1) % StyleName::ALL.len());
    (style, StyleName::ALL[next])
}
