//! `proxy`: connects each client to another server, and copies both ways.
//!
//! New idea: `copy_both`, because either end may send at any time. It copies in
//! both directions at once, and each direction is independent of the other. It
//! takes any stream, such as a connection with an idle timeout.
//!
//! The proxy
//! 1. accepts a connection, until the server stops,
//! 2. serves it in a task of its own, which
//! 3. prepares to reset the client in the end, unless all goes well,
//! 4. connects to the upstream, the other server, by name, within 10 seconds,
//! 5. copies in both directions at once, until both have ended or one fails,
//! 6. if both have ended well, closes both sockets without a reset.
//!
//! One end may finish sending while the other still sends. If an end resets
//! its connection, or the upstream refuses, then the other end is reset, too.
//! So a failure never looks like the end of a stream.
//!
//! While an end does not read, the proxy reads nothing more for it, and holds
//! one buffer for each direction. While the proxy does not read from an end, it
//! does not see that end reset. It sees this when it writes to that end, or
//! when the connection is idle: when no byte moves on either socket.
//!
//! The proxy cannot see where a request ends. So after the stop, connections go
//! on until they end, or until the time for that is up.
//!
//! In this program, a client talks through the proxy to a server on the same
//! loop. `quadrivium serve proxy --to HOST:PORT` serves clients from elsewhere.

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
        let upstream = TcpListener::bind(([127, 0, 0, 1], 0))?;
        let to = upstream.local_addr()?.to_string();
        let listener = TcpListener::bind(([127, 0, 0, 1], 0))?;
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

/// The upstream: reads a name until the end of the stream, and greets it.
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
