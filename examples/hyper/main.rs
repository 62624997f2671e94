//! `hyper`: the web server of another crate, which knows nothing of this loop.
//!
//! New idea: a future of another crate is a task like any other. hyper reads,
//! writes, sleeps and spawns through the adapters of `quadrivium::hyper`. On
//! the same loop, a green thread prints how many requests were answered.
//!
//! The program serves HTTP/1, and HTTP/2 without TLS, on one port. Without an
//! address it sends itself one request, and ends:
//!
//! ```text
//! cargo run --example hyper -- 127.0.0.1:8080
//! curl http://127.0.0.1:8080/hello
//! curl --http2-prior-knowledge http://127.0.0.1:8080/hello
//! ```

use std::{
    cell::Cell, convert::Infallible, env, io, net::SocketAddr, rc::Rc,
    time::Duration,
};

use hyper::{
    Request, Response,
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
};
use quadrivium::{
    green::perform,
    hyper::{Executor, Io, Timer},
    net::{TcpListener, TcpStream},
    prelude::*,
    scope::Scope,
};

/// The number of requests that were answered.
type Count = Rc<Cell<usize>>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = env::args().nth(1);
    let own: &str = "127.0.0.1:0";
    let listener = TcpListener::bind(address.as_deref().unwrap_or(own))?;
    let listens_at = listener.local_addr()?;
    println!("listening on http://{listens_at}");
    let mut event_loop = EventLoop::new()?;
    let count = Count::default();
    drop(event_loop.spawn(green(report(Rc::clone(&count)))));
    let serving = event_loop.spawn(future(serve(listener, count)));
    match address {
        Some(_) => event_loop.block_on(serving)???,
        None => event_loop.block_on(future(ask(listens_at)))??,
    }
    Ok(())
}

/// Sends a request over a plain socket, and prints the answer.
async fn ask(server: SocketAddr) -> io::Result<()> {
    let stream = TcpStream::connect(server).await?;
    let request = "GET /hello HTTP/1.1\r\n\
        host: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await?;
    let mut buffer = [0; 1024];
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            n => print!("{}", String::from_utf8_lossy(&buffer[..n])),
        }
    }
}

/// Prints how many requests were answered, each second if the number changed.
fn report(count: Count) -> impl FnOnce() {
    move || {
        let mut reported = 0;
        loop {
            perform(sleep(Duration::from_secs(1)));
            if count.get() != reported {
                reported = count.get();
                println!("{reported} requests");
            }
        }
    }
}

/// Serves all connections in a scope. If this task is dropped, they are, too.
async fn serve(listener: TcpListener, count: Count) -> io::Result<()> {
    let scope = Scope::new();
    loop {
        let (stream, peer) = listener.accept().await?;
        let child = scope.child();
        let child = child.on_failure(move |error| eprintln!("{peer}: {error}"));
        child.spawn(future(converse(stream, Rc::clone(&count))));
    }
}

/// Serves one connection, in the protocol that its client begins with.
async fn converse(
    stream: TcpStream,
    count: Count,
) -> Result<(), Box<dyn std::error::Error>> {
    let service = service_fn(move |request| answer(request, count.clone()));
    let detecting = future(is_http2(&stream));
    if timeout(Duration::from_secs(10), detecting).await?? {
        http2::Builder::new(Executor::new())
            .timer(Timer::new())
            .serve_connection(Io::new(stream), service)
            .await?;
    } else {
        http1::Builder::new()
            .timer(Timer::new())
            .serve_connection(Io::new(stream), service)
            .await?;
    }
    Ok(())
}

/// The first bytes of a client that uses HTTP/2 without asking first.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Looks at the first bytes without taking them out of the stream.
async fn is_http2(stream: &TcpStream) -> io::Result<bool> {
    let mut begin = [0; PREFACE.len()];
    loop {
        let n = stream.peek(&mut begin).await?;
        let decides = n == 0 || n == PREFACE.len();
        if decides || !PREFACE.starts_with(&begin[..n]) {
            return Ok(n == PREFACE.len() && begin == PREFACE);
        }
        // Readiness cannot end this wait: the stream is ready already, with the
        // bytes that were seen. So it looks again after a while.
        sleep(Duration::from_millis(1)).await;
    }
}

async fn answer(
    request: Request<Incoming>,
    count: Count,
) -> Result<Response<String>, Infallible> {
    count.set(count.get() + 1);
    let (path, version) = (request.uri().path(), request.version());
    Ok(Response::new(format!("{path} over {version:?}\n")))
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net,
    };

    use super::*;

    /// Sends these parts to the server. Returns the beginning of its answer.
    fn first_answer(parts: Vec<&'static [u8]>) -> Vec<u8> {
        let listener = TcpListener::bind(([127, 0, 0, 1], 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let mut event_loop = EventLoop::new().unwrap();
        drop(event_loop.spawn(future(serve(listener, Count::default()))));
        let stopper = event_loop.stopper();
        let client = std::thread::spawn(move || {
            let mut stream = net::TcpStream::connect(address).unwrap();
            parts.iter().for_each(|part| stream.write_all(part).unwrap());
            let mut answer = vec![0; 100];
            let n = stream.read(&mut answer).unwrap();
            answer.truncate(n);
            stopper.stop();
            answer
        });
        let _ = event_loop.run();
        client.join().unwrap()
    }

    #[test]
    fn http1_is_answered() {
        let answer =
            first_answer(vec![b"GET / HT", b"TP/1.1\r\nhost: here\r\n\r\n"]);
        assert!(answer.starts_with(b"HTTP/1.1 200 OK"));
    }

    #[test]
    fn http2_is_answered_however_its_beginning_is_cut() {
        // After our settings, the server sends its own: a frame of type 4.
        let (start, rest) = PREFACE.split_at(5);
        let settings = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
        let answer = first_answer(vec![start, rest, settings]);
        assert_eq!(answer[3], 4, "{answer:?}");
    }
}
