//! Requests of well-behaved clients, one after the other and all at once.

use super::fixture::in_every_style;

const GET: &str = "GET /hello.txt HTTP/1.1\r\nHost: x\r\n\r\n";

#[test]
fn a_file_is_answered_with_all_its_fields() {
    in_every_style(|server| {
        let answer = server.get("/hello.txt", "");
        assert_eq!((answer.status, answer.text()), (200, "hello"));
        assert_eq!(
            answer.field("content-type"),
            Some("text/plain; charset=utf-8")
        );
        assert_eq!(answer.field("content-length"), Some("5"));
        assert_eq!(answer.field("accept-ranges"), Some("bytes"));
        for field in ["date", "last-modified"] {
            let date = answer.field(field).expect("the answer has this field");
            assert!(httpdate::parse_http_date(date).is_ok(), "{date}");
        }
        assert!(
            answer
                .field("etag")
                .expect("the answer has this field")
                .starts_with('"')
        );
    });
}

#[test]
fn a_head_has_the_same_fields_and_no_body() {
    in_every_style(|server| {
        server.write("folder/x", "");
        for target in ["/hello.txt", "/", "/folder", "/none", "/%00", "/.."] {
            let mut client = server.connect();
            let rest = format!("{target} HTTP/1.1\r\nHost: x\r\n\r\n");
            let get = client.send(format!("GET {rest}")).answer();
            let head = client.send(format!("HEAD {rest}")).head();
            let fields = |head: &str| -> Vec<String> {
                let lines = head.lines().filter(|it| !it.starts_with("Date"));
                lines.map(str::to_string).collect()
            };
            assert_eq!(fields(&head.head), fields(&get.head), "{target}");
            // If there were a body, the next answer would not begin here.
            assert_eq!(client.send(GET).answer().text(), "hello");
        }
    });
}

#[test]
fn a_thousand_requests_come_over_one_connection() {
    in_every_style(|server| {
        let mut client = server.connect();
        for _ in 0..1_000 {
            assert_eq!(client.send(GET).answer().text(), "hello");
        }
    });
}

#[test]
fn keep_alive_depends_on_version_and_fields() {
    in_every_style(|server| {
        for (version, fields, keep_alive) in [
            ("1.1", "", true),
            ("1.1", "Connection: close\r\n", false),
            ("1.1", "Connection: x, CLOSE , y\r\n", false),
            ("1.1", "Connection: x\r\nConnection: close\r\n", false),
            ("1.1", "Connection: keep-alive, close\r\n", false),
            ("1.0", "", false),
            ("1.0", "Connection: Keep-Alive\r\n", true),
        ] {
            let mut client = server.connect();
            let request = format!(
                "GET /hello.txt HTTP/{version}\r\nHost: x\r\n{fields}\r\n"
            );
            let answer = client.send(&request).answer();
            assert_eq!(answer.text(), "hello");
            let expected = match (keep_alive, version) {
                (false, _) => Some("close"),
                (true, "1.0") => Some("keep-alive"),
                (true, _) => None,
            };
            assert_eq!(answer.field("connection"), expected, "{request}");
            match keep_alive {
                true => assert_eq!(client.send(GET).answer().status, 200),
                false => assert!(client.is_closed()),
            }
        }
    });
}

#[test]
fn two_requests_at_once_split_anywhere_are_answered_in_order() {
    in_every_style(|server| {
        server.write("second.txt", "second");
        let both = format!("{GET}{}", GET.replace("hello", "second"));
        for at in 0..=both.len() {
            let mut client = server.connect();
            client.send(&both[..at]).send(&both[at..]);
            assert_eq!(client.answer().text(), "hello");
            assert_eq!(client.answer().text(), "second");
            assert!(client.end_writing().is_closed());
        }
        let mut client = server.connect();
        for byte in both.as_bytes() {
            client.send([*byte]);
        }
        assert_eq!(client.answer().text(), "hello");
        assert_eq!(client.answer().text(), "second");
    });
}

#[test]
fn many_requests_at_once_are_all_answered() {
    in_every_style(|server| {
        let mut client = server.connect();
        for _ in 0..10 {
            client.send(GET.repeat(200));
            for _ in 0..200 {
                assert_eq!(client.answer().text(), "hello");
            }
        }
        assert!(client.end_writing().is_closed());
    });
}

#[test]
fn a_half_closed_client_still_gets_its_answers() {
    in_every_style(|server| {
        server.write_zeros("large", 3_000_000);
        let mut client = server.connect();
        let large = GET.replace("hello.txt", "large");
        client.send(format!("{large}{GET}")).end_writing();
        assert_eq!(client.answer().body.len(), 3_000_000);
        assert_eq!(client.answer().text(), "hello");
        assert!(client.is_closed());
    });
}

#[test]
fn other_methods_and_versions_are_refused() {
    in_every_style(|server| {
        for (line, status, keep_alive) in [
            ("POST / HTTP/1.1", 405, true),
            ("DELETE /hello.txt HTTP/1.1", 405, true),
            ("OPTIONS * HTTP/1.1", 405, true),
            ("CONNECT example.org:80 HTTP/1.1", 405, true),
            ("BREW / HTTP/1.1", 501, true),
            ("get / HTTP/1.1", 501, true),
            ("GET / HTTP/1.2", 505, false),
            ("GET / HTTP/2.0", 505, false),
            ("GET / HTTP/1.10", 400, false),
            ("GET / XTTP/1.1", 400, false),
            ("GET /", 400, false),
            ("GET", 400, false),
            ("GET  / HTTP/1.1", 400, false),
            (" GET / HTTP/1.1", 400, false),
            ("GET / HTTP/1.1 ", 400, false),
            ("GET /\t HTTP/1.1", 400, false),
            ("GET / a HTTP/1.1", 400, false),
            ("\u{16}\u{3}\u{1}", 400, false),
        ] {
            let mut client = server.connect();
            client.send(format!("{line}\r\nHost: x\r\n\r\n"));
            let answer = client.answer();
            assert_eq!(answer.status, status, "{line:?}");
            let allow = (status == 405).then_some("GET, HEAD");
            assert_eq!(answer.field("allow"), allow);
            match keep_alive {
                true => assert_eq!(client.send(GET).answer().status, 200),
                false => assert!(client.is_closed(), "{line:?}"),
            }
        }
    });
}
