//! `serde_json` reads from a socket, in the middle of its parser, on a green thread.

use std::io::Write;

use quadrivium::{
    green::{Blocking, green, perform},
    net::UnixStream,
    prelude::turn,
};
use serde_json::{Value, json};

use crate::both;

#[test]
fn a_value_that_arrives_in_pieces_is_parsed() {
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
fn a_text_that_ends_early_is_an_error() {
    let (one, other) = UnixStream::pair().unwrap();
    let writes = green(move || Blocking::new(one).write_all(b"{\"styles\": [").unwrap());
    let reads = green(move || serde_json::from_reader::<_, Value>(Blocking::new(other)));
    assert!(both(writes, reads).1.unwrap_err().is_eof());
}

/// Objects inside objects: this takes more stack than any other test here.
#[test]
fn a_value_nested_as_deep_as_serde_json_allows_is_parsed() {
    let (one, other) = UnixStream::pair().unwrap();
    let text = r#"{"in":"#.repeat(120) + "1" + &"}".repeat(120);
    let sent = text.clone();
    let writes = green(move || Blocking::new(one).write_all(sent.as_bytes()).unwrap());
    let reads = green(move || serde_json::from_reader::<_, Value>(Blocking::new(other)).unwrap());
    assert_eq!(both(writes, reads).1.to_string(), text);
}

#[test]
fn outside_a_green_thread_it_panics_with_a_clear_message() {
    let (one, _other) = UnixStream::pair().unwrap();
    let payload = std::panic::catch_unwind(|| _ = Blocking::new(one).write(b"!")).unwrap_err();
    let message = payload.downcast_ref::<&str>().unwrap();
    assert!(message.contains("outside the body of a green thread"), "{message}");
}
