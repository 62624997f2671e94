//! `proxy`: connects each client to another server, and copies both ways.
//!
//! New idea: two tasks for one connection, as either end may speak at any time.
//! They share its two sockets, and neither knows of the other.
//!
//! The proxy
//! 1. accepts a connection, until the stop,
//! 2. serves it in a task of its own, which
//! 3. sees to it that the client is reset unless all goes well,
//! 4. connects to the upstream, by name, within 10 seconds,
//! 5. copies in both directions at once, until both have ended or one fails,
//! 6. and then, if none has, closes both ends without a reset.
//!
//! Each direction
//! 7. reads what there is, at most 16 KiB; the end is passed on, so that one
//!    end may have said all while the other still speaks,
//! 8. and writes it on.
//!
//! So a reset, or an upstream that refuses, is a reset for the other end, and
//! never looks like the end of what there was to say. An end that does not read
//! is not read for: one buffer a direction is all that is held. While an end is
//! not read from, as it has said all or is held back, its reset shows when
//! there is something to write to it, or when the connection is idle. A
//! connection is idle when no byte moves on either socket. The proxy does not
//! know what is in flight, so after the stop connections go on, for as long as
//! the grace.
//!
//! Here one client talks through the proxy to another server on the same loop.
//! `quadrivium serve proxy --to HOST:PORT` runs it for others.

use std::{io, net::SocketAddr};

use quadrivium::{
    future::perform,
    net::{TcpListener, TcpStream},
    prelude::*,
};
use quadrivium_examples::{
    proxy,
    server::{Limits, Server},
    styles::StyleName,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for style in StyleName::chosen() {
        let upstream = TcpListener::bind(([127, 0, 0, 1], 0).into())?;
        let to = upstream.local_addr()?.to_string();
        let listener = TcpListener::bind(([127, 0, 0, 1], 0).into())?;
        let address = listener.local_addr()?;

        let mut event_loop = EventLoop::new()?;
        let greeting = event_loop.spawn(greet(upstream));
        let server = Server::new(listener, Limits::default());
        let proxy = proxy::serve(style, server.clone(), &to);
        let serving = server.run(proxy);
        let client = future(async move {
            let answer = perform(ask(address)).await;
            server.stop();
            answer
        });
        let (answer, _) = event_loop.block_on(join(client, serving))?;
        event_loop.block_on(greeting)???;
        println!("{style}: {:?}", String::from_utf8(answer?)?);
    }
    Ok(())
}

/// The upstream: hears a name to its end, and greets it.
fn greet(listener: TcpListener) -> impl Task<Output = io::Result<()>> {
    future(async move {
        let (stream, _) = listener.accept().await?;
        let name = perform(read_to_end(stream.clone())).await?;
        stream.write_all(b"hello, ").await?;
        stream.write_all(&name).await
    })
}

fn ask(to: SocketAddr) -> impl Task<Output = io::Result<Vec<u8>>> {
    future(async move {
        let stream = TcpStream::connect(to).await?;
        stream.write_all(b"world").await?;
        stream.shutdown(std::net::Shutdown::Write)?;
        perform(read_to_end(stream)).await
    })
}

fn read_to_end(stream: TcpStream) -> impl Task<Output = io::Result<Vec<u8>>> {
    future(async move {
        let (mut all, mut buffer) = (Vec::new(), [0; 100]);
        loop {
            match stream.read(&mut buffer).await? {
                0 => return Ok(all),
                n => all.extend_from_slice(&buffer[..n]),
            }
        }
    })
}
