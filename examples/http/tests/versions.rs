//! Parts of files, and files that the client already has.

use std::{
    fs,
    time::{Duration, SystemTime},
};

use super::fixture::in_every_style;

#[test]
fn a_part_of_a_file() {
    in_every_style(|server| {
        server.write("ten", "0123456789");
        for (range, body, content_range) in [
            ("bytes=0-0", "0", "bytes 0-0/10"),
            ("bytes=2-4", "234", "bytes 2-4/10"),
            ("bytes=7-", "789", "bytes 7-9/10"),
            ("bytes=-2", "89", "bytes 8-9/10"),
            ("bytes=-20", "0123456789", "bytes 0-9/10"),
            ("bytes=8-99", "89", "bytes 8-9/10"),
        ] {
            let answer = server.get("/ten", &format!("Range: {range}\r\n"));
            assert_eq!((answer.status, answer.text()), (206, body), "{range}");
            assert_eq!(answer.field("content-range"), Some(content_range));
        }
        for range in ["bytes=10-", "bytes=-0", "bytes=99-100"] {
            let answer = server.get("/ten", &format!("Range: {range}\r\n"));
            assert_eq!(answer.status, 416, "{range}");
            assert_eq!(answer.field("content-range"), Some("bytes */10"));
        }
        // The whole file is sent for several ranges, for a text that is no
        // range, and for a HEAD.
        for range in ["bytes=4-2", "bytes=0-1,4-5", "lines=1-2", "x"] {
            let answer = server.get("/ten", &format!("Range: {range}\r\n"));
            assert_eq!((answer.status, answer.text()), (200, "0123456789"));
            assert_eq!(answer.field("content-range"), None);
        }
        let mut client = server.connect();
        let head = "HEAD /ten HTTP/1.1\r\nHost: x\r\nRange: bytes=0-0\r\n\r\n";
        let head = client.send(head).head();
        assert_eq!(head.status, 200);
        assert_eq!(head.field("content-length"), Some("10"));
    });
}

#[test]
fn a_part_of_a_large_file() {
    in_every_style(|server| {
        let bytes: Vec<u8> = (0..500_000).map(|it| (it % 251) as u8).collect();
        server.write("large", &bytes);
        for (first, last) in [(0, 0), (1, 65_536), (99_999, 499_999)] {
            let range = format!("Range: bytes={first}-{last}\r\n");
            let answer = server.get("/large", &range);
            assert_eq!(answer.status, 206);
            assert!(answer.body == bytes[first..=last]);
        }
    });
}

#[test]
fn a_part_is_sent_only_of_the_same_version() {
    in_every_style(|server| {
        let whole = server.get("/hello.txt", "");
        let etag = whole.field("etag").expect("the answer has this field");
        let date =
            whole.field("last-modified").expect("the answer has this field");
        let get = |if_range: &str| {
            let fields = format!("Range: bytes=1-\r\nIf-Range: {if_range}\r\n");
            server.get("/hello.txt", &fields).status
        };
        assert_eq!([get(etag), get(date)], [206, 206]);
        assert_eq!(get("\"other\""), 200);
        assert_eq!(get(&format!("W/{etag}")), 200);
        assert_eq!(get("Sun, 06 Nov 1994 08:49:37 GMT"), 200);
    });
}

#[test]
fn a_version_that_the_client_has_is_not_sent_again() {
    in_every_style(|server| {
        let whole = server.get("/hello.txt", "");
        let etag = whole.field("etag").expect("the answer has this field");
        let date =
            whole.field("last-modified").expect("the answer has this field");
        let get = |name: &str, value: &str| {
            server.get("/hello.txt", &format!("{name}: {value}\r\n"))
        };
        for (name, value) in [
            ("If-None-Match", etag),
            ("If-None-Match", "*"),
            ("If-None-Match", &format!("\"x\", W/{etag}")),
            ("If-Modified-Since", date),
        ] {
            let answer = get(name, value);
            assert_eq!(answer.status, 304, "{name}: {value}");
            assert_eq!(answer.field("etag"), Some(etag));
            assert!(answer.field("date").is_some());
        }
        for (name, value, status) in [
            ("If-None-Match", "\"x\"", 200),
            ("If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT", 200),
            ("If-Modified-Since", "yesterday", 200),
            ("If-Match", etag, 200),
            ("If-Match", "\"x\"", 412),
            ("If-Unmodified-Since", date, 200),
            ("If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:37 GMT", 412),
        ] {
            assert_eq!(get(name, value).status, status, "{name}: {value}");
        }
        // With other bytes, the file is another version.
        server.write("hello.txt", "bonjour");
        assert_eq!(get("If-None-Match", etag).text(), "bonjour");
    });
}

#[test]
fn times_that_http_cannot_write_are_left_out() {
    in_every_style(|server| {
        let year = Duration::from_secs(31_557_600);
        let file = fs::File::options()
            .write(true)
            .open(server.root().join("hello.txt"))
            .unwrap();
        for time in [
            SystemTime::UNIX_EPOCH - 20 * year,
            SystemTime::UNIX_EPOCH + 300 * year,
        ] {
            file.set_modified(time).unwrap();
            let answer = server.get("/hello.txt", "");
            assert_eq!(answer.text(), "hello");
            // No file is newer than its answer.
            let date = answer.field("date").expect("the answer has this field");
            let date = httpdate::parse_http_date(date).unwrap();
            if let Some(modified) = answer.field("last-modified") {
                let modified = httpdate::parse_http_date(modified);
                assert!(modified.expect("it is a date") <= date);
            }
        }
    });
}
