//! Host names: looking them up, and connecting to them.

use std::{io::ErrorKind, net::SocketAddr, time::Duration};

use quadrivium::{dns::lookup, event_loop::Turned, net::TcpStream, prelude::*};

use crate::{
    Subject, body, new_loop,
    sockets::{listener, real_loop},
    turns,
};

laws! { ($) host_names:
    /// A lookup returns the addresses of a name, with the given port.
    a_lookup_returns_addresses_with_the_port;
    /// A text that is an address already is returned at once, without a lookup.
    an_address_is_returned_at_once;
    /// Looking up or connecting to an unknown name is a `NotFound` error that contains the name.
    an_unknown_name_is_an_error;
    /// A text that is neither an address nor a name with a port is an `InvalidInput` error that
    /// contains the text.
    malformed_text_is_an_error;
    /// A NUL byte in a name is an `InvalidInput` error. The part before it is not looked up.
    a_nul_byte_in_a_name_is_an_error;
    /// A stream connects to a name, with the port in the text or beside it.
    a_stream_connects_to_a_name;
    /// The virtual clock stands still while a name is looked up.
    a_lookup_stops_the_virtual_clock on OwnClock;
    /// A lookup that is cancelled leaves nothing registered, and the next one works.
    a_cancelled_lookup_leaves_nothing_registered;
}

fn a_lookup_returns_addresses_with_the_port(subject: Subject) {
    let looks = body().perform_then(
        || lookup(("localhost", 81)),
        |addresses| {
            let addresses = addresses.unwrap();
            assert!(!addresses.is_empty());
            let are_ours =
                |address: &SocketAddr| address.ip().is_loopback() && address.port() == 81;
            assert!(addresses.iter().all(are_ours), "{addresses:?}");
        },
    );
    new_loop().block_on(subject.task(looks)).unwrap();
}

fn an_address_is_returned_at_once(subject: Subject) {
    let mut event_loop = new_loop();
    let address = SocketAddr::from(([127, 0, 0, 1], 81));
    let mut looks = body();
    for text in ["127.0.0.1:81".into(), address.into(), ("127.0.0.1", 81).into()] {
        let text: quadrivium::dns::Address = text;
        looks = looks.perform_eq(|| lookup(text), [address]);
    }
    let looks = event_loop.spawn(subject.task(looks));
    assert_eq!(turns(&mut event_loop, 1), Turned::Empty);
    assert!(looks.is_finished());
}

fn an_unknown_name_is_an_error(subject: Subject) {
    let check = |error: std::io::Error| {
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        assert!(error.to_string().contains("\"no such name\""), "{error}");
    };
    let asks = body()
        .perform_then(|| lookup(("no such name", 1)), move |found| check(found.unwrap_err()))
        .perform_then(
            || TcpStream::connect("no such name:1"),
            move |found| {
                check(found.unwrap_err());
            },
        );
    real_loop().block_on(subject.task(asks)).unwrap();
}

fn malformed_text_is_an_error(subject: Subject) {
    let mut asks = body();
    for text in ["localhost", "localhost:no", "::1:1"] {
        asks = asks.perform_then(
            move || TcpStream::connect(text),
            move |found| {
                let error = found.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
                assert!(error.to_string().contains(text), "{error}");
            },
        );
    }
    real_loop().block_on(subject.task(asks)).unwrap();
}

fn a_nul_byte_in_a_name_is_an_error(subject: Subject) {
    let looks = body()
        .perform_err(|| lookup("localhost\0.org:1"), ErrorKind::InvalidInput)
        .perform_err(|| TcpStream::connect(("localhost\0.org", 1)), ErrorKind::InvalidInput);
    real_loop().block_on(subject.task(looks)).unwrap();
}

fn a_stream_connects_to_a_name(subject: Subject) {
    let (_listener, address) = listener();
    let port = address.port();
    let check = move |stream: std::io::Result<TcpStream>| {
        assert_eq!(stream.unwrap().peer_addr().unwrap(), address);
    };
    let connects = body()
        .perform_then(move || TcpStream::connect(("localhost", port)), check)
        .perform_then(move || TcpStream::connect(format!("localhost:{port}")), check)
        .perform_then(move || TcpStream::connect(("127.0.0.1", port)), check);
    real_loop().block_on(subject.task(connects)).unwrap();
}

fn a_lookup_stops_the_virtual_clock(subject: Subject) {
    let mut event_loop = new_loop();
    let looks = || timeout(Duration::from_secs(1), lookup("localhost:1"));
    let looks = body().perform_then(looks, |found| {
        found.expect("no time must pass during a lookup").unwrap();
    });
    event_loop.block_on(subject.task(looks)).unwrap();
    assert_eq!(event_loop.elapsed(), Duration::ZERO);
}

fn a_cancelled_lookup_leaves_nothing_registered(subject: Subject) {
    let mut event_loop = new_loop();
    let looks = event_loop.start(subject.task(body().perform(lookup("localhost:1"))), 1);
    looks.cancel();
    assert_eq!(turns(&mut event_loop, 1), Turned::Empty);
    a_lookup_returns_addresses_with_the_port(subject);
}
