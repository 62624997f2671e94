//! `chat` in every style, over real sockets, with guests that misbehave.

use std::io;

use crate::{
    chat::{self, hall::MOST_GUESTS},
    server::{
        Limits,
        rig::{Client, Program, Rig, unlimited},
    },
    styles::StyleName,
};

const WELCOME: &[u8] = b"* welcome: what is your name?\n";

const CHAT: Program = Program {
    serve: chat::serve,
    script: b"/who\n\xc3\xa9\n/join away\nnobody\n/quit now\n",
    greet: |client| {
        // There may be other lines before: those of other guests, and those of
        // an earlier call with this guest.
        let name = client.0.local_addr().unwrap().port();
        client.say(format!("p{name}\nhello {name}!\n").as_bytes());
        hear_until(client, &format!("p{name}: hello {name}!\n"));
    },
};

/// Reads up to this text, byte by byte, and returns everything that was read.
fn hear_until(client: &mut Client, end: &str) -> String {
    let mut heard = Vec::new();
    while !heard.ends_with(end.as_bytes()) {
        let mut byte = [0];
        io::Read::read_exact(&mut client.0, &mut byte).unwrap_or_else(
            |error| {
                panic!("{error} after {:?}", String::from_utf8_lossy(&heard))
            },
        );
        heard.push(byte[0]);
    }
    String::from_utf8(heard).unwrap()
}

#[test]
fn resets_at_any_byte_harm_nobody_else() {
    CHAT.survives_resets();
}

#[test]
fn clients_that_do_not_wait_harm_nobody_else() {
    CHAT.survives_clients_that_do_not_wait();
}

#[test]
fn it_keeps_to_its_number_of_connections() {
    for style in StyleName::ALL {
        let limits = Limits { max_connections: 2, ..unlimited() };
        let rig = Rig::new(limits, move |server| chat::serve(style, server));
        let first = guest(&rig, "first");
        let second = guest(&rig, "second");
        let mut third = rig.client();
        third.expect_nothing_for_a_while();
        drop(first);
        third.expect(WELCOME);
        drop((second, third));
        assert_eq!(rig.end(), 0, "{style}");
    }
}

#[test]
fn it_closes_idle_connections() {
    CHAT.closes_idle_connections();
}

#[test]
fn a_panic_ends_one_connection() {
    CHAT.survives_panics();
}

#[test]
fn it_stops_when_told() {
    CHAT.stops_when_told();
}

fn rig(style: StyleName) -> Rig {
    Rig::new(unlimited(), move |server| chat::serve(style, server))
}

fn guest(rig: &Rig, name: &str) -> Client {
    let mut client = rig.client();
    client.expect(WELCOME);
    client.say(format!("{name}\n").as_bytes());
    client.expect(format!("* {name} has come to lobby\n").as_bytes());
    client
}

#[test]
fn what_is_said_is_heard_in_the_room_and_nowhere_else() {
    for style in StyleName::ALL {
        let rig = rig(style);
        let mut alice = guest(&rig, "Alice");
        let mut bob = guest(&rig, "Bob");
        alice.expect(b"* Bob has come to lobby\n");
        bob.say(b"hello\r\n\n  \n/who\n/dance\n");
        bob.expect(b"Bob: hello\n* in lobby: Alice, Bob\n");
        bob.expect(b"* use /join ROOM, /who or /quit\n");
        alice.expect(b"Bob: hello\n");
        bob.say(b"/join kitchen\nhungry?\n/who\n/join a b\n");
        bob.expect(b"* Bob has come to kitchen\n");
        bob.expect(b"Bob: hungry?\n* in kitchen: Bob\n");
        bob.expect(b"* a name has 1 to 16 letters, digits, - or _: ");
        alice.say(b"/join kitchen\nyes\n/quit\nmore\n");
        alice.expect(b"* Bob has gone to kitchen\n");
        let rest = alice.rest();
        let rest = String::from_utf8(rest).unwrap();
        assert_eq!(
            rest, "* Alice has come to kitchen\nAlice: yes\n",
            "{style}"
        );
        let heard = hear_until(&mut bob, "* Alice has left\n");
        let all = "use another one\n* Alice has come to kitchen\nAlice: yes\n\
                   * Alice has left\n";
        assert_eq!(heard, all, "{style}");
        drop(bob);
        assert_eq!(rig.end(), 0, "{style}");
    }
}

#[test]
fn names_are_fit_and_unique_and_free_again() {
    for style in StyleName::ALL {
        let rig = rig(style);
        let alice = guest(&rig, "Alice");
        let mut other = rig.client();
        other.expect(WELCOME);
        for unfit in ["a b", "seventeen-letters", "\u{e9}", "*", "/who", ":"] {
            other.say(format!("{unfit}\n").as_bytes());
            hear_until(&mut other, "use another one\n");
        }
        other.say(b"aLICE\n");
        other.expect(b"* this name is taken: use another one\n");
        // This guest is in no room yet, so it does not see when Alice leaves.
        drop(alice);
        while !hear_after(&mut other, "alice\n")
            .ends_with("has come to lobby\n")
        {}
        drop(other);
        assert_eq!(rig.end(), 0, "{style}");
    }
}

fn hear_after(client: &mut Client, line: &str) -> String {
    client.say(line.as_bytes());
    hear_until(client, "\n")
}

