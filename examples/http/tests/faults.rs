//! Clients that are slow, disconnect or attack, files that change, and the
//! stop.

use std::{fs, io::Write, net::Shutdown, time::Duration};

use socket2::SockRef;

use super::{
    client::Client,
    fixture::{Running, SHORT, in_every_style, with_limits},
};

const GET: &str = "GET /hello.txt HTTP/1.1\r\nHost: x\r\n\r\n";
/// More bytes than the buffers of any socket hold.
const LARGE: u64 = 100_000_000;

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n")
}

#[test]
fn an_unfinished_request_times_out() {
    with_limits(
        |_, http| http.request_time = SHORT,
        |server| {
            for started in [
                "G",
                "GET / HTTP/1.1\r\nHost: x\r\n",
                "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n1234",
            ] {
                let mut client = server.connect();
                assert_eq!(client.send(started).answer().status, 408);
                assert!(client.is_closed());
            }
            server.assert_serves();
        },
    );
}

#[test]
fn sending_byte_by_byte_gives_no_more_time() {
    with_limits(
        |_, http| http.request_time = SHORT,
        |server| {
            let mut client = server.connect();
            client.send("GET / HTTP/1.1\r\nA: ");
            let stream = client.stream.try_clone().unwrap();
            stream.set_read_timeout(Some(SHORT / 10)).unwrap();
            // Sends byte by byte, until the server answers.
            let mut buffer = [0; 16];
            while stream.peek(&mut buffer).is_err() {
                client.try_send("a");
            }
            stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
            assert_eq!(client.answer().status, 408);
        },
    );
}

#[test]
fn an_idle_connection_is_closed_without_an_answer() {
    with_limits(
        |most, _| most.idle_timeout = Some(SHORT),
        |server| {
            assert!(server.connect().is_closed());
            let mut client = server.connect();
            assert_eq!(client.send(GET).answer().text(), "hello");
            assert!(client.is_closed());
            // In the middle of a request, the client gets an answer.
            let mut client = server.connect();
            assert_eq!(client.send("GET /").answer().status, 408);
        },
    );
}

#[test]
fn a_request_that_ends_early_is_refused() {
    in_every_style(|server| {
        for at in 1..GET.len() {
            let mut client = server.connect();
            let answer = client.send(&GET[..at]).end_writing().answer();
            assert_eq!(answer.status, 400, "{:?}", &GET[..at]);
            assert!(client.is_closed());
        }
        assert!(server.connect().end_writing().is_closed());
    });
}

#[test]
fn a_reset_at_any_byte_ends_only_its_connection() {
    in_every_style(|server| {
        server.write_zeros("large", LARGE);
        let large = get("/large");
        for at in 0..=large.len() {
            let mut client = server.connect();
            client.send(&large[..at]);
            reset(&client);
        }
        // Resets in the middle of the answer.
        for _ in 0..10 {
            let mut client = server.connect();
            client.send(&large);
            assert!(client.read_more());
            reset(&client);
        }
        server.assert_serves();
    });
}

fn reset(client: &Client) {
    let now = Some(Duration::ZERO);
    SockRef::from(&client.stream).set_linger(now).unwrap();
}

#[test]
fn an_answer_is_read_although_the_client_was_still_sending() {
    in_every_style(|server| {
        let mut client = server.connect();
        client.send(
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n",
        );
        client.try_send(vec![b'x'; 900_000]);
        assert_eq!(client.answer().status, 413);
        assert!(client.is_closed());
    });
}

#[test]
fn clients_that_never_read_use_a_bounded_memory() {
    with_limits(
        |most, _| most.grace = Duration::ZERO,
        |server| {
            server.write_zeros("large", LARGE);
            let before = resident_bytes();
            let clients: Vec<_> = (0..20)
                .map(|_| {
                    let mut client = server.connect();
                    client.send(get("/large"));
                    assert!(client.read_more());
                    client
                })
                .collect();
            server.assert_serves();
            let grown = resident_bytes().saturating_sub(before);
            // The process also runs other tests.
            assert!(grown < 3 * LARGE, "{grown} bytes for 20 clients");
            server.stop();
            // The connection of `assert_serves` may be open, too.
            assert!(server.wait() >= clients.len());
        },
    );
}

