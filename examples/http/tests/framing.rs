//! Heads and bodies that are damaged, ambiguous or too large.

use super::fixture::in_every_style;

const NEXT: &str = "GET /hello.txt HTTP/1.1\r\nHost: x\r\n\r\n";

#[test]
fn a_malformed_head_is_refused_and_the_connection_closed() {
    in_every_style(|server| {
        for (fields, status) in [
            ("", 400),
            ("Host: x\r\nHost: x\r\n", 400),
            ("Host: x, y\r\nHost: z\r\n", 400),
            ("Host: a b\r\n", 400),
            ("Host: a/b\r\n", 400),
            ("Host : x\r\n", 400),
            ("Host: x\r\n folded\r\n", 400),
            ("Host: x\r\n\tfolded\r\n", 400),
            ("Host: x\r\nA\r\n", 400),
            ("Host: x\r\n: a\r\n", 400),
            ("Host: x\r\nA: \0\r\n", 400),
            ("Host: x\r\nA: \u{7f}\r\n", 400),
            ("Host: x\r\nA: b\rc\r\n", 400),
            ("Host: x\nA: b\r\n", 400),
            ("Host: x\r\nÄ: b\r\n", 400),
            ("Host: x\r\nExpect: more\r\n", 417),
        ] {
            let mut client = server.connect();
            client.send(format!("GET / HTTP/1.1\r\n{fields}\r\n{NEXT}"));
            assert_eq!(client.answer().status, status, "{fields:?}");
            assert!(client.is_closed(), "{fields:?}");
        }
    });
}

#[test]
fn bodies_of_ambiguous_length_are_refused() {
    in_every_style(|server| {
        for fields in [
            "Content-Length: 5\r\nContent-Length: 5",
            "Content-Length: 5\r\nContent-Length: 6",
            "Content-Length: 5, 5",
            "Content-Length: +5",
            "Content-Length: -5",
            "Content-Length: 0x5",
            "Content-Length: 5 5",
            "Content-Length:",
            "Content-Length: 5\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\nContent-Length: 5",
            "Transfer-Encoding: chunked, chunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked, gzip",
            "Transfer-Encoding: identity",
            "Transfer-Encoding: xchunked",
            "Transfer-Encoding: \"chunked\"",
            "Transfer-Encoding:",
            "Transfer-Encoding : chunked",
        ] {
            let mut client = server.connect();
            client.send(format!(
                "GET /hello.txt HTTP/1.1\r\nHost: x\r\n{fields}\r\n\r\n{NEXT}"
            ));
            assert_eq!(client.answer().status, 400, "{fields:?}");
            assert!(client.is_closed(), "{fields:?}");
        }
        let old = "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(server.connect().send(old).answer().status, 400);
        let other = "GET / HTTP/1.1\r\nHost: x\r\n\
                     Transfer-Encoding: gzip, chunked\r\n\r\n";
        assert_eq!(server.connect().send(other).answer().status, 501);
    });
}

