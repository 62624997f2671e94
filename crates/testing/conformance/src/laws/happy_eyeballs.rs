//! Happy eyeballs: connecting to one of several addresses, each tried a little after the one
//! before. The laws use the virtual clock, so the delays take no time.

use std::{
    io::{self, ErrorKind},
    net::{self, Ipv6Addr, SocketAddr},
    time::Duration,
};

use quadrivium::{event_loop::Turned, net::TcpStream, task::BoxTask};
use socket2::{Domain, Socket, Type};

use super::descriptors::{in_a_process, open_descriptors};
use crate::{Subject, body, new_loop, sockets::listener, turns};

laws! { ($) happy_eyeballs:
    /// If an address does not answer, the next one is tried after a delay.
    an_address_that_does_not_answer_is_skipped on VirtualClock;
    /// If an address refuses or its family is missing, the next one is tried at once.
    an_address_that_refuses_is_skipped;
    /// If no address answers, the error names every address and the reason of each failure.
    the_error_names_every_address;
    /// Connecting without any address is an `InvalidInput` error.
    no_address_is_an_error;
    /// Once one address is connected, the sockets of the other attempts are closed.
    the_other_sockets_are_closed;
    /// A connect that is cancelled closes all its sockets.
    a_cancelled_connect_closes_its_sockets on Descriptors;
}

const DELAY: Duration = Duration::from_millis(250);

/// A listener that answers no connect since its backlog is full, and the connection that fills it.
struct BlackHole {
    address: SocketAddr,
    _listener: Socket,
    _fills: net::TcpStream,
}

fn black_hole() -> BlackHole {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    let _fills = net::TcpStream::connect(address).unwrap();
    BlackHole { address, _listener: listener, _fills }
}

/// An address where no socket listens, and none can as long as the returned socket exists.
fn refuses() -> (SocketAddr, Socket) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    (socket.local_addr().unwrap().as_socket().unwrap(), socket)
}

/// Connects to one of these addresses, and passes the result to `then`.
fn connects(
    subject: Subject,
    addresses: Vec<SocketAddr>,
    then: impl FnOnce(io::Result<TcpStream>) + 'static,
) -> BoxTask<()> {
    subject.task(body().perform_then(|| TcpStream::connect(addresses), then))
}

fn connects_to(subject: Subject, addresses: Vec<SocketAddr>, peer: SocketAddr) -> BoxTask<()> {
    connects(subject, addresses, move |stream| {
        assert_eq!(stream.unwrap().peer_addr().unwrap(), peer);
    })
}

fn an_address_that_does_not_answer_is_skipped(subject: Subject) {
    let mut event_loop = new_loop();
    let (hole, (_listener, address)) = (black_hole(), listener());
    let connects = connects_to(subject, vec![hole.address, address], address);
    event_loop.block_on(connects).unwrap();
    assert!(event_loop.elapsed() >= DELAY);
}

fn an_address_that_refuses_is_skipped(subject: Subject) {
    let mut event_loop = new_loop();
    let (_listener, address) = listener();
    let (refuses, _socket) = refuses();
    let ipv6 = SocketAddr::from((Ipv6Addr::LOCALHOST, refuses.port()));
    for first in [ipv6, refuses] {
        event_loop.block_on(connects_to(subject, vec![first, address], address)).unwrap();
    }
}

fn the_error_names_every_address(subject: Subject) {
    let ((one, _one), (two, _two)) = (refuses(), refuses());
    let addresses = vec![one, two];
    let connects = connects(subject, addresses.clone(), move |stream| {
        let error = stream.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused, "{error}");
        let text = error.to_string();
        assert!(addresses.iter().all(|address| text.contains(&address.to_string())), "{text}");
    });
    new_loop().block_on(connects).unwrap();
}

fn no_address_is_an_error(subject: Subject) {
    let connects = connects(subject, Vec::new(), |stream| {
        assert_eq!(stream.unwrap_err().kind(), ErrorKind::InvalidInput);
    });
    new_loop().block_on(connects).unwrap();
}

fn the_other_sockets_are_closed(subject: Subject) {
    in_a_process(|| {
        let (hole, (_listener, address)) = (black_hole(), listener());
        let mut event_loop = new_loop();
        // With the first wait the loop opens a descriptor of its own, to watch the sockets.
        event_loop.block_on(connects_to(subject, vec![hole.address, address], address)).unwrap();
        let before = open_descriptors();
        let holes = vec![hole.address, hole.address, address];
        let connects = connects(subject, holes, move |stream| {
            assert_eq!(open_descriptors(), before + 1, "only the connected socket may be open");
            drop(stream.unwrap());
        });
        event_loop.block_on(connects).unwrap();
        assert_eq!(open_descriptors(), before);
    });
}

fn a_cancelled_connect_closes_its_sockets(subject: Subject) {
    in_a_process(|| {
        let hole = black_hole();
        let mut event_loop = new_loop();
        let before = open_descriptors();
        let connects = event_loop.start(connects(subject, vec![hole.address; 3], drop), 1);
        event_loop.advance(DELAY);
        turns(&mut event_loop, 1);
        assert!(
            open_descriptors() >= before + 2,
            "two attempts must be open, and the loop's own descriptor"
        );
        connects.cancel();
        assert_eq!(turns(&mut event_loop, 1), Turned::Empty);
        drop(event_loop);
        assert!(open_descriptors() < before);
    });
}
