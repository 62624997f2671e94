//! axum on our loop, with a scope for each request: its children never outlive it.

use std::{cell::Cell, rc::Rc, time::Duration};

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::get,
};
use http_body_util::{BodyExt, Empty};
use hyper::{Request, body::Bytes, client::conn, server};
use hyper_util::service::TowerToHyperService;
use quadrivium::{
    EventLoop, JoinHandle,
    future::future,
    hyper::{Io, Timer},
    net::TcpStream,
    prelude::{sleep, spawn},
    scope::{CancelReason, Scope},
};
use send_wrapper::SendWrapper;

use crate::connected;

/// The number of children that exist. axum asks for state that is `Send`.
type Children = SendWrapper<Rc<Cell<usize>>>;

/// Counts a child while it exists.
struct Counted(Children);

impl Counted {
    fn new(children: Children) -> Self {
        children.set(children.get() + 1);
        Self(children)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// Asks another service, which takes as many seconds as its number. Number 13 does not answer.
async fn ask(number: u64, counted: Counted) -> Result<String, String> {
    sleep(Duration::from_secs(number)).await;
    match number {
        13 => Err("13 does not answer".into()),
        _ => Ok(format!("[{number} answers, {} are asked]", counted.0.get())),
    }
}

/// Asks several services at once, for ten minutes at most.
async fn ask_all(
    State(children): State<Children>,
    Path(numbers): Path<String>,
) -> (StatusCode, String) {
    // A handler has to be `Send`, and a scope is not.
    SendWrapper::new(async move {
        let scope = Scope::new();
        scope.deadline_in(Duration::from_secs(600));
        for number in numbers.split('+').flat_map(str::parse) {
            scope.spawn(future(ask(number, Counted::new(children.clone()))));
        }
        let joined = scope.join().await;
        let left = children.get();
        match joined {
            Ok(answers) => (StatusCode::OK, answers.concat()),
            Err(error) if error.reason == CancelReason::DeadlinePassed => {
                (StatusCode::GATEWAY_TIMEOUT, format!("too late, {left} are left"))
            }
            Err(error) => {
                let first = &error.errors[0].failure;
                (StatusCode::BAD_GATEWAY, format!("{first}, {left} are left"))
            }
        }
    })
    .await
}

/// Spawns a server for one connection. Returns it with a client, and with the number of children.
fn serve(event_loop: &EventLoop) -> (JoinHandle<()>, TcpStream, Children) {
    let (client, stream) = connected();
    let children = Children::new(Rc::default());
    let router = Router::new().route("/{numbers}", get(ask_all)).with_state(children.clone());
    let serves = event_loop.spawn(future(async move {
        let mut http = server::conn::http1::Builder::new();
        let service = TowerToHyperService::new(router);
        let _ = http.timer(Timer::new()).serve_connection(Io::new(stream), service).await;
    }));
    (serves, client, children)
}

/// Sends requests one after another. Returns the answers.
async fn get_all(stream: TcpStream, paths: &[&str]) -> Vec<(u16, String)> {
    let (mut sender, connection) = conn::http1::handshake(Io::new(stream)).await.unwrap();
    drop(spawn(future(connection)));
    let mut answers = Vec::new();
    for path in paths {
        let request = Request::get(*path).header("host", "localhost").body(Empty::<Bytes>::new());
        let response = sender.send_request(request.unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        answers.push((status, String::from_utf8(body.to_vec()).unwrap()));
    }
    answers
}

#[test]
fn the_children_of_a_request_end_before_its_answer() {
    // On the virtual clock, seconds pass when nothing else can happen.
    let mut event_loop = EventLoop::with_virtual_clock().unwrap();
    let (_serves, stream, _) = serve(&event_loop);
    let asks = future(get_all(stream, &["/2+1", "/1000+13+2000", "/1+9999"]));
    let answers = event_loop.block_on(asks).unwrap();
    let expected = [
        (200, "[2 answers, 1 are asked][1 answers, 2 are asked]"),
        (502, "13 does not answer, 0 are left"),
        (504, "too late, 0 are left"),
    ];
    assert_eq!(answers, expected.map(|(status, text)| (status, text.to_owned())));
    assert_eq!(event_loop.elapsed(), Duration::from_secs(2 + 13 + 600));
}

#[test]
fn a_client_that_leaves_ends_the_children_of_its_request() {
    let mut event_loop = EventLoop::new().unwrap();
    let (serves, stream, children) = serve(&event_loop);
    let asks = event_loop.spawn(future(get_all(stream, &["/100+200+300"])));
    event_loop.block_on(sleep(Duration::from_millis(50))).unwrap();
    assert_eq!(children.get(), 3);
    asks.cancel();
    event_loop.block_on(serves).unwrap().unwrap();
    assert_eq!(children.get(), 0);
}
