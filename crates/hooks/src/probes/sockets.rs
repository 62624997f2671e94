//! Probes: sockets and names.

use std::{
    io::{self, IoSlice, IoSliceMut, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream, ToSocketAddrs, UdpSocket},
    os::unix::net::{UnixDatagram, UnixListener, UnixStream},
    time::Duration,
};

use super::{Folder, StdProbe};

const ANY_PORT: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

/// Returns two ends of a connection. The second end has sent a byte.
fn tcp_pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind(ANY_PORT)?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    let (mut server, _) = listener.accept()?;
    server.write_all(b"x")?;
    Ok((client, server))
}

/// Returns two sockets that are connected with each other. The second has sent a byte.
fn udp_pair() -> io::Result<(UdpSocket, UdpSocket)> {
    let (first, second) = (UdpSocket::bind(ANY_PORT)?, UdpSocket::bind(ANY_PORT)?);
    first.connect(second.local_addr()?)?;
    second.connect(first.local_addr()?)?;
    second.send(b"x")?;
    Ok((first, second))
}

pub(super) const PROBES: &[StdProbe] = &[
    ("std::net::TcpStream::connect", |probing| {
        let listener = TcpListener::bind(ANY_PORT)?;
        let port = listener.local_addr()?.port();
        probing.call(|| TcpStream::connect(("localhost", port))).map(drop)
    }),
    ("std::net::TcpStream::connect_timeout", |probing| {
        let listener = TcpListener::bind(ANY_PORT)?;
        let address = listener.local_addr()?;
        let limit = Duration::from_secs(10);
        probing.call(|| TcpStream::connect_timeout(&address, limit)).map(drop)
    }),
    ("std::net::TcpListener::accept", |probing| {
        let listener = TcpListener::bind(ANY_PORT)?;
        let _client = TcpStream::connect(listener.local_addr()?)?;
        probing.call(|| listener.accept()).map(drop)
    }),
    ("std::net::TcpStream::read", |probing| {
        let (mut client, _server) = tcp_pair()?;
        probing.call(|| client.read(&mut [0])).map(drop)
    }),
    ("std::net::TcpStream::read_vectored", |probing| {
        let (mut client, _server) = tcp_pair()?;
        probing.call(|| client.read_vectored(&mut [IoSliceMut::new(&mut [0])])).map(drop)
    }),
    ("std::net::TcpStream::peek", |probing| {
        let (client, _server) = tcp_pair()?;
        probing.call(|| client.peek(&mut [0])).map(drop)
    }),
    ("std::net::TcpStream::write", |probing| {
        let (mut client, _server) = tcp_pair()?;
        probing.call(|| client.write(b"x")).map(drop)
    }),
    ("std::net::TcpStream::write_vectored", |probing| {
        let (mut client, _server) = tcp_pair()?;
        probing.call(|| client.write_vectored(&[IoSlice::new(b"x")])).map(drop)
    }),
    ("std::net::UdpSocket::recv", |probing| {
        let (socket, _other) = udp_pair()?;
        probing.call(|| socket.recv(&mut [0])).map(drop)
    }),
    ("std::net::UdpSocket::recv_from", |probing| {
        let (socket, _other) = udp_pair()?;
        probing.call(|| socket.recv_from(&mut [0])).map(drop)
    }),
    ("std::net::UdpSocket::peek_from", |probing| {
        let (socket, _other) = udp_pair()?;
        probing.call(|| socket.peek_from(&mut [0])).map(drop)
    }),
    ("std::net::UdpSocket::send", |probing| {
        let (socket, _other) = udp_pair()?;
        probing.call(|| socket.send(b"x")).map(drop)
    }),
    ("std::net::UdpSocket::send_to", |probing| {
        let (socket, other) = (UdpSocket::bind(ANY_PORT)?, UdpSocket::bind(ANY_PORT)?);
        let address = other.local_addr()?;
        probing.call(|| socket.send_to(b"x", address)).map(drop)
    }),
    ("std::os::unix::net::UnixStream::connect", |probing| {
        let folder = Folder::new()?;
        let path = folder.join("listener");
        let _listener = UnixListener::bind(&path)?;
        probing.call(|| UnixStream::connect(&path)).map(drop)
    }),
    ("std::os::unix::net::UnixListener::accept", |probing| {
        let folder = Folder::new()?;
        let path = folder.join("listener");
        let listener = UnixListener::bind(&path)?;
        let _client = UnixStream::connect(&path)?;
        probing.call(|| listener.accept()).map(drop)
    }),
    ("std::os::unix::net::UnixStream::read", |probing| {
        let (mut stream, mut other) = UnixStream::pair()?;
        other.write_all(b"x")?;
        probing.call(|| stream.read(&mut [0])).map(drop)
    }),
    ("std::os::unix::net::UnixStream::write", |probing| {
        let (mut stream, _other) = UnixStream::pair()?;
        probing.call(|| stream.write(b"x")).map(drop)
    }),
    ("std::os::unix::net::UnixDatagram::recv_from", |probing| {
        let (socket, other) = UnixDatagram::pair()?;
        other.send(b"x")?;
        probing.call(|| socket.recv_from(&mut [0])).map(drop)
    }),
    ("std::os::unix::net::UnixDatagram::send_to", |probing| {
        let folder = Folder::new()?;
        let path = folder.join("socket");
        let _other = UnixDatagram::bind(&path)?;
        let socket = UnixDatagram::unbound()?;
        probing.call(|| socket.send_to(b"x", &path)).map(drop)
    }),
    ("std::net::ToSocketAddrs::to_socket_addrs", |probing| {
        probing.call(|| "localhost:80".to_socket_addrs()).map(drop)
    }),
];
