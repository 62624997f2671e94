//! UDP: datagrams arrive whole and one by one, with the address of their sender.

use std::io::ErrorKind;

use quadrivium::net::UdpSocket;

use crate::{
    Subject, body,
    sockets::{bytes, real_loop},
};

laws! { ($) udp:
    /// An answer reaches the address from which a datagram came.
    an_answer_reaches_the_sender;
    /// Connected sockets send and receive without an address.
    connected_sockets_need_no_address;
    /// Each datagram is received separately. One that is longer than the buffer is cut off.
    datagrams_stay_separate;
    /// A peek leaves the datagram in the queue.
    a_peek_leaves_the_datagram;
    /// After a cancelled receive, the next receive gets the datagram.
    a_cancelled_receive_leaves_the_datagram;
    /// Sending to an address without a socket is an error of the next operation. The socket still
    /// works.
    an_unused_address_is_an_error;
}

fn socket() -> (UdpSocket, std::net::SocketAddr) {
    let socket = UdpSocket::bind(([127, 0, 0, 1], 0)).expect("a port is free");
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// Two sockets that are connected with each other.
fn pair() -> (UdpSocket, UdpSocket) {
    let ((one, first), (other, second)) = (socket(), socket());
    one.connect(second).unwrap();
    other.connect(first).unwrap();
    (one, other)
}

fn an_answer_reaches_the_sender(subject: Subject) {
    let mut event_loop = real_loop();
    let ((asks, own), (answers, address)) = (socket(), socket());
    let receives = answers.clone();
    let server = body().perform_then(
        move || receives.recv_from_owned(vec![0; 100]),
        move |(received, buffer)| {
            let (n, from) = received.unwrap();
            assert_eq!((&buffer[..n], from), (&b"question"[..], own));
            let answer = body().perform_ok(move || answers.send_to_owned("answer", from));
            drop(quadrivium::spawn(subject.task(answer)));
        },
    );
    drop(event_loop.spawn(subject.task(server)));
    let own_socket = asks.clone();
    let client =
        body().perform_eq(move || asks.send_to_owned("question", address), 8).perform_then(
            move || own_socket.recv_from_owned([0; 6]),
            move |(received, buffer)| {
                assert_eq!((received.unwrap(), &buffer), ((6, address), b"answer"));
            },
        );
    event_loop.block_on(subject.task(client)).unwrap();
}

fn connected_sockets_need_no_address(subject: Subject) {
    let mut event_loop = real_loop();
    let (one, other) = pair();
    let receives = body().perform_read(move || other.recv_owned(vec![0; 9]), b"hello");
    let receives = event_loop.start(subject.task(receives), 1);
    let sends = body().perform_eq(move || one.send_owned("hello"), 5);
    event_loop.block_on(subject.task(sends)).unwrap();
    event_loop.block_on(receives).unwrap().unwrap();
}

fn datagrams_stay_separate(subject: Subject) {
    let (one, other) = pair();
    let sends = [3, 0, 5].into_iter().fold(body(), |body, n| {
        let one = one.clone();
        body.perform_eq(move || one.send_owned(bytes(n)), n)
    });
    let all = [3, 0, 4].into_iter().fold(sends, |body, n| {
        let other = other.clone();
        body.perform_read(move || other.recv_owned(vec![0; 4]), bytes(n))
    });
    real_loop().block_on(subject.task(all)).unwrap();
}

fn a_peek_leaves_the_datagram(subject: Subject) {
    let mut event_loop = real_loop();
    let (one, other) = pair();
    let (peeks, receives) = (other.clone(), other);
    let from = one.local_addr().unwrap();
    let looks = body()
        .perform_then(
            move || peeks.peek_from_owned([0; 2]),
            move |(peeked, buffer)| {
                assert_eq!((peeked.unwrap(), &buffer), ((2, from), b"lo"));
            },
        )
        .perform_read(move || receives.recv_owned(vec![0; 9]), b"look");
    let looks = event_loop.start(subject.task(looks), 1);
    event_loop.block_on(subject.task(body().perform(one.send_owned("look")))).unwrap();
    event_loop.block_on(looks).unwrap().unwrap();
}

fn a_cancelled_receive_leaves_the_datagram(subject: Subject) {
    let mut event_loop = real_loop();
    let (one, other) = pair();
    let waits = event_loop.start(subject.task(body().perform(other.recv_owned([0; 9]))), 2);
    event_loop.block_on(subject.task(body().perform(one.send_owned("late")))).unwrap();
    if !waits.is_finished() {
        waits.cancel();
        let receives = body().perform_read(move || other.recv_owned(vec![0; 9]), b"late");
        event_loop.block_on(subject.task(receives)).unwrap();
    }
}

fn an_unused_address_is_an_error(subject: Subject) {
    let mut event_loop = real_loop();
    let (one, other) = pair();
    // The other socket keeps its port, and from now on receives from itself only.
    other.connect(other.local_addr().unwrap()).unwrap();
    let (receives, again) = (one.clone(), one.clone());
    let fails = body()
        .perform_eq(move || one.send_owned("anyone?"), 7)
        .perform_err(move || receives.recv_owned([0; 9]), ErrorKind::ConnectionRefused)
        .perform_eq(move || again.send_owned("anyone?"), 7);
    event_loop.block_on(subject.task(fails)).unwrap();
}
