//! `echo` in every style, over real sockets, with clients that misbehave.

use std::{net::TcpStream as StdStream, thread, time::Duration};

use quadrivium::{
    net::{TcpListener, TcpStream},
    prelude::*,
};

use crate::{
    echo,
    server::{
        Limits, Server,
        rig::{Client, Program, Rig, bytes, unlimited},
    },
    styles::StyleName,
};

const ECHO: Program = Program {
    serve: echo::serve,
    script: b"one line, and another\n",
    greet: |client| {
        client.say(b"hello");
        client.expect(b"hello");
    },
};

#[test]
fn resets_at_any_byte_harm_nobody_else() {
    ECHO.survives_resets();
}

#[test]
fn clients_that_do_not_wait_harm_nobody_else() {
    ECHO.survives_clients_that_do_not_wait();
}

#[test]
fn it_keeps_to_its_number_of_connections() {
    ECHO.keeps_to_its_number_of_connections();
}

#[test]
fn it_closes_idle_connections() {
    ECHO.closes_idle_connections();
}

#[test]
fn a_panic_ends_one_connection() {
    ECHO.survives_panics();
}

#[test]
fn it_stops_when_told() {
    ECHO.stops_when_told();
}

#[test]
fn it_cancels_what_does_not_end() {
    ECHO.cancels_what_does_not_end();
}

fn rig(style: StyleName) -> Rig {
    Rig::new(unlimited(), move |server| echo::serve(style, server))
}

fn small(style: StyleName) -> Rig {
    Rig::small(unlimited(), move |server| echo::serve(style, server))
}

#[test]
fn what_was_said_before_a_half_close_still_comes_back() {
    for style in StyleName::ALL {
        let rig = rig(style);
        for said in [bytes(0), bytes(1), bytes(8 * 1024), bytes(100_000)] {
            let mut client = rig.client();
            client.say(&said);
            client.half_close();
            assert!(client.rest() == said, "{style}");
        }
        assert_eq!(rig.end(), 0, "{style}");
    }
}

#[test]
fn every_byte_comes_back_in_order_through_small_buffers() {
    let said = bytes(1_000_000);
    for style in StyleName::ALL {
        let rig = small(style);
        let client = rig.client().small();
        let writer = Client::new(client.0.try_clone().unwrap());
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut writer = writer;
                writer.say(&said);
                writer.half_close();
            });
            assert!(client.rest() == said, "{style}");
        });
        assert_eq!(rig.end(), 0, "{style}");
    }
}

#[test]
fn who_never_reads_holds_back_only_himself() {
    const MOST: usize = 64 << 20;
    for style in StyleName::ALL {
        let rig = small(style);
        let mut mute = rig.client();
        let taken = mute.say_until_held_back(&bytes(64 * 1024), MOST);
        // The buffers of the kernel on both sides, and one of the server.
        assert!(taken < MOST / 2, "{style} took {taken} bytes");
        let mut other = rig.client();
        (ECHO.greet)(&mut other);
        drop((other, mute));
        assert_eq!(rig.end(), 0, "{style}");
    }
}

#[test]
fn a_stop_in_the_middle_of_a_transfer_lets_it_come_to_a_clean_point() {
    for style in StyleName::ALL {
        let rig = rig(style);
        let mut client = rig.client();
        let said = bytes(251);
        let taken = client.say_until_held_back(&said, 1 << 30);
        rig.stop();
        client.half_close();
        let rest = client.rest();
        assert_eq!(rest.len(), taken, "{style}");
        assert!(rest.chunks(251).all(|chunk| said.starts_with(chunk)));
        assert_eq!(rig.ended(), 0, "{style}");
    }
}

/// Runs on a virtual clock, with server and client on one loop, so that an hour
/// takes no time.
#[test]
fn idle_is_who_moves_no_byte_and_nobody_else() {
    const HOUR: Duration = Duration::from_secs(3600);
    for style in StyleName::ALL {
        let mut event_loop = EventLoop::with_virtual_clock().unwrap();
        let any = ([127, 0, 0, 1], 0).into();
        let listener = TcpListener::bind(any).unwrap();
        let address = listener.local_addr().unwrap();
        let idle_timeout = Some(HOUR);
        let limits = Limits { idle_timeout, ..unlimited() };
        let server = Server::new(listener, limits);
        let serving = server.run(echo::serve(style, server.clone()));
        let client = future(async move {
            // The client connects with a blocking call, so that it does not
            // wait before its first sleep. On loopback, the bytes that one end
            // writes are at the other end at once.
            let stream = StdStream::connect(address).unwrap();
            let stream = TcpStream::from_std(stream).unwrap();
            let mut buffer = [0; 10];
            for _ in 0..5 {
                sleep(HOUR * 9 / 10).await;
                stream.write_all(b"hello").await.unwrap();
                assert_eq!(stream.read(&mut buffer).await.unwrap(), 5);
            }
            sleep(HOUR * 11 / 10).await;
            assert_eq!(stream.read(&mut buffer).await.unwrap(), 0);
            server.stop();
        });
        let ((), cancelled) =
            event_loop.block_on(join(client, serving)).unwrap();
        assert_eq!(cancelled, 0, "{style}");
    }
}

#[test]
fn every_style_hears_every_style() {
    for server in StyleName::ALL {
        let rig = rig(server);
        for client in StyleName::ALL {
            let mut event_loop = EventLoop::new().unwrap();
            let heard =
                event_loop.block_on(echo::say(client, rig.address, b"hello"));
            assert_eq!(heard.unwrap().unwrap(), b"hello", "{server} {client}");
        }
        assert_eq!(rig.end(), 0, "{server}");
    }
}
