//! hyper's server and client on one loop, with HTTP/1 and HTTP/2. Further tests use clients that
//! are programs on this machine.

use std::{
    cell::Cell, convert::Infallible, net::SocketAddr, process::Stdio, rc::Rc, time::Duration,
};

use futures::future::join_all;
use http_body_util::{BodyExt, Empty, Full};
use hyper::{
    Method, Request, Response, StatusCode, Version,
    body::{Bytes, Incoming},
    client::conn,
    server,
    service::service_fn,
};
use hyper_util::server::conn::auto;
use quadrivium::{
    EventLoop, JoinHandle,
    event_loop::Turned,
    future,
    hyper::{Executor, Io, Timer},
    net::{TcpListener, TcpStream},
    prelude::{sleep, spawn},
    time::now,
};

use crate::{connected, listener, outside::program};

/// Answers with the path of the request, or with the body that was posted. `/slow` takes a second.
async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.uri().path() == "/slow" {
        sleep(Duration::from_secs(1)).await;
    }
    let version = request.version();
    let body = match *request.method() {
        Method::POST => request.into_body().collect().await.unwrap().to_bytes(),
        _ => format!("{version:?} {}", request.uri().path()).into(),
    };
    Ok(Response::new(Full::new(body)))
}

/// Serves HTTP/1, and HTTP/2 without TLS, on one port.
pub async fn serve(listener: TcpListener) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        drop(spawn(future::future(async move {
            let mut server = auto::Builder::new(Executor::new());
            server.http1().timer(Timer::new());
            server.http2().timer(Timer::new());
            // A client may leave in the middle of a request. That is no error of the server.
            let _ = server.serve_connection(Io::new(stream), service_fn(answer)).await;
        })));
    }
}

fn get(path: &str) -> Request<Empty<Bytes>> {
    Request::get(path).header("host", "localhost").body(Empty::new()).unwrap()
}

/// Returns the text of an answer.
async fn text(response: Response<Incoming>) -> String {
    assert_eq!(response.status(), StatusCode::OK);
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Runs a client beside the server.
fn beside_a_server<T: 'static>(client: impl AsyncFnOnce(SocketAddr) -> T + 'static) -> T {
    let (listener, address) = listener();
    let mut event_loop = EventLoop::new().unwrap();
    let _server = event_loop.spawn(future::future(serve(listener)));
    event_loop.block_on(future::future(async move { client(address).await })).unwrap()
}

#[test]
fn one_connection_carries_many_requests() {
    let texts = beside_a_server(async |address| {
        let stream = TcpStream::connect(address).await.unwrap();
        let (mut sender, connection) = conn::http1::handshake(Io::new(stream)).await.unwrap();
        let connection = spawn(future::future(connection));
        let mut texts = Vec::new();
        for path in ["/one", "/two", "/three"] {
            sender.ready().await.unwrap();
            texts.push(text(sender.send_request(get(path)).await.unwrap()).await);
        }
        drop(sender);
        connection.await.unwrap().unwrap();
        texts
    });
    assert_eq!(texts, ["HTTP/1.1 /one", "HTTP/1.1 /two", "HTTP/1.1 /three"]);
}

#[test]
fn a_body_that_is_larger_than_any_buffer_comes_back() {
    let posted: Bytes = (0..1_000_000).map(|n| (n % 251) as u8).collect();
    let expected = posted.clone();
    let answered = beside_a_server(async move |address| {
        let stream = TcpStream::connect(address).await.unwrap();
        let (mut sender, connection) = conn::http1::handshake(Io::new(stream)).await.unwrap();
        drop(spawn(future::future(connection)));
        let request = Request::post("/").header("host", "localhost").body(Full::new(posted));
        let response = sender.send_request(request.unwrap()).await.unwrap();
        response.into_body().collect().await.unwrap().to_bytes()
    });
    assert!(answered == expected);
}

#[test]
fn http2_carries_many_requests_at_once() {
    let mut texts = beside_a_server(async |address| {
        let stream = TcpStream::connect(address).await.unwrap();
        let (sender, connection) =
            conn::http2::handshake(Executor::new(), Io::new(stream)).await.unwrap();
        drop(spawn(future::future(connection)));
        let ask = async |n: usize| {
            let uri = format!("http://localhost/{n}");
            let request = Request::get(uri).version(Version::HTTP_2).body(Empty::<Bytes>::new());
            text(sender.clone().send_request(request.unwrap()).await.unwrap()).await
        };
        join_all((0..50).map(ask)).await
    });
    texts.sort();
    assert_eq!((texts.len(), &*texts[0]), (50, "HTTP/2.0 /0"));
}

