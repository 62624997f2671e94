//! `http`: serves the files of a folder over HTTP/1.1.
//!
//! New idea: a protocol is separate from the way a server waits. The code of
//! each style reads bytes, asks `protocol` what to do next, and asks `site` for
//! the answer. `protocol` and `site` never wait and are the same in all styles.
//!
//! The server
//! 1. accepts a connection, until the server stops,
//! 2. serves it in a task of its own, which
//! 3. waits for a request, until the server stops,
//! 4. waits for the rest of the request, for a limited time,
//! 5. lets the client send the body, if the client asks for that,
//! 6. finds the answer, if need be on a thread that waits for the disk,
//! 7. sends the answer, the rest of a large file by the kernel, and goes back
//!    to step 3,
//! 8. closes, once the client has had time to read everything.
//!
//! `docs/http.md` lists the answers and the limits. Limits and the stop are the
//! same for all servers, and are in `../server`.
//!
//! In this program, each style serves a file to a client on the same loop.
//! `quadrivium serve http` serves clients from elsewhere.

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

/// Serves this folder to one client, which asks for `hello.txt`.
fn serve_one(
    style: StyleName,
    root: &Path,
) -> Result<String, Box<dyn std::error::Error>> {
    let mut event_loop = EventLoop::new()?;
    let listener = TcpListener::bind(([127, 0, 0, 1], 0))?;
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
