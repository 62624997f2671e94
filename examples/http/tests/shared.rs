//! The tests that every server has to pass.

use std::{io::Read, path::Path};

use crate::{
    http::{self, Http},
    server::test_server::Program,
};

/// A server of its own sources.
const HTTP: Program = Program {
    serve: |style, server| {
        let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/http");
        let http = Http::new(Path::new(sources)).expect("the folder exists");
        http::serve(style, server, http)
    },
    script: b"GET /main.rs HTTP/1.1\r\nHost: x\r\n\r\n",
    exchange: |client| {
        client.send(b"HEAD /none HTTP/1.1\r\nHost: x\r\n\r\n");
        client.expect(b"HTTP/1.1 404 Not Found\r\n");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            client.stream.read_exact(&mut byte).expect("the head has an end");
            head.extend(byte);
        }
    },
};

#[test]
fn a_reset_at_any_byte_ends_only_its_connection() {
    HTTP.survives_resets();
}

#[test]
fn a_client_that_disconnects_ends_only_its_connection() {
    HTTP.survives_clients_that_disconnect();
}

#[test]
fn clients_over_the_limit_wait() {
    HTTP.limits_connections();
}

#[test]
fn idle_connections_are_closed() {
    HTTP.closes_idle_connections();
}

#[test]
fn a_panic_ends_only_its_connection() {
    HTTP.survives_panics();
}

#[test]
fn a_stop_ends_waiting_connections() {
    HTTP.stops_on_request();
}

#[test]
fn connections_that_do_not_end_are_cancelled() {
    HTTP.cancels_connections_that_do_not_end();
}