#[test]
fn a_client_that_is_too_slow_for_its_header_is_refused() {
    // On the virtual clock, the hour passes when nothing else can happen.
    let (one, other) = connected();
    let mut event_loop = EventLoop::with_virtual_clock().unwrap();
    let serves = future::future(async move {
        let begin = now();
        let served = server::conn::http1::Builder::new()
            .timer(Timer::new())
            .header_read_timeout(Duration::from_secs(3600))
            .serve_connection(Io::new(one), service_fn(answer))
            .await;
        (served.unwrap_err().is_timeout(), now() - begin)
    });
    let (late, took) = event_loop.block_on(serves).unwrap();
    assert!(late && took == Duration::from_secs(3600), "{took:?}");
    drop(other);
}

/// Counts its drops.
struct CountsDrops(Rc<Cell<usize>>);

impl Drop for CountsDrops {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

/// Spawns a server and a client in the middle of a request that is never answered.
fn spawn_unanswered_request(
    event_loop: &EventLoop,
    dropped: &Rc<Cell<usize>>,
) -> [JoinHandle<()>; 2] {
    let (one, other) = connected();
    let dropped = Rc::clone(dropped);
    let service = service_fn(move |_: Request<Incoming>| {
        let counted = CountsDrops(Rc::clone(&dropped));
        async move {
            sleep(Duration::MAX).await;
            drop(counted);
            Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
        }
    });
    let serves = future::future(async move {
        let server = server::conn::http1::Builder::new();
        let _ = server.serve_connection(Io::new(one), service).await;
    });
    let asks = future::future(async move {
        let (mut sender, connection) = conn::http1::handshake(Io::new(other)).await.unwrap();
        drop(spawn(future::future(connection)));
        let _ = sender.send_request(get("/")).await;
    });
    [event_loop.spawn(serves), event_loop.spawn(asks)]
}

#[test]
fn a_server_that_is_cancelled_frees_the_request() {
    let (mut event_loop, dropped) = (EventLoop::new().unwrap(), Rc::default());
    let [serves, asks] = spawn_unanswered_request(&event_loop, &dropped);
    event_loop.block_on(sleep(Duration::from_millis(20))).unwrap();
    assert_eq!(dropped.get(), 0);
    serves.cancel();
    assert_eq!(dropped.get(), 1, "`cancel` has dropped it");
    // The client finds the end of its connection, and no task is left.
    event_loop.block_on(asks).unwrap().unwrap();
    event_loop.run().unwrap();
    assert_eq!(event_loop.turn().unwrap(), Turned::Empty);
}

#[test]
fn a_client_that_leaves_frees_the_request() {
    let (mut event_loop, dropped) = (EventLoop::new().unwrap(), Rc::default());
    let [serves, asks] = spawn_unanswered_request(&event_loop, &dropped);
    event_loop.block_on(sleep(Duration::from_millis(20))).unwrap();
    asks.cancel();
    event_loop.block_on(serves).unwrap().unwrap();
    assert_eq!(dropped.get(), 1);
}

/// Runs a program that talks to the server, on a thread that waits for it. Returns its output, or
/// `None` if the program is missing.
fn from_outside(name: &str, arguments: &'static [&'static str]) -> Option<String> {
    let mut command = program(name)?;
    let (listener, address) = listener();
    let mut event_loop = EventLoop::new().unwrap();
    let _server = event_loop.spawn(future::future(serve(listener)));
    let (ended, reads) = std::io::pipe().map(|(reads, ended)| (ended, reads)).unwrap();
    let child = std::thread::spawn(move || {
        let url = format!("http://{address}/outside");
        let output = command.args(arguments).arg(url).stdin(Stdio::null()).output().unwrap();
        drop(ended);
        output
    });
    let waits = quadrivium::io::ready(reads, quadrivium::io::Interest::Readable);
    event_loop.block_on(waits).unwrap().unwrap();
    let output = child.join().unwrap();
    assert!(output.status.success(), "{output:?}");
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn curl_speaks_http1() {
    if let Some(text) = from_outside("curl", &["--silent", "--http1.1", "--max-time", "20"]) {
        assert_eq!(text, "HTTP/1.1 /outside");
    }
}

#[test]
fn curl_speaks_http2_on_the_same_port() {
    let arguments = &["--silent", "--http2-prior-knowledge", "--max-time", "20"];
    if let Some(text) = from_outside("curl", arguments) {
        assert_eq!(text, "HTTP/2.0 /outside");
    }
}

#[test]
fn wrk_finds_no_error() {
    let Some(text) = from_outside("wrk", &["--threads=1", "--connections=20", "--duration=1s"])
    else {
        return;
    };
    assert!(text.contains("requests in") && !text.contains(" 0 requests in"), "{text}");
    assert!(!text.contains("Socket errors") && !text.contains("Non-2xx"), "{text}");
}

#[test]
fn a_sleep_counts_from_the_call_that_made_it() {
    use hyper::rt::Timer as _;
    let sleeps = future::future(async {
        let (begin, hour) = (now(), Duration::from_secs(3600));
        let asked = Timer::new().sleep(hour);
        sleep(hour / 2).await;
        asked.await;
        now() - begin
    });
    let took = EventLoop::with_virtual_clock().unwrap().block_on(sleeps).unwrap();
    assert_eq!(took, Duration::from_secs(3600));
}
