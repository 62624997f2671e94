//! Hooks: look-up of names. It waits for a server on the network.

use std::ffi::{c_char, c_int};

use libc::{addrinfo, hostent, sockaddr, socklen_t};

use crate::{hook::hooks, when};

hooks! {
    fn getaddrinfo(
        node: *const c_char,
        service: *const c_char,
        hints: *const addrinfo,
        found: *mut *mut addrinfo,
    ) -> c_int {
        blocks: when::always(),
        patch: offloads(names::getaddrinfo),
        instead: "dns::lookup",
        std: [
            "std::net::TcpStream::connect" => "net::TcpStream::connect",
            "std::net::ToSocketAddrs::to_socket_addrs" => "dns::lookup",
        ],
    }

    fn getnameinfo(
        address: *const sockaddr,
        length: socklen_t,
        host: *mut c_char,
        host_length: socklen_t,
        service: *mut c_char,
        service_length: socklen_t,
        flags: c_int,
    ) -> c_int {
        blocks: when::always(),
        patch: offloads(names::getnameinfo),
        instead: "thread::offload",
        std: [],
    }

    fn gethostbyname(name: *const c_char) -> *mut hostent {
        blocks: when::always(),
        patch: only_reports("its result is in memory of the OS thread"),
        instead: "dns::lookup",
        std: [],
    }
}
