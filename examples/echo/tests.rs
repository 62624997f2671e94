//! `echo` in every style, over real sockets, with clients that misbehave.

use std::{net::TcpStream as StdStream, thread, time::Duration};

use quadrivium::{
    net::{TcpListener, TcpStream},
    prelude::*,
};

use crate::{
    echo,
    server::{
        Limits, Server,
        test_server::{Client, Program, TestServer, bytes, unlimited},
    },
    styles::StyleName,
};

const ECHO: Program = Program {
    serve: echo::serve,
    script: b"one line, and another\n",
    exchange: |client| {
        client.send(b"hello");
        client.expect(b"hello");
    },
};

#[test]
fn a_reset_at_any_byte_ends_only_its_connection() {
    ECHO.survives_resets();
}

#[test]
fn a_client_that_disconnects_ends_only_its_connection() {
    ECHO.survives_clients_that_disconnect();
}

#[test]
fn clients_over_the_limit_wait() {
    ECHO.limits_connections();
}

#[test]
fn idle_connections_are_closed() {
    ECHO.closes_idle_connections();
}

#[test]
fn a_panic_ends_only_its_connection() {
    ECHO.survives_panics();
}

#[test]
fn a_stop_ends_waiting_connections() {
    ECHO.stops_on_request();
}

#[test]
fn connections_that_do_not_end_are_cancelled() {
    ECHO.cancels_connections_that_do_not_end();
}

fn start(style: StyleName) -> TestServer {
    TestServer::new(unlimited(), move |server| echo::serve(style, server))
}

fn start_with_small_buffers(style: StyleName) -> TestServer {
    TestServer::with_small_buffers(unlimited(), move |server| {
        echo::serve(style, server)
    })
}

#[test]
fn bytes_before_a_half_close_come_back() {
    for style in StyleName::ALL {
        let server = start(style);
        for sent in [bytes(0), bytes(1), bytes(8 * 1024), bytes(100_000)] {
            let mut client = server.connect();
            client.send(&sent);
            client.end_writing();
            assert!(client.read_to_end() == sent, "{style}");
        }
        assert_eq!(server.stop_and_wait(), 0, "{style}");
    }
}

#[test]
fn every_byte_comes_back_in_order_through_small_buffers() {
    let sent = bytes(1_000_000);
    for style in StyleName::ALL {
        let server = start_with_small_buffers(style);
        let client = server.connect().with_small_buffers();
        let writer = Client::new(client.stream.try_clone().unwrap());
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut writer = writer;
                writer.send(&sent);
                writer.end_writing();
            });
            assert!(client.read_to_end() == sent, "{style}");
        });
        assert_eq!(server.stop_and_wait(), 0, "{style}");
    }
}

#[test]
fn a_client_that_never_reads_blocks_only_itself() {
    const MOST: usize = 64 << 20;
    for style in StyleName::ALL {
        let server = start_with_small_buffers(style);
        let mut mute = server.connect();
        let taken = mute.send_until_blocked(&bytes(64 * 1024), MOST);
        // The buffers of the kernel on both sides, and one of the server.
        assert!(taken < MOST / 2, "{style} took {taken} bytes");
        let mut other = server.connect();
        (ECHO.exchange)(&mut other);
        drop((other, mute));
        assert_eq!(server.stop_and_wait(), 0, "{style}");
    }
}

#[test]
fn a_stop_during_a_transfer_loses_no_byte() {
    for style in StyleName::ALL {
        let server = start(style);
        let mut client = server.connect();
        let sent = bytes(251);
        let taken = client.send_until_blocked(&sent, 1 << 30);
        server.stop();
        client.end_writing();
        let rest = client.read_to_end();
        assert_eq!(rest.len(), taken, "{style}");
        assert!(rest.chunks(251).all(|chunk| sent.starts_with(chunk)));
        assert_eq!(server.wait(), 0, "{style}");
    }
}

/// Runs on a virtual clock, with server and client on one loop, so that an hour
/// takes no time.
#[test]
fn a_connection_is_idle_when_no_byte_moves() {
    const HOUR: Duration = Duration::from_secs(3600);
    for style in StyleName::ALL {
        let mut event_loop = EventLoop::with_virtual_clock().unwrap();
        let listener = TcpListener::bind(([127, 0, 0, 1], 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let idle_timeout = Some(HOUR);
        let limits = Limits { idle_timeout, ..unlimited() };
        let server = Server::new(listener, limits);
        let serving = server.run(echo::serve(style, server.clone()));
        let client = future(async move {
            // The client connects with a blocking call, so that it does not
            // wait before its first sleep. On loopback, the bytes that one end
            // writes are at the other end at once.
            let stream = StdStream::connect(address).unwrap();
            let stream = TcpStream::from_std(stream).unwrap();
            let mut buffer = [0; 10];
            for _ in 0..5 {
                sleep(HOUR * 9 / 10).await;
                stream.write_all(b"hello").await.unwrap();
                assert_eq!(stream.read(&mut buffer).await.unwrap(), 5);
            }
            sleep(HOUR * 11 / 10).await;
            assert_eq!(stream.read(&mut buffer).await.unwrap(), 0);
            server.stop();
        });
        let ((), cancelled) =
            event_loop.block_on(join(client, serving)).unwrap();
        assert_eq!(cancelled, 0, "{style}");
    }
}

#[test]
fn every_style_serves_every_style() {
    for server_style in StyleName::ALL {
        let server = start(server_style);
        for client_style in StyleName::ALL {
            let mut event_loop = EventLoop::new().unwrap();
            let received = event_loop.block_on(echo::client(
                client_style,
                server.address,
                b"hello",
            ));
            assert_eq!(
                received.unwrap().unwrap(),
                b"hello",
                "{server_style} {client_style}"
            );
        }
        assert_eq!(server.stop_and_wait(), 0, "{server_style}");
    }
}
