//! Hooks: sockets.

use std::ffi::{c_int, c_void};

use libc::{c_uint, mmsghdr, msghdr, size_t, sockaddr, socklen_t, ssize_t, timespec};

use crate::{hook::hooks, when};

hooks! {
    fn connect(fd: c_int, address: *const sockaddr, length: socklen_t) -> c_int {
        blocks: when::connect(fd),
        patch: suspends(sockets::connect),
        instead: "net::TcpStream::connect",
        std: [
            "std::net::TcpStream::connect" => "net::TcpStream::connect",
            "std::os::unix::net::UnixStream::connect" => "net::UnixStream::connect",
        ],
    }

    fn accept(fd: c_int, address: *mut sockaddr, length: *mut socklen_t) -> c_int {
        blocks: when::descriptor(fd),
        patch: suspends(sockets::accept),
        instead: "net::TcpListener::accept",
        std: [],
    }

    fn accept4(
        fd: c_int,
        address: *mut sockaddr,
        length: *mut socklen_t,
        flags: c_int,
    ) -> c_int {
        blocks: when::descriptor(fd),
        patch: suspends(sockets::accept4),
        instead: "net::TcpListener::accept",
        std: [
            "std::net::TcpListener::accept" => "net::TcpListener::accept",
            "std::os::unix::net::UnixListener::accept" => "net::UnixListener::accept",
        ],
    }

    fn recv(fd: c_int, buffer: *mut c_void, length: size_t, flags: c_int) -> ssize_t {
        blocks: when::socket(fd, flags),
        patch: suspends(sockets::recv),
        instead: "net::TcpStream::read",
        std: [
            "std::net::TcpStream::read" => "net::TcpStream::read",
            "std::net::TcpStream::peek" => "net::TcpStream::peek",
            "std::net::UdpSocket::recv" => "net::UdpSocket::recv",
            "std::os::unix::net::UnixStream::read" => "net::UnixStream::read",
        ],
    }

    fn recvfrom(
        fd: c_int,
        buffer: *mut c_void,
        length: size_t,
        flags: c_int,
        address: *mut sockaddr,
        address_length: *mut socklen_t,
    ) -> ssize_t {
        blocks: when::socket(fd, flags),
        patch: suspends(sockets::recvfrom),
        instead: "net::UdpSocket::recv_from",
        std: [
            "std::net::UdpSocket::recv_from" => "net::UdpSocket::recv_from",
            "std::net::UdpSocket::peek_from" => "net::UdpSocket::peek_from",
            "std::os::unix::net::UnixDatagram::recv_from" => "net::UnixDatagram::recv_from",
        ],
    }

    fn recvmsg(fd: c_int, message: *mut msghdr, flags: c_int) -> ssize_t {
        blocks: when::socket(fd, flags),
        patch: suspends(sockets::recvmsg),
        instead: "net::UdpSocket::recv_from",
        std: [],
    }

    fn recvmmsg(
        fd: c_int,
        messages: *mut mmsghdr,
        length: c_uint,
        flags: c_int,
        timeout: *mut timespec,
    ) -> c_int {
        blocks: when::socket(fd, flags),
        patch: only_reports("many messages are received with one limit; receive them one by one"),
        instead: "net::UdpSocket::recv_from",
        std: [],
    }

    fn send(fd: c_int, buffer: *const c_void, length: size_t, flags: c_int) -> ssize_t {
        blocks: when::socket(fd, flags),
        patch: suspends(sockets::send),
        instead: "net::TcpStream::write",
        std: [
            "std::net::TcpStream::write" => "net::TcpStream::write",
            "std::net::UdpSocket::send" => "net::UdpSocket::send",
            "std::os::unix::net::UnixStream::write" => "net::UnixStream::write",
        ],
    }

    fn sendto(
        fd: c_int,
        buffer: *const c_void,
        length: size_t,
        flags: c_int,
        address: *const sockaddr,
        address_length: socklen_t,
    ) -> ssize_t {
        blocks: when::socket(fd, flags),
        patch: suspends(sockets::sendto),
        instead: "net::UdpSocket::send_to",
        std: [
            "std::net::UdpSocket::send_to" => "net::UdpSocket::send_to",
            "std::os::unix::net::UnixDatagram::send_to" => "net::UnixDatagram::send_to",
        ],
    }

    fn sendmsg(fd: c_int, message: *const msghdr, flags: c_int) -> ssize_t {
        blocks: when::socket(fd, flags),
        patch: suspends(sockets::sendmsg),
        instead: "net::UdpSocket::send_to",
        std: [],
    }

    fn sendmmsg(fd: c_int, messages: *mut mmsghdr, length: c_uint, flags: c_int) -> c_int {
        blocks: when::socket(fd, flags),
        patch: only_reports("many messages are sent at once; send them one by one"),
        instead: "net::UdpSocket::send_to",
        std: [],
    }
}
