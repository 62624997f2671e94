//! `serde_json` reads from a socket, from the middle of a parser.

use std::io::Write;

use quadrivium::{
    green::{Blocking, green, perform},
    net::UnixStream,
    prelude::turn,
};
use serde_json::{Value, json};

use crate::both;

#[test]
fn values_come_in_pieces() {
    let (one, other) = UnixStream::pair().unwrap();
    let value = json!({"styles": ["callback", "generator", "future", "green"], "loops": 1});
    let text = value.to_string();
    let writes = green(move || {
        let mut stream = Blocking::new(one);
        for piece in text.as_bytes().chunks(3) {
            stream.write_all(piece).unwrap();
            perform(turn());
        }
    });
    let reads = green(move || serde_json::from_reader::<_, Value>(Blocking::new(other)).unwrap());
    assert_eq!(both(writes, reads).1, value);
}

#[test]
fn a_text_that_breaks_off_is_an_error() {
    let (one, other) = UnixStream::pair().unwrap();
    let writes = green(move || Blocking::new(one).write_all(b"{\"styles\": [").unwrap());
    let reads = green(move || serde_json::from_reader::<_, Value>(Blocking::new(other)));
    assert!(both(writes, reads).1.unwrap_err().is_eof());
}

/// An object in an object, and so on: it takes more stack than anything else here.
#[test]
fn a_value_nested_as_deep_as_it_may_be() {
    let (one, other) = UnixStream::pair().unwrap();
    let text = r#"{"in":"#.repeat(120) + "1" + &"}".repeat(120);
    let sent = text.clone();
    let writes = green(move || Blocking::new(one).write_all(sent.as_bytes()).unwrap());
    let reads = green(move || serde_json::from_reader::<_, Value>(Blocking::new(other)).unwrap());
    assert_eq!(both(writes, reads).1.to_string(), text);
}

#[test]
fn outside_a_green_thread_it_is_a_clear_panic() {
    let (one, _other) = UnixStream::pair().unwrap();
    let payload = std::panic::catch_unwind(|| _ = Blocking::new(one).write(b"!")).unwrap_err();
    let message = payload.downcast_ref::<&str>().unwrap();
    assert!(message.contains("outside the body of a green thread"), "{message}");
}
