//! `chat` in every style, over real sockets, with guests that misbehave.

use std::io;

use crate::{
    chat::{self, rooms::MAX_GUESTS},
    server::{
        Limits,
        test_server::{Client, Program, TestServer, unlimited},
    },
    styles::StyleName,
};

const WELCOME: &[u8] = b"* welcome: what is your name?\n";

const CHAT: Program = Program {
    serve: chat::serve,
    script: b"/who\n\xc3\xa9\n/join away\nnobody\n/quit now\n",
    exchange: |client| {
        // Other lines may come before: lines of other guests, and lines of an
        // earlier call with this guest.
        let name = client.stream.local_addr().unwrap().port();
        client.send(format!("p{name}\nhello {name}!\n").as_bytes());
        read_until(client, &format!("p{name}: hello {name}!\n"));
    },
};

/// Reads up to this text, byte by byte, and returns everything that was read.
fn read_until(client: &mut Client, end: &str) -> String {
    let mut received = Vec::new();
    while !received.ends_with(end.as_bytes()) {
        let mut byte = [0];
        io::Read::read_exact(&mut client.stream, &mut byte).unwrap_or_else(
            |error| {
                panic!("{error} after {:?}", String::from_utf8_lossy(&received))
            },
        );
        received.push(byte[0]);
    }
    String::from_utf8(received).unwrap()
}

#[test]
fn a_reset_at_any_byte_ends_only_its_connection() {
    CHAT.survives_resets();
}

#[test]
fn a_client_that_disconnects_ends_only_its_connection() {
    CHAT.survives_clients_that_disconnect();
}

#[test]
fn clients_over_the_limit_wait() {
    for style in StyleName::ALL {
        let limits = Limits { max_connections: 2, ..unlimited() };
        let server =
            TestServer::new(limits, move |server| chat::serve(style, server));
        let first = guest(&server, "first");
        let second = guest(&server, "second");
        let mut third = server.connect();
        third.expect_nothing_for_a_while();
        drop(first);
        third.expect(WELCOME);
        drop((second, third));
        assert_eq!(server.stop_and_wait(), 0, "{style}");
    }
}

#[test]
fn idle_connections_are_closed() {
    CHAT.closes_idle_connections();
}

#[test]
fn a_panic_ends_only_its_connection() {
    CHAT.survives_panics();
}

#[test]
fn a_stop_ends_waiting_connections() {
    CHAT.stops_on_request();
}

fn start(style: StyleName) -> TestServer {
    TestServer::new(unlimited(), move |server| chat::serve(style, server))
}

fn guest(server: &TestServer, name: &str) -> Client {
    let mut client = server.connect();
    client.expect(WELCOME);
    client.send(format!("{name}\n").as_bytes());
    client.expect(format!("* {name} has come to lobby\n").as_bytes());
    client
}

#[test]
fn a_line_goes_to_its_room_and_nowhere_else() {
    for style in StyleName::ALL {
        let server = start(style);
        let mut alice = guest(&server, "Alice");
        let mut bob = guest(&server, "Bob");
        alice.expect(b"* Bob has come to lobby\n");
        bob.send(b"hello\r\n\n  \n/who\n/dance\n");
        bob.expect(b"Bob: hello\n* in lobby: Alice, Bob\n");
        bob.expect(b"* use /join ROOM, /who or /quit\n");
        alice.expect(b"Bob: hello\n");
        bob.send(b"/join kitchen\nhungry?\n/who\n/join a b\n");
        bob.expect(b"* Bob has come to kitchen\n");
        bob.expect(b"Bob: hungry?\n* in kitchen: Bob\n");
        bob.expect(b"* a name has 1 to 16 letters, digits, - or _: ");
        alice.send(b"/join kitchen\nyes\n/quit\nmore\n");
        alice.expect(b"* Bob has gone to kitchen\n");
        let rest = alice.read_to_end();
        let rest = String::from_utf8(rest).unwrap();
        assert_eq!(
            rest, "* Alice has come to kitchen\nAlice: yes\n",
            "{style}"
        );
        let received = read_until(&mut bob, "* Alice has left\n");
        let all = "use another one\n* Alice has come to kitchen\nAlice: yes\n\
                   * Alice has left\n";
        assert_eq!(received, all, "{style}");
        drop(bob);
        assert_eq!(server.stop_and_wait(), 0, "{style}");
    }
}

