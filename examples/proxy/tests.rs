//! `proxy` in every style, over real sockets, between clients and upstreams
//! that misbehave.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{SocketAddr, TcpListener as StdListener, TcpStream as StdStream},
    sync::OnceLock,
    thread,
};

use socket2::{Domain, Socket, Type};

use crate::{
    proxy,
    server::rig::{Client, Program, Rig, bytes, unlimited},
    styles::StyleName,
};

const PROXY: Program = Program {
    serve: |style, server| proxy::serve(style, server, echo()),
    script: b"one line, and another\n",
    greet: |client| {
        client.say(b"hello");
        client.expect(b"hello");
    },
};

/// Returns the address of an upstream that sends every byte back.
fn echo() -> &'static str {
    static ECHO: OnceLock<String> = OnceLock::new();
    ECHO.get_or_init(|| {
        let listener = StdListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                // The thread ends with the connection, with or without error.
                thread::spawn(move || io::copy(&mut &stream, &mut &stream));
            }
        });
        // A name, so that the proxy has to resolve it.
        format!("localhost:{}", address.port())
    })
}

#[test]
fn resets_at_any_byte_harm_nobody_else() {
    PROXY.survives_resets();
}

#[test]
fn clients_that_do_not_wait_harm_nobody_else() {
    PROXY.survives_clients_that_do_not_wait();
}

#[test]
fn it_keeps_to_its_number_of_connections() {
    PROXY.keeps_to_its_number_of_connections();
}

#[test]
fn it_closes_idle_connections() {
    PROXY.closes_idle_connections();
}

#[test]
fn a_panic_ends_one_connection() {
    PROXY.survives_panics();
}

#[test]
fn it_cancels_what_does_not_end() {
    PROXY.cancels_what_does_not_end();
}

/// Returns a proxy, and the two ends of a connection through it.
fn between(style: StyleName) -> (Rig, Client, Client) {
    let listener = StdListener::bind("127.0.0.1:0").unwrap();
    let to = listener.local_addr().unwrap().to_string();
    let rig =
        Rig::small(unlimited(), move |server| proxy::serve(style, server, &to));
    let client = rig.client().small();
    let upstream = Client::new(listener.accept().unwrap().0).small();
    (rig, client, upstream)
}

#[test]
fn a_half_close_is_passed_on_in_either_direction() {
    for style in StyleName::ALL {
        for client_first in [true, false] {
            let (rig, client, upstream) = between(style);
            let (mut first, mut second) = match client_first {
                true => (client, upstream),
                false => (upstream, client),
            };
            first.say(b"all I have to say");
            first.half_close();
            second.expect(b"all I have to say");
            assert_eq!(second.0.read(&mut [0]).unwrap(), 0, "{style}");
            // The other direction is still open.
            second.say(b"an answer");
            first.expect(b"an answer");
            second.say(b", and that was it");
            second.half_close();
            assert_eq!(first.rest(), b", and that was it", "{style}");
            assert_eq!(rig.end(), 0, "{style}");
        }
    }
}

#[test]
fn both_directions_move_at_once() {
    let said = bytes(1_000_000);
    for style in StyleName::ALL {
        let (rig, client, upstream) = between(style);
        let speak = |end: &Client| {
            let mut end = Client::new(end.0.try_clone().unwrap());
            let said = said.clone();
            thread::spawn(move || {
                end.say(&said);
                end.half_close();
            })
        };
        // Both ends send before either of them reads.
        let speakers = [speak(&client), speak(&upstream)];
        let listener = thread::spawn(move || upstream.rest());
        assert!(client.rest() == said, "{style}");
        assert!(listener.join().unwrap() == said, "{style}");
        speakers.into_iter().for_each(|speaker| speaker.join().unwrap());
        assert_eq!(rig.end(), 0, "{style}");
    }
}

#[test]
fn a_reset_on_one_side_is_a_reset_on_the_other() {
    for style in StyleName::ALL {
        for client_first in [true, false] {
            let (rig, mut client, mut upstream) = between(style);
            client.say(b"!");
            upstream.expect(b"!");
            upstream.say(b"!");
            client.expect(b"!");
            let (gone, mut left) = match client_first {
                true => (client, upstream),
                false => (upstream, client),
            };
            gone.reset();
            let error = left.0.read(&mut [0]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{style}");
            drop(left);
            assert_eq!(rig.end(), 0, "{style}");
        }
    }
}

#[test]
fn a_reset_ends_a_connection_that_is_held_back() {
    for style in StyleName::ALL {
        let (rig, mut mute, mut flood) = between(style);
        flood.say_until_held_back(&bytes(251), 1 << 30);
        flood.reset();
        // The proxy cannot write to this client, but it can reset it.
        mute.expect_the_end();
        assert_eq!(rig.end(), 0, "{style}");
    }
}

#[test]
fn who_never_reads_holds_back_only_his_own_other_end() {
    const MOST: usize = 64 << 20;
    for style in StyleName::ALL {
        let rig = Rig::small(unlimited(), move |server| {
            proxy::serve(style, server, echo())
        });
        let mut mute = rig.client();
        let taken = mute.say_until_held_back(&bytes(251), MOST);
        // The buffers of four sockets in the kernel, and of two directions.
        assert!(taken < MOST / 2, "{style} took {taken} bytes");
        let mut other = rig.client();
        (PROXY.greet)(&mut other);
        drop((other, mute));
        assert_eq!(rig.end(), 0, "{style}");
    }
}

#[test]
fn an_upstream_that_cannot_be_reached_resets_the_client() {
    // This test owns the port, but does not listen on it.
    let held = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    held.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let refused = held.local_addr().unwrap().as_socket().unwrap().to_string();
    for style in StyleName::ALL {
        for to in [refused.clone(), "no-such-name.invalid:1".into()] {
            let rig = Rig::new(unlimited(), move |server| {
                proxy::serve(style, server, &to)
            });
            let error = rig.client().0.read(&mut [0]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{style}");
            assert_eq!(rig.end(), 0, "{style}");
        }
    }
}

#[test]
fn connections_go_on_after_the_stop() {
    for style in StyleName::ALL {
        let rig = Rig::new(unlimited(), move |server| {
            proxy::serve(style, server, echo())
        });
        let address = rig.address;
        let mut client = rig.client();
        (PROXY.greet)(&mut client);
        rig.stop();
        // The server has stopped as soon as connecting fails.
        while StdStream::connect(address).is_ok() {}
        (PROXY.greet)(&mut client);
        client.0.write_all(b"the rest").unwrap();
        client.half_close();
        assert_eq!(client.rest(), b"the rest", "{style}");
        assert_eq!(rig.ended(), 0, "{style}");
    }
}
