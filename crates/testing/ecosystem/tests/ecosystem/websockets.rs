//! `tungstenite`, which blocks, runs on green threads. `soketto`, which is written for futures,
//! runs as futures. Each talks to the other one, and to a thread.

use std::{
    io::{Read, Write},
    thread,
};

use quadrivium::{
    future,
    green::{Blocking, green, perform},
    io::Polled,
    net::TcpStream,
    prelude::{EventLoop, Task},
};
use soketto::handshake::{Client, Server, ServerResponse, server::Response};
use tungstenite::{Error, Message, WebSocket, error::ProtocolError};

use crate::{both, connected, listener};

/// Sends every message back, until the other end closes. The function is generic: it is the same
/// over sockets that block and over sockets that suspend.
fn echo<S: Read + Write>(socket: S) {
    let Ok(mut socket) = tungstenite::accept(socket) else { panic!("no handshake") };
    loop {
        match socket.read() {
            Ok(message) if message.is_text() || message.is_binary() => {
                socket.send(message).unwrap()
            }
            Ok(_) => {}
            Err(Error::ConnectionClosed) => return,
            Err(error) => panic!("{error}"),
        }
    }
}

/// Sends some messages, and checks that each comes back.
fn talk<S: Read + Write>(socket: S) {
    let Ok((mut socket, _)) = tungstenite::client("ws://localhost/", socket) else {
        panic!("no handshake")
    };
    let long = Message::binary(vec![7; 300_000]);
    for message in [Message::text("hello"), Message::text("Grüße"), long] {
        let socket: &mut WebSocket<S> = &mut socket;
        socket.send(message.clone()).unwrap();
        assert!(socket.read().unwrap() == message);
    }
    socket.close(None).unwrap();
    loop {
        match socket.read() {
            Ok(_) => {}
            Err(
                Error::ConnectionClosed
                | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake),
            ) => return,
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn both_ends_run_on_one_loop() {
    let (one, other) = connected();
    both(green(move || echo(Blocking::new(one))), green(move || talk(Blocking::new(other))));
}

#[test]
fn a_green_server_talks_to_a_client_that_blocks_its_thread() {
    let (listener, address) = listener();
    let talks = thread::spawn(move || talk(std::net::TcpStream::connect(address).unwrap()));
    let echoes = green(move || echo(Blocking::new(perform(listener.accept()).unwrap().0)));
    EventLoop::new().unwrap().block_on(echoes).unwrap();
    talks.join().unwrap();
}

#[test]
fn a_green_client_talks_to_a_server_that_blocks_its_thread() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let echoes = thread::spawn(move || echo(listener.accept().unwrap().0));
    let talks = green(move || talk(Blocking::new(perform(TcpStream::connect(address)).unwrap())));
    EventLoop::new().unwrap().block_on(talks).unwrap();
    echoes.join().unwrap();
}

/// The same as [`echo`], with `soketto`.
fn soketto_echo(stream: TcpStream) -> impl Task<Output = ()> + 'static {
    future::future(async move {
        let mut server = Server::new(Polled::new(stream));
        let key = server.receive_request().await.unwrap().key();
        server.send_response(&Response::Accept { key, protocol: None }).await.unwrap();
        let (mut sender, mut receiver) = server.into_builder().finish();
        let mut data = Vec::new();
        while let Ok(kind) = receiver.receive_data(&mut data).await {
            match kind.is_text() {
                true => sender.send_text(std::str::from_utf8(&data).unwrap()).await.unwrap(),
                false => sender.send_binary(&data).await.unwrap(),
            }
            sender.flush().await.unwrap();
            data.clear();
        }
    })
}

/// The same as [`talk`], with `soketto`.
fn soketto_talk(stream: TcpStream) -> impl Task<Output = ()> + 'static {
    future::future(async move {
        let mut client = Client::new(Polled::new(stream), "localhost", "/");
        let ServerResponse::Accepted { .. } = client.handshake().await.unwrap() else {
            panic!("no handshake")
        };
        let (mut sender, mut receiver) = client.into_builder().finish();
        for length in [5, 70_000, 300_000] {
            sender.send_binary(vec![7; length]).await.unwrap();
            sender.flush().await.unwrap();
            let mut data = Vec::new();
            receiver.receive_data(&mut data).await.unwrap();
            assert!(data == vec![7; length]);
        }
        sender.close().await.unwrap();
    })
}

#[test]
fn a_green_thread_talks_to_a_future() {
    let (one, other) = connected();
    both(soketto_echo(one), green(move || talk(Blocking::new(other))));
}

#[test]
fn a_future_talks_to_a_green_thread() {
    let (one, other) = connected();
    both(green(move || echo(Blocking::new(one))), soketto_talk(other));
}

#[test]
fn a_future_talks_to_a_thread() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let echoes = thread::spawn(move || echo(listener.accept().unwrap().0));
    let mut event_loop = EventLoop::new().unwrap();
    let stream = event_loop.block_on(TcpStream::connect(address)).unwrap().unwrap();
    event_loop.block_on(soketto_talk(stream)).unwrap();
    echoes.join().unwrap();
}