#[test]
fn names_are_valid_and_unique_and_can_be_used_again() {
    for style in StyleName::ALL {
        let server = start(style);
        let alice = guest(&server, "Alice");
        let mut other = server.connect();
        other.expect(WELCOME);
        for unfit in ["a b", "seventeen-letters", "\u{e9}", "*", "/who", ":"] {
            other.send(format!("{unfit}\n").as_bytes());
            read_until(&mut other, "use another one\n");
        }
        other.send(b"aLICE\n");
        other.expect(b"* this name is taken: use another one\n");
        // This guest is in no room yet, so it does not see when Alice leaves.
        drop(alice);
        while !read_after(&mut other, "alice\n")
            .ends_with("has come to lobby\n")
        {}
        drop(other);
        assert_eq!(server.stop_and_wait(), 0, "{style}");
    }
}

fn read_after(client: &mut Client, line: &str) -> String {
    client.send(line.as_bytes());
    read_until(client, "\n")
}

#[test]
fn control_characters_are_replaced() {
    for style in StyleName::ALL {
        let server = start(style);
        let mut alice = guest(&server, "Alice");
        let mut bob = guest(&server, "Bob");
        alice.expect(b"* Bob has come to lobby\n");
        bob.send(b"a\x1b[2Jb\rc\0d\x7f\xc2\x9be\xe2\x80\xae\xff\xc3\n");
        let line = "Bob: a\u{fffd}[2Jb\u{fffd}c\u{fffd}d\u{fffd}\u{fffd}e\
                    \u{fffd}\u{fffd}\u{fffd}\n";
        alice.expect(line.as_bytes());
        bob.send("na\u{ef}ve caf\u{e9} \u{1f980}\n".as_bytes());
        alice.expect("Bob: na\u{ef}ve caf\u{e9} \u{1f980}\n".as_bytes());
        drop((alice, bob));
        assert_eq!(server.stop_and_wait(), 0, "{style}");
    }
}

#[test]
fn a_line_has_an_end_and_a_greatest_length() {
    for style in StyleName::ALL {
        let server = start(style);
        let mut alice = guest(&server, "Alice");
        let longest = "x".repeat(1023);
        alice.send(format!("{longest}\n").as_bytes());
        alice.expect(format!("Alice: {longest}\n").as_bytes());
        alice.send(longest.as_bytes());
        alice.send(b"x");
        alice.expect(b"* a line has 1024 bytes at most: goodbye\n");
        alice.expect_closed();

        let mut bob = guest(&server, "Bob");
        let mut carol = guest(&server, "Carol");
        bob.expect(b"* Carol has come to lobby\n");
        carol.send(b"this line does not e");
        drop(carol);
        bob.expect(b"* Carol has left\n");
        drop(bob);
        assert_eq!(server.stop_and_wait(), 0, "{style}");
    }
}

/// A close with something unread would be a reset, which can destroy the last
/// line.
#[test]
fn the_last_line_arrives_while_the_guest_still_sends() {
    for style in StyleName::ALL {
        let server = start(style);
        let mut bob = guest(&server, "bob");
        let behind = "x".repeat(20_000);
        for (name, last, goodbye) in [
            ("quits", "last words\n/quit\n", "quits: last words\n"),
            ("talks", "", "* a line has 1024 bytes at most: goodbye\n"),
        ] {
            let mut leaving = guest(&server, name);
            leaving.send(format!("{last}{behind}").as_bytes());
            // The other guests see it leave, although it has not closed.
            read_until(&mut bob, &format!("* {name} has left\n"));
            leaving.send(behind.as_bytes());
            // A reset would be an error here.
            let rest = String::from_utf8(leaving.read_to_end()).unwrap();
            assert_eq!(rest, goodbye, "{style}");
        }
        drop(bob);
        assert_eq!(server.stop_and_wait(), 0, "{style}");
    }
}

