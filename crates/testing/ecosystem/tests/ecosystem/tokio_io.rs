//! Crates for the traits of tokio, over our streams: `tokio::io`, `tokio-rustls`, and hyper over
//! TLS.

use std::{convert::Infallible, time::Duration};

use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    client::conn,
    server,
    service::service_fn,
};
use quadrivium::{
    future::future,
    green::{Blocking, green},
    hyper::{Io, Timer},
    io::{BufReader, Polled, pipe},
    net::{TcpStream, UnixStream},
    prelude::{sleep, spawn},
};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::{both, connected, tls::identity};

#[test]
fn copies_and_lines_of_tokio_work_over_sockets_and_pipes() {
    let ((one, other), (reader, writer)) = (connected(), pipe().unwrap());
    let writes = future(async move {
        let mut one = Polled::new(one);
        one.write_all(b"first\nsecond\n").await.unwrap();
        one.shutdown().await.unwrap();
        // The stream can be used by itself again.
        let mut answer = Vec::new();
        one.into_inner().read_to_end(&mut answer).await.unwrap();
        answer
    });
    let copies = future(async move {
        let (mut from, mut to) = (Polled::new(other), Polled::new(writer));
        let copied = tokio::io::copy(&mut from, &mut to).await.unwrap();
        from.write_all(b"done").await.unwrap();
        drop(to);
        let mut lines = tokio::io::BufReader::new(Polled::new(reader)).lines();
        let mut all = Vec::new();
        while let Some(line) = lines.next_line().await.unwrap() {
            all.push(line);
        }
        (copied, all)
    });
    let (answer, (copied, lines)) = both(writes, copies);
    assert_eq!((answer, copied), (b"done".to_vec(), 13));
    assert_eq!(lines, ["first", "second"]);
}

#[test]
fn a_read_that_is_given_up_by_into_inner_loses_nothing() {
    let (one, other) = UnixStream::pair().unwrap();
    let reads = future(async move {
        let mut polled = Polled::new(one);
        let mut byte = [0];
        let gives_up = quadrivium::timeout(Duration::from_millis(1), {
            let polled = &mut polled;
            let byte = &mut byte;
            future(async move { polled.read(byte).await })
        });
        assert!(quadrivium::future::perform(gives_up).await.is_err());
        other.write_all(b"!").await.unwrap();
        polled.into_inner().read(&mut byte).await.unwrap();
        byte
    });
    assert_eq!(&both(reads, sleep(Duration::ZERO)).0, b"!");
}

/// Sends each body back over TLS. The first byte is looked at before, as a server of two protocols
/// does.
async fn serve(stream: TcpStream, acceptor: TlsAcceptor) {
    let reader = BufReader::new(stream);
    assert_eq!(reader.fill_buf().await.unwrap()[0], 22, "the record of a TLS handshake");
    let tls = acceptor.accept(Polled::new(reader)).await.unwrap();
    let answer = async |request: Request<Incoming>| {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        Ok::<_, Infallible>(Response::new(Full::new(body)))
    };
    let mut builder = server::conn::http1::Builder::new();
    let _ = builder.timer(Timer::new()).serve_connection(Io::over(tls), service_fn(answer)).await;
}

#[test]
fn hyper_serves_and_asks_over_tls() {
    let (identity, (one, other)) = (identity(), connected());
    let (acceptor, connector) =
        (TlsAcceptor::from(identity.server), TlsConnector::from(identity.client));
    let posted: Bytes = (0..1_000_000).map(|n| (n % 251) as u8).collect();
    let expected = posted.clone();
    let asks = future(async move {
        let name = ServerName::try_from("localhost").unwrap();
        let tls = connector.connect(name, Polled::new(one)).await.unwrap();
        let (mut sender, connection) = conn::http1::handshake(Io::over(tls)).await.unwrap();
        drop(spawn(future(connection)));
        let request = Request::post("/").header("host", "localhost").body(Full::new(posted));
        let response = sender.send_request(request.unwrap()).await.unwrap();
        response.into_body().collect().await.unwrap().to_bytes()
    });
    let (_, answered) = both(future(serve(other, acceptor)), asks);
    assert!(answered == expected);
}

#[test]
fn a_tls_client_on_a_green_thread_gives_up_in_time() {
    use std::io::{ErrorKind, Read};

    let (identity, (one, _silent)) = (identity(), connected());
    let asks = green(move || {
        let name = ServerName::try_from("localhost").unwrap();
        let connection = rustls::ClientConnection::new(identity.client, name).unwrap();
        let stream = Blocking::new(one);
        stream.set_read_timeout(Some(Duration::from_millis(5)));
        let read = rustls::StreamOwned::new(connection, stream).read(&mut [0]);
        read.unwrap_err().kind()
    });
    assert_eq!(both(asks, sleep(Duration::ZERO)).0, ErrorKind::TimedOut);
}
