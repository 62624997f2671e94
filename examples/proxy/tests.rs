//! `proxy` in every style, over real sockets, between clients and upstreams
//! that misbehave.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{SocketAddr, TcpListener as StdListener, TcpStream as StdStream},
    sync::OnceLock,
    thread,
};

use socket2::{Domain, Socket, Type};

use crate::{
    proxy,
    server::test_server::{Client, Program, TestServer, bytes, unlimited},
    styles::StyleName,
};

const PROXY: Program = Program {
    serve: |style, server| proxy::serve(style, server, echo()),
    script: b"one line, and another\n",
    exchange: |client| {
        client.send(b"hello");
        client.expect(b"hello");
    },
};

/// Returns the address of an upstream that sends every byte back.
fn echo() -> &'static str {
    static ECHO: OnceLock<String> = OnceLock::new();
    ECHO.get_or_init(|| {
        let listener = StdListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                // The thread ends with the connection, with or without error.
                thread::spawn(move || io::copy(&mut &stream, &mut &stream));
            }
        });
        // A name, so that the proxy has to resolve it.
        format!("localhost:{}", address.port())
    })
}

#[test]
fn a_reset_at_any_byte_ends_only_its_connection() {
    PROXY.survives_resets();
}

#[test]
fn a_client_that_disconnects_ends_only_its_connection() {
    PROXY.survives_clients_that_disconnect();
}

#[test]
fn clients_over_the_limit_wait() {
    PROXY.limits_connections();
}

#[test]
fn idle_connections_are_closed() {
    PROXY.closes_idle_connections();
}

#[test]
fn a_panic_ends_only_its_connection() {
    PROXY.survives_panics();
}

#[test]
fn connections_that_do_not_end_are_cancelled() {
    PROXY.cancels_connections_that_do_not_end();
}

/// Returns a proxy, and the two ends of a connection through it.
fn between(style: StyleName) -> (TestServer, Client, Client) {
    let listener = StdListener::bind("127.0.0.1:0").unwrap();
    let to = listener.local_addr().unwrap().to_string();
    let server = TestServer::with_small_buffers(unlimited(), move |server| {
        proxy::serve(style, server, &to)
    });
    let client = server.connect().with_small_buffers();
    let upstream =
        Client::new(listener.accept().unwrap().0).with_small_buffers();
    (server, client, upstream)
}

#[test]
fn a_half_close_is_passed_on_in_either_direction() {
    for style in StyleName::ALL {
        for client_first in [true, false] {
            let (server, client, upstream) = between(style);
            let (mut first, mut second) = match client_first {
                true => (client, upstream),
                false => (upstream, client),
            };
            first.send(b"all I have to say");
            first.end_writing();
            second.expect(b"all I have to say");
            assert_eq!(second.stream.read(&mut [0]).unwrap(), 0, "{style}");
            // The other direction is still open.
            second.send(b"an answer");
            first.expect(b"an answer");
            second.send(b", and that was it");
            second.end_writing();
            assert_eq!(first.read_to_end(), b", and that was it", "{style}");
            assert_eq!(server.stop_and_wait(), 0, "{style}");
        }
    }
}

#[test]
fn both_directions_move_at_once() {
    let sent = bytes(1_000_000);
    for style in StyleName::ALL {
        let (server, client, upstream) = between(style);
        let speak = |end: &Client| {
            let mut end = Client::new(end.stream.try_clone().unwrap());
            let sent = sent.clone();
            thread::spawn(move || {
                end.send(&sent);
                end.end_writing();
            })
        };
        // Both ends send before either of them reads.
        let speakers = [speak(&client), speak(&upstream)];
        let listener = thread::spawn(move || upstream.read_to_end());
        assert!(client.read_to_end() == sent, "{style}");
        assert!(listener.join().unwrap() == sent, "{style}");
        speakers.into_iter().for_each(|speaker| speaker.join().unwrap());
        assert_eq!(server.stop_and_wait(), 0, "{style}");
    }
}

#[test]
fn a_reset_on_one_side_is_a_reset_on_the_other() {
    for style in StyleName::ALL {
        for client_first in [true, false] {
            let (server, mut client, mut upstream) = between(style);
            client.send(b"!");
            upstream.expect(b"!");
            upstream.send(b"!");
            client.expect(b"!");
            let (gone, mut left) = match client_first {
                true => (client, upstream),
                false => (upstream, client),
            };
            gone.reset();
            let error = left.stream.read(&mut [0]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{style}");
            drop(left);
            assert_eq!(server.stop_and_wait(), 0, "{style}");
        }
    }
}

#[test]
fn a_reset_ends_a_connection_that_is_blocked() {
    for style in StyleName::ALL {
        let (server, mut mute, mut flood) = between(style);
        flood.send_until_blocked(&bytes(251), 1 << 30);
        flood.reset();
        // The proxy cannot write to this client, but it can reset it.
        mute.expect_closed();
        assert_eq!(server.stop_and_wait(), 0, "{style}");
    }
}

#[test]
fn an_end_that_never_reads_blocks_only_its_connection() {
    const MOST: usize = 64 << 20;
    for style in StyleName::ALL {
        let server =
            TestServer::with_small_buffers(unlimited(), move |server| {
                proxy::serve(style, server, echo())
            });
        let mut mute = server.connect();
        let taken = mute.send_until_blocked(&bytes(251), MOST);
        // The buffers of four sockets in the kernel, and of two directions.
        assert!(taken < MOST / 2, "{style} took {taken} bytes");
        let mut other = server.connect();
        (PROXY.exchange)(&mut other);
        drop((other, mute));
        assert_eq!(server.stop_and_wait(), 0, "{style}");
    }
}

#[test]
fn an_upstream_that_cannot_be_reached_resets_the_client() {
    // This test owns the port, but does not listen on it.
    let held = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    held.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let refused = held.local_addr().unwrap().as_socket().unwrap().to_string();
    for style in StyleName::ALL {
        for to in [refused.clone(), "no-such-name.invalid:1".into()] {
            let server = TestServer::new(unlimited(), move |server| {
                proxy::serve(style, server, &to)
            });
            let error = server.connect().stream.read(&mut [0]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{style}");
            assert_eq!(server.stop_and_wait(), 0, "{style}");
        }
    }
}

#[test]
fn connections_go_on_after_the_stop() {
    for style in StyleName::ALL {
        let server = TestServer::new(unlimited(), move |server| {
            proxy::serve(style, server, echo())
        });
        let address = server.address;
        let mut client = server.connect();
        (PROXY.exchange)(&mut client);
        server.stop();
        // The server has stopped as soon as connecting fails.
        while StdStream::connect(address).is_ok() {}
        (PROXY.exchange)(&mut client);
        client.stream.write_all(b"the rest").unwrap();
        client.end_writing();
        assert_eq!(client.read_to_end(), b"the rest", "{style}");
        assert_eq!(server.wait(), 0, "{style}");
    }
}
