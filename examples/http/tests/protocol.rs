//! The protocol without a socket: the bytes may come in pieces of any size.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use crate::http::protocol::{Incoming, Status, WhatNext};

/// Returns the messages that are to be sent to a client that sends these
/// pieces, up to the last answer.
fn messages(pieces: &[&[u8]]) -> Vec<WhatNext> {
    let now = Instant::now();
    let mut incoming = Incoming::new(Duration::from_secs(1));
    let mut messages = Vec::new();
    for piece in pieces {
        incoming.received(piece);
        loop {
            match incoming.next(now) {
                WhatNext::WaitForRequest | WhatNext::WaitForMore(_) => break,
                WhatNext::SendContinue => messages.push(WhatNext::SendContinue),
                WhatNext::Answer(request) => {
                    let keep_alive = request.reply.keep_alive;
                    messages.push(WhatNext::Answer(request));
                    if !keep_alive {
                        return messages;
                    }
                }
            }
        }
    }
    messages
}

/// Generates whole and damaged requests, one after the other.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        8 => Just("GET /a HTTP/1.1\r\nHost: x\r\n\r\n"),
        2 => Just("HEAD /a?b HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
        2 => Just("PUT / HTTP/1.1\r\nHost: x\r\n\r\n"),
        4 => Just("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"),
        4 => Just(
            "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        ),
        4 => Just(
            "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\
             Expect: 100-continue\r\n\r\n"
        ),
        4 => Just("A\r\n0123456789\r\n0\r\n\r\n"),
        2 => Just("5;x=y\r\nhello\r\n00\r\nTrailer: x\r\n\r\n"),
        2 => Just("\r\n"),
        1 => Just("\n"),
        1 => Just("\r"),
        1 => Just("\0"),
        1 => Just(":"),
        1 => Just("0"),
        2 => Just("0123456789"),
    ];
    let part = part.prop_map(|it| it.as_bytes().to_vec());
    let long = (any::<u8>(), 0..40_000_usize, any::<u8>())
        .prop_map(|(byte, n, end)| [vec![byte; n], vec![end]].concat());
    let parts =
        proptest::collection::vec(prop_oneof![20 => part, 1 => long], 1..8);
    (parts, proptest::option::of((any::<prop::sample::Index>(), any::<u8>())))
        .prop_map(|(parts, damage)| {
            let mut bytes = parts.concat();
            if let Some((at, byte)) = damage
                && !bytes.is_empty()
            {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes
        })
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(2_000)
    })]

    #[test]
    fn the_bytes_may_be_cut_anywhere(
        bytes in bytes(),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut cuts: Vec<_> =
            cuts.iter().map(|it| it.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort();
        let pieces: Vec<_> =
            cuts.windows(2).map(|it| &bytes[it[0]..it[1]]).collect();
        prop_assert_eq!(messages(&pieces), messages(&[&bytes]));
    }

    #[test]
    fn the_bytes_may_come_one_by_one(bytes in bytes()) {
        prop_assume!(bytes.len() < 2_000);
        let pieces: Vec<_> = bytes.chunks(1).collect();
        prop_assert_eq!(messages(&pieces), messages(&[&bytes]));
    }
}

#[test]
fn each_request_has_its_own_time_limit() {
    let (start, second) = (Instant::now(), Duration::from_secs(1));
    let mut incoming = Incoming::new(10 * second);
    assert_eq!(incoming.next(start), WhatNext::WaitForRequest);
    incoming.received(b"GET / HTTP/1.1\r\n");
    // The time begins with the request, however long no byte came before.
    let begun = start + 100 * second;
    assert_eq!(incoming.next(begun), WhatNext::WaitForMore(10 * second));
    incoming.received(b"Host: x\r\n");
    assert_eq!(
        incoming.next(begun + 9 * second),
        WhatNext::WaitForMore(second)
    );
    incoming.received(b"\r\nGET");
    assert!(matches!(incoming.next(begun + 9 * second), WhatNext::Answer(_)));
    // An answer that took long does not shorten the time of the next request.
    let later = begun + 1_000 * second;
    assert_eq!(incoming.next(later), WhatNext::WaitForMore(10 * second));
    let WhatNext::Answer(request) = incoming.next(later + 10 * second) else {
        panic!("the time of the request is up");
    };
    let refusal = request.asked.expect_err("the request is refused");
    assert_eq!(refusal.status, Status::RequestTimeout);
    assert!(!request.reply.keep_alive);
}