#[test]
fn all_guests_get_the_same_lines_in_the_same_order() {
    const LINES: usize = 20;
    for style in StyleName::ALL {
        let server = start(style);
        let mut guests = ["a", "b", "c"].map(|name| guest(&server, name));
        let [a, b, _] = &mut guests;
        a.expect(b"* b has come to lobby\n* c has come to lobby\n");
        b.expect(b"* c has come to lobby\n");
        for n in 0..LINES {
            for guest in &mut guests {
                guest.send(format!("{n}\n").as_bytes());
            }
        }
        let [a, b, c] = guests.each_mut().map(|guest| {
            let lines = (0..3 * LINES).map(|_| read_until(guest, "\n"));
            lines.collect::<Vec<_>>()
        });
        assert!(a == b && b == c, "{style}: {a:?} {b:?} {c:?}");
        // The lines of one guest come in the order in which it sent them.
        let of_c = a.iter().filter(|line| line.starts_with("c: "));
        assert!(
            of_c.eq(&(0..LINES)
                .map(|n| format!("c: {n}\n"))
                .collect::<Vec<_>>())
        );
        drop(guests);
        assert_eq!(server.stop_and_wait(), 0, "{style}");
    }
}

#[test]
fn a_guest_that_never_reads_is_dropped_and_no_other_waits() {
    for style in StyleName::ALL {
        let server =
            TestServer::with_small_buffers(unlimited(), move |server| {
                chat::serve(style, server)
            });
        let mut mute = guest(&server, "mute").with_small_buffers();
        let mut bob = guest(&server, "bob");
        let line = "x".repeat(1000);
        // Bob reads every line, so Bob is not slow.
        let (mut received, mut sent) = (String::new(), 0);
        while received != "* dropped as too slow: mute\n" {
            // The buffers of the kernel and the queue hold fewer lines.
            assert!(sent < 10_000, "{style}: no guest is dropped");
            bob.send(format!("{line}\n").as_bytes());
            sent += 1;
            while !received.starts_with("* dropped")
                && !received.starts_with("bob: ")
            {
                received = read_until(&mut bob, "\n");
            }
            if received.starts_with("bob: ") {
                received.clear();
            }
        }
        mute.expect_closed();
        drop(bob);
        assert_eq!(server.stop_and_wait(), 0, "{style}");
    }
}

#[test]
fn a_stop_sends_a_last_line() {
    for style in StyleName::ALL {
        let server = start(style);
        let alice = guest(&server, "Alice");
        server.stop();
        assert_eq!(
            alice.read_to_end(),
            b"* the server stops: goodbye\n",
            "{style}"
        );
        assert_eq!(server.wait(), 0, "{style}");
    }
}

/// If many guests send at once, and leave at once, a guest that reads is not
/// dropped.
#[test]
fn a_full_room_that_sends_at_once_drops_no_reader() {
    for style in StyleName::ALL {
        let server = start(style);
        let mut bob = guest(&server, "bob");
        let mut others = Vec::new();
        for n in 1..MAX_GUESTS {
            others.push(guest(&server, &format!("guest-{n}")));
        }
        let mut extra = server.connect();
        extra.expect(WELCOME);
        extra.send(
            b"extra
hello?\n/who\n",
        );
        extra.expect(b"* lobby is full: use /join ROOM\n");
        extra.expect(b"* you are in no room: use /join ROOM\n");
        for other in &mut others {
            other.send("hello\n".repeat(10).as_bytes());
        }
        drop(others);
        let is_last = |line: &str| line.ends_with("has left\n");
        let mut left = 0;
        while left < MAX_GUESTS - 1 {
            left += usize::from(is_last(&read_until(&mut bob, "\n")));
        }
        drop((bob, extra));
        assert_eq!(server.stop_and_wait(), 0, "{style}");
    }
}
