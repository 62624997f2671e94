//! tonic's client with a connector and an executor of ours, and its server's half over hyper.

use std::net::SocketAddr;

use axum::http::uri::PathAndQuery;
use bytes::{Buf, BufMut};
use futures::{TryStreamExt, future::join_all, stream};
use hyper::{Request as HttpRequest, body::Incoming, server::conn::http2, service::service_fn};
use quadrivium::{
    EventLoop,
    future::future,
    hyper::{Executor, Io},
    io::Polled,
    net::{TcpListener, TcpStream},
    prelude::spawn,
};
use send_wrapper::SendWrapper;
use tonic::{
    Code, Request, Response, Status, client,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    server,
    transport::{Channel, Endpoint},
};

use crate::{listener, on_this_thread::OnThisThread};

/// Messages that are plain text. Generated code would take protocol buffers instead.
#[derive(Clone, Copy, Default)]
struct Text;

impl Codec for Text {
    type Encode = String;
    type Decode = String;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Text {
    type Item = String;
    type Error = Status;

    fn encode(&mut self, text: String, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put_slice(text.as_bytes());
        Ok(())
    }
}

impl Decoder for Text {
    type Item = String;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<String>, Status> {
        let bytes = from.copy_to_bytes(from.remaining());
        String::from_utf8(bytes.to_vec())
            .map(Some)
            .map_err(|error| Status::invalid_argument(error.to_string()))
    }
}

/// Answers with the text in capitals. An empty text is an error.
async fn shout(request: Request<String>) -> Result<Response<String>, Status> {
    match request.into_inner() {
        text if text.is_empty() => Err(Status::invalid_argument("there is no text")),
        text => Ok(Response::new(text.to_uppercase())),
    }
}

type Texts = stream::Iter<std::vec::IntoIter<Result<String, Status>>>;

/// Answers with one message for each word.
async fn split(request: Request<String>) -> Result<Response<Texts>, Status> {
    let words: Vec<_> = request.into_inner().split(' ').map(|word| Ok(word.to_owned())).collect();
    Ok(Response::new(stream::iter(words)))
}

async fn serve(listener: TcpListener) {
    let answer = async |request: HttpRequest<Incoming>| {
        let mut grpc = server::Grpc::new(Text);
        Ok::<_, Status>(match request.uri().path() {
            "/Words/Shout" => grpc.unary(tower::service_fn(shout), request).await,
            _ => grpc.server_streaming(tower::service_fn(split), request).await,
        })
    };
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let server = http2::Builder::new(Executor::new());
        let serves = server.serve_connection(Io::new(stream), service_fn(answer));
        drop(spawn(future(serves)));
    }
}

/// Connects with our socket, and spawns tonic's own tasks on our loop.
async fn connect(server: SocketAddr) -> Channel {
    let connector = tower::service_fn(move |_| {
        SendWrapper::new(Box::pin(async move {
            let stream = Polled::new(TcpStream::connect(server).await?);
            Ok::<_, std::io::Error>(Io::over(OnThisThread::new(stream)))
        }))
    });
    let endpoint = Endpoint::from_static("http://localhost").executor(Executor::new());
    endpoint.connect_with_connector(connector).await.unwrap()
}

async fn ask(channel: Channel, text: String) -> Result<String, Status> {
    let mut client = client::Grpc::new(channel);
    client.ready().await.unwrap();
    let path = PathAndQuery::from_static("/Words/Shout");
    Ok(client.unary(Request::new(text), path, Text).await?.into_inner())
}

fn beside_a_server(client: impl AsyncFnOnce(Channel) + 'static) {
    let (listener, address) = listener();
    let mut event_loop = EventLoop::new().unwrap();
    let serves = event_loop.spawn(future(serve(listener)));
    let asks = future(async move { client(connect(address).await).await });
    event_loop.block_on(asks).unwrap();
    serves.cancel();
    event_loop.run().unwrap();
}

#[test]
fn tonic_sends_many_requests_at_once() {
    beside_a_server(async |channel| {
        let asked = (1..=50).map(|n| ask(channel.clone(), "word ".repeat(1000 * n)));
        for (answer, n) in join_all(asked).await.into_iter().zip(1..) {
            assert!(answer.unwrap() == "WORD ".repeat(1000 * n));
        }
        let refused = ask(channel, String::new()).await.unwrap_err();
        assert_eq!(
            (refused.code(), refused.message()),
            (Code::InvalidArgument, "there is no text")
        );
    });
}

#[test]
fn tonic_receives_a_stream_of_messages() {
    beside_a_server(async |channel| {
        let mut client = client::Grpc::new(channel);
        client.ready().await.unwrap();
        let path = PathAndQuery::from_static("/Words/Split");
        let request = Request::new("one two three".to_owned());
        let words = client.server_streaming(request, path, Text).await.unwrap().into_inner();
        assert_eq!(words.try_collect::<Vec<_>>().await.unwrap(), ["one", "two", "three"]);
    });
}
