//! The tests that every server has to pass.

use std::{io::Read, path::Path};

use crate::{
    http::{self, Http},
    server::rig::Program,
};

/// A server of its own sources.
const HTTP: Program = Program {
    serve: |style, server| {
        let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/http");
        let http = Http::new(Path::new(sources)).expect("it is a folder");
        http::serve(style, server, http)
    },
    script: b"GET /main.rs HTTP/1.1\r\nHost: x\r\n\r\n",
    greet: |client| {
        client.say(b"HEAD /none HTTP/1.1\r\nHost: x\r\n\r\n");
        client.expect(b"HTTP/1.1 404 Not Found\r\n");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            client.0.read_exact(&mut byte).expect("it is not over");
            head.extend(byte);
        }
    },
};

#[test]
fn resets_at_any_byte_harm_nobody_else() {
    HTTP.survives_resets();
}

#[test]
fn clients_that_do_not_wait_harm_nobody_else() {
    HTTP.survives_clients_that_do_not_wait();
}

#[test]
fn it_keeps_to_its_number_of_connections() {
    HTTP.keeps_to_its_number_of_connections();
}

#[test]
fn it_closes_idle_connections() {
    HTTP.closes_idle_connections();
}

#[test]
fn a_panic_ends_one_connection() {
    HTTP.survives_panics();
}

#[test]
fn it_stops_when_told() {
    HTTP.stops_when_told();
}

#[test]
fn it_cancels_what_does_not_end() {
    HTTP.cancels_what_does_not_end();
}