#[test]
fn a_body_is_read_and_discarded() {
    in_every_style(|server| {
        let long = "x".repeat(1024 * 1024);
        let chunks = format!("{:x}\r\n{long}\r\n0\r\n\r\n", 1_000_000);
        let chunks = chunks.replace(&long, &long[..1_000_000]);
        for (fields, body, status) in [
            ("Content-Length: 5", "12345", 200),
            ("Content-Length: 005", "12345", 200),
            ("Content-Length: 0", "", 200),
            ("Content-Length: 1048576", &long, 200),
            ("Transfer-Encoding: chunked", "0\r\n\r\n", 200),
            ("Transfer-Encoding: , Chunked", "0\r\n\r\n", 400),
            (
                "Transfer-Encoding: CHUNKED",
                "5\r\nhello\r\nA;ext=\"1\"\r\n0123456789\r\n00\r\nT: x\r\n\r\n",
                200,
            ),
            ("Transfer-Encoding: chunked", &chunks, 200),
            ("Transfer-Encoding: chunked", "5\r\nhello!\r\n0\r\n\r\n", 400),
            ("Transfer-Encoding: chunked", "5\nhello\r\n0\r\n\r\n", 400),
            ("Transfer-Encoding: chunked", "\r\n\r\n", 400),
            ("Transfer-Encoding: chunked", ";x\r\n\r\n", 400),
            ("Transfer-Encoding: chunked", "0x5\r\nhello\r\n0\r\n\r\n", 400),
            ("Transfer-Encoding: chunked", "-5\r\nhello\r\n", 400),
            ("Transfer-Encoding: chunked", "fffffffffffffffff\r\n", 400),
            ("Transfer-Encoding: chunked", "ffffffffffffffff\r\n", 413),
            ("Transfer-Encoding: chunked", "100001\r\n", 413),
            (
                "Transfer-Encoding: chunked",
                "1;a=\"\tb\"\r\nx\r\n0\r\n\r\n",
                200,
            ),
            ("Transfer-Encoding: chunked", "1;a\0b\r\nx\r\n0\r\n\r\n", 400),
            ("Transfer-Encoding: chunked", "1;a\rb\r\nx\r\n0\r\n\r\n", 400),
            ("Transfer-Encoding: chunked", "0\r\nT: a\rb\r\n\r\n", 400),
            ("Transfer-Encoding: chunked", "0\r\nT: a\0b\r\n\r\n", 400),
            ("Transfer-Encoding: chunked", "0\r\nT : a\r\n\r\n", 400),
            ("Transfer-Encoding: chunked", "0\r\nT: a\r\n b\r\n\r\n", 400),
            ("Transfer-Encoding: chunked", "0\r\nno field\r\n\r\n", 400),
            ("Content-Length: 1048577", "", 413),
            ("Content-Length: 99999999999999999999999", "", 413),
        ] {
            let mut client = server.connect();
            client.try_send(format!(
                "GET /hello.txt HTTP/1.1\r\nHost: x\r\n{fields}\r\n\r\n"
            ));
            client.try_send(body);
            let answer = client.answer();
            assert_eq!(answer.status, status, "{fields} {:.50}", body);
            match status {
                200 => assert_eq!(client.send(NEXT).answer().text(), "hello"),
                _ => assert!(client.is_closed()),
            }
        }
    });
}

#[test]
fn continue_is_sent_once_or_refused() {
    in_every_style(|server| {
        let request = |line: &str, fields: &str| {
            format!("{line}\r\nHost: x\r\nExpect: 100-Continue\r\n{fields}\r\n")
        };
        let get = "GET /hello.txt HTTP/1.1";
        let mut client = server.connect();
        client.send(request(get, "Content-Length: 5\r\n"));
        assert_eq!(client.answer().status, 100);
        assert_eq!(client.send("12345").answer().text(), "hello");
        // Without a body, the client need not wait.
        client.send(request(get, ""));
        assert_eq!(client.answer().text(), "hello");
        // A client of HTTP/1.0 would read 100 as its answer.
        client.send(request(
            "GET /hello.txt HTTP/1.0",
            "Content-Length: 5\r\nConnection: keep-alive\r\n",
        ));
        assert_eq!(client.send("12345").answer().text(), "hello");
        // The server cannot know whether the body will come.
        client.send(request("PUT / HTTP/1.1", "Content-Length: 5\r\n"));
        assert_eq!(client.answer().status, 405);
        assert!(client.is_closed());
    });
}

#[test]
fn a_head_over_a_limit_is_refused_before_its_end() {
    in_every_style(|server| {
        let start = "GET / HTTP/1.1\r\nHost: x\r\n";
        let fields = |n: usize| "A: b\r\n".repeat(n);
        for (head, status) in [
            (format!("GET /{} HTTP/1.1\r\n", "a".repeat(9_000)), 414),
            (format!("GET /{}", "a".repeat(100_000)), 414),
            (format!("{start}A: {}\r\n\r\n", "a".repeat(33_000)), 431),
            (format!("{start}A: {}", "a".repeat(500_000)), 431),
            (format!("{start}{}\r\n", fields(100)), 431),
            (format!("{start}{}", fields(10_000)), 431),
        ] {
            let mut client = server.connect();
            client.try_send(&head);
            let answer = client.answer();
            assert_eq!(answer.status, status, "{:.40}", head);
            assert!(client.is_closed());
        }
        // The largest head that is accepted.
        let mut client = server.connect();
        let line = format!("GET /{} HTTP/1.1", "a".repeat(8 * 1024 - 14));
        let line = format!("{line}\r\nHost: x\r\n{}\r\n", fields(99));
        assert_eq!(client.send(line).answer().status, 404);
        assert_eq!(client.send(NEXT).answer().status, 200);
    });
}

#[test]
fn one_empty_line_before_a_request_is_skipped() {
    in_every_style(|server| {
        let mut client = server.connect();
        for _ in 0..3 {
            client.send(format!("\r\n{NEXT}"));
            assert_eq!(client.answer().text(), "hello");
        }
        assert_eq!(client.send("\r\n\r\n").answer().status, 400);
        assert!(client.is_closed());
    });
}
