//! `http`: a server of the files in a folder, HTTP/1.1.
//!
//! New idea: what a protocol decides and how a server waits are two things. A
//! style reads bytes, asks `protocol` what to do next, and `site` for the
//! answer; neither of them ever waits, and neither knows a style.
//!
//! The server
//! 1. accepts a connection, until the stop,
//! 2. serves it in a task of its own, which
//! 3. waits for a request, until the stop,
//! 4. waits for more of it, while its time lasts,
//! 5. gives leave to send a body, where the client asks for it,
//! 6. finds the answer, on a thread that may wait for the disk,
//! 7. sends it, chunk by chunk, and goes on with the next request,
//! 8. and closes, once the client has got it all.
//!
//! What is answered when, and within which limits, is in `docs/http.md`. What
//! is shared with other servers is in `../server`.
//!
//! Here each style serves a file to a client on the same loop.
//! `quadrivium serve http` runs it for others.

use std::{fs, io, net::SocketAddr, path::Path};

use quadrivium::{
    net::{TcpListener, TcpStream},
    prelude::*,
};
use quadrivium_examples::{
    http::{self, Http},
    server::{Limits, Server},
    styles::StyleName,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = tempfile::tempdir()?;
    fs::write(root.path().join("hello.txt"), "Hello from the disk.\n")?;
    for style in StyleName::chosen() {
        let answer = serve_one(style, root.path())?;
        println!("{style}:");
        for line in answer.lines() {
            println!("  {line}");
        }
    }
    Ok(())
}

/// Serves this folder to one client, which gets `hello.txt`.
fn serve_one(
    style: StyleName,
    root: &Path,
) -> Result<String, Box<dyn std::error::Error>> {
    let mut event_loop = EventLoop::new()?;
    let listener = TcpListener::bind(([127, 0, 0, 1], 0).into())?;
    let address = listener.local_addr()?;
    let server = Server::new(listener, Limits::default());
    let accepting = http::serve(style, server.clone(), Http::new(root)?);
    let serving = server.run(accepting);
    let client = future(async move {
        let answer = quadrivium::future::perform(ask(address)).await;
        server.stop();
        answer
    });
    let (answer, _) = event_loop.block_on(join(client, serving))?;
    Ok(answer?)
}

fn ask(server: SocketAddr) -> impl Task<Output = io::Result<String>> {
    future(async move {
        let stream = TcpStream::connect(server).await?;
        let request = "GET /hello.txt HTTP/1.1\r\n\
                       Host: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        let mut buffer = [0; 1024];
        loop {
            match stream.read(&mut buffer).await? {
                0 => break,
                n => answer.extend_from_slice(&buffer[..n]),
            }
        }
        String::from_utf8(answer).map_err(io::Error::other)
    })
}