fn resident_bytes() -> u64 {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = pages.split(' ').nth(1).unwrap().parse().unwrap();
    pages * rustix::param::page_size() as u64
}

#[test]
fn a_client_that_never_reads_is_closed_when_idle() {
    with_limits(
        |most, _| most.idle_timeout = Some(SHORT),
        |server| {
            server.write_zeros("large", LARGE);
            let mut client = server.connect();
            client.send(get("/large"));
            // The connection ends by itself, and need not be cancelled.
            server.assert_serves();
            server.stop();
            assert_eq!(server.wait(), 0);
            assert!((client.read_to_end().len() as u64) < LARGE);
        },
    );
}

#[test]
fn a_file_that_shrinks_breaks_off_its_answer() {
    in_every_style(|server| {
        let file = server.write_zeros("file", LARGE);
        let mut client = server.connect();
        client.send(get("/file").repeat(2));
        assert_eq!(client.head().status, 200);
        file.set_len(LARGE / 2).unwrap();
        assert!((client.read_to_end().len() as u64) < LARGE);
        server.assert_serves();
    });
}

#[test]
fn a_file_that_grows_is_sent_with_the_announced_length() {
    in_every_style(|server| {
        let mut file = server.write_zeros("file", LARGE / 10);
        let mut client = server.connect();
        client.send(get("/file"));
        let head = client.head();
        file.set_len(LARGE / 5).unwrap();
        file.write_all(b"changed").unwrap();
        assert_eq!(head.field("content-length"), Some("10000000"));
        client.send(GET).end_writing();
        let rest = client.read_to_end();
        let next = rest.windows(9).position(|it| it == b"HTTP/1.1 ");
        assert_eq!(next, Some(10_000_000));
    });
}

#[test]
fn the_stop_lets_an_answer_finish() {
    in_every_style(|server| {
        server.write_zeros("large", LARGE);
        let mut idle = server.connect();
        idle.send(GET).answer();
        let mut client = server.connect();
        client.send(get("/large"));
        let head = client.head();
        assert_eq!(head.status, 200);
        server.stop();
        assert!(idle.is_closed());
        // The answer that was begun is sent to its end.
        assert_eq!(client.read_to_end().len() as u64, LARGE);
        assert_eq!(server.wait(), 0);
    });
}

#[test]
fn after_the_stop_a_begun_request_is_the_last() {
    in_every_style(|server| {
        let mut client = server.connect();
        client.send(GET).answer();
        client.send(&GET[..10]);
        // When the later request of another client has been answered, the
        // server has also read this one.
        server.assert_serves();
        let mut idle = server.connect();
        idle.send(GET).answer();
        server.stop();
        assert!(idle.is_closed());
        client.send(&GET[10..]);
        let answer = client.answer();
        assert_eq!(answer.text(), "hello");
        assert_eq!(answer.field("connection"), Some("close"));
        assert!(client.is_closed());
        client.stream.shutdown(Shutdown::Both).ok();
        assert_eq!(server.wait(), 0);
    });
}

/// Two hundred clients have a request each, at once, three times.
#[test]
fn many_clients_are_served_at_once() {
    in_every_style(|server: &mut Running| {
        let mut clients: Vec<_> = (0..200).map(|_| server.connect()).collect();
        for _ in 0..3 {
            for client in &mut clients {
                client.send(GET);
            }
            for client in &mut clients {
                assert_eq!(client.answer().text(), "hello");
            }
        }
        drop(clients);
        server.stop();
        assert_eq!(server.wait(), 0);
    });
}
