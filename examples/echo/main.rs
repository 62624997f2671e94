//! `echo`: a server that sends back what it gets.
//!
//! New idea: sockets. A read is a task like any other, so one loop serves all
//! connections, each by a body that reads as if there were no other.
//!
//! The server
//! 1. accepts a connection, until the stop,
//! 2. serves it in a task of its own, which
//! 3. reads what there is, at most 8 KiB, until the end,
//! 4. and writes it back.
//!
//! A client
//! 5. connects,
//! 6. says something,
//! 7. and hears as much.
//!
//! A client that says it has said all (it shuts its writing side down) still
//! gets back all of it before the server closes. One that does not read what it
//! is sent is not read from either, so the server holds one buffer for it. What
//! is shared with other servers, limits and the stop, is in `../server`.
//!
//! Here each style talks to the next one: server and client on one loop.
//! `quadrivium serve echo` runs it for others.

use quadrivium::{future::perform, net::TcpListener, prelude::*};
use quadrivium_examples::{
    echo,
    server::{Limits, Server},
    styles::StyleName,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for (style, other) in StyleName::chosen().into_iter().map(with_the_next) {
        let mut event_loop = EventLoop::new()?;
        let listener = TcpListener::bind(([127, 0, 0, 1], 0).into())?;
        let address = listener.local_addr()?;
        let server = Server::new(listener, Limits::default());
        let serving = server.run(echo::serve(style, server.clone()));
        let client = future(async move {
            let heard = perform(echo::say(other, address, b"hello")).await;
            server.stop();
            heard
        });
        let (heard, _) = event_loop.block_on(join(client, serving))?;
        let heard = String::from_utf8(heard?)?;
        println!("{style} sends {heard:?} back to {other}");
    }
    Ok(())
}

fn with_the_next(style: StyleName) -> (StyleName, StyleName) {
    let at = StyleName::ALL.iter().position(|it| *it == style);
    let next = at.map_or(0, |at| (at + 1) % StyleName::ALL.len());
    (style, StyleName::ALL[next])
}