#[test]
fn nobody_sends_control_characters_to_others() {
    for style in StyleName::ALL {
        let rig = rig(style);
        let mut alice = guest(&rig, "Alice");
        let mut bob = guest(&rig, "Bob");
        alice.expect(b"* Bob has come to lobby\n");
        bob.say(b"a\x1b[2Jb\rc\0d\x7f\xc2\x9be\xe2\x80\xae\xff\xc3\n");
        let line = "Bob: a\u{fffd}[2Jb\u{fffd}c\u{fffd}d\u{fffd}\u{fffd}e\
                    \u{fffd}\u{fffd}\u{fffd}\n";
        alice.expect(line.as_bytes());
        bob.say("na\u{ef}ve caf\u{e9} \u{1f980}\n".as_bytes());
        alice.expect("Bob: na\u{ef}ve caf\u{e9} \u{1f980}\n".as_bytes());
        drop((alice, bob));
        assert_eq!(rig.end(), 0, "{style}");
    }
}

#[test]
fn a_line_has_an_end_and_a_greatest_length() {
    for style in StyleName::ALL {
        let rig = rig(style);
        let mut alice = guest(&rig, "Alice");
        let longest = "x".repeat(1023);
        alice.say(format!("{longest}\n").as_bytes());
        alice.expect(format!("Alice: {longest}\n").as_bytes());
        alice.say(longest.as_bytes());
        alice.say(b"x");
        alice.expect(b"* 1024 bytes a line at most: goodbye\n");
        alice.expect_the_end();

        let mut bob = guest(&rig, "Bob");
        let mut carol = guest(&rig, "Carol");
        bob.expect(b"* Carol has come to lobby\n");
        carol.say(b"this line does not e");
        drop(carol);
        bob.expect(b"* Carol has left\n");
        drop(bob);
        assert_eq!(rig.end(), 0, "{style}");
    }
}

/// A close with something unread would be a reset, which can destroy the last
/// line.
#[test]
fn the_last_line_arrives_whatever_is_sent_behind_it() {
    for style in StyleName::ALL {
        let rig = rig(style);
        let mut bob = guest(&rig, "bob");
        let behind = "x".repeat(20_000);
        for (name, last, goodbye) in [
            ("quits", "last words\n/quit\n", "quits: last words\n"),
            ("talks", "", "* 1024 bytes a line at most: goodbye\n"),
        ] {
            let mut ends = guest(&rig, name);
            ends.say(format!("{last}{behind}").as_bytes());
            // The other guests see it leave, although it has not closed.
            hear_until(&mut bob, &format!("* {name} has left\n"));
            ends.say(behind.as_bytes());
            // A reset would be an error here.
            let rest = String::from_utf8(ends.rest()).unwrap();
            assert_eq!(rest, goodbye, "{style}");
        }
        drop(bob);
        assert_eq!(rig.end(), 0, "{style}");
    }
}

#[test]
fn all_hear_the_same_in_the_same_order() {
    const LINES: usize = 20;
    for style in StyleName::ALL {
        let rig = rig(style);
        let mut guests = ["a", "b", "c"].map(|name| guest(&rig, name));
        let [a, b, _] = &mut guests;
        a.expect(b"* b has come to lobby\n* c has come to lobby\n");
        b.expect(b"* c has come to lobby\n");
        for n in 0..LINES {
            for guest in &mut guests {
                guest.say(format!("{n}\n").as_bytes());
            }
        }
        let [a, b, c] = guests.each_mut().map(|guest| {
            let lines = (0..3 * LINES).map(|_| hear_until(guest, "\n"));
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
        assert_eq!(rig.end(), 0, "{style}");
    }
}

#[test]
fn who_never_reads_is_dropped_and_nobody_waits() {
    for style in StyleName::ALL {
        let rig =
            Rig::small(unlimited(), move |server| chat::serve(style, server));
        let mut mute = guest(&rig, "mute").small();
        let mut bob = guest(&rig, "bob");
        let line = "x".repeat(1000);
        // Bob reads all his lines, so Bob is not slow.
        let (mut heard, mut said) = (String::new(), 0);
        while heard != "* too slow: mute\n" {
            // The buffers of the kernel and the queue hold fewer lines.
            assert!(said < 10_000, "{style}: no guest is dropped");
            bob.say(format!("{line}\n").as_bytes());
            said += 1;
            while !heard.starts_with("* too") && !heard.starts_with("bob: ") {
                heard = hear_until(&mut bob, "\n");
            }
            if heard.starts_with("bob: ") {
                heard.clear();
            }
        }
        mute.expect_the_end();
        drop(bob);
        assert_eq!(rig.end(), 0, "{style}");
    }
}

#[test]
fn a_stop_is_told() {
    for style in StyleName::ALL {
        let rig = rig(style);
        let alice = guest(&rig, "Alice");
        rig.stop();
        assert_eq!(alice.rest(), b"* the server stops: goodbye\n", "{style}");
        assert_eq!(rig.ended(), 0, "{style}");
    }
}

/// If many guests send at once, and leave at once, a guest that reads is not
/// dropped.
#[test]
fn a_full_room_that_speaks_at_once_makes_nobody_slow() {
    for style in StyleName::ALL {
        let rig = rig(style);
        let mut bob = guest(&rig, "bob");
        let mut others = Vec::new();
        for n in 1..MOST_GUESTS {
            others.push(guest(&rig, &format!("guest-{n}")));
        }
        let mut late = rig.client();
        late.expect(WELCOME);
        late.say(b"late\nhello?\n/who\n");
        late.expect(b"* lobby is full: use /join ROOM\n");
        late.expect(b"* you are in no room: use /join ROOM\n");
        for other in &mut others {
            other.say("hello\n".repeat(10).as_bytes());
        }
        drop(others);
        let is_last = |line: &str| line.ends_with("has left\n");
        let mut left = 0;
        while left < MOST_GUESTS - 1 {
            left += usize::from(is_last(&hear_until(&mut bob, "\n")));
        }
        drop((bob, late));
        assert_eq!(rig.end(), 0, "{style}");
    }
}
