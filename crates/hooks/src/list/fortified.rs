//! Hooks: names that C code calls instead of other names of the list, if it is built with
//! `_FORTIFY_SOURCE`. Each has one more argument, the size of the memory that the caller has.

use std::ffi::{c_char, c_int, c_void};

use libc::{
    nfds_t, off_t, off64_t, pollfd, sigset_t, size_t, sockaddr, socklen_t, ssize_t, timespec,
};

use super::files::FILE;
use crate::{hook::hooks, when};

hooks! {
    fn __read_chk(fd: c_int, buffer: *mut c_void, length: size_t, size: size_t) -> ssize_t {
        blocks: when::descriptor(fd),
        patch: suspends(fortified::read),
        instead: "thread::offload",
        std: [],
    }

    fn __pread_chk(
        fd: c_int,
        buffer: *mut c_void,
        length: size_t,
        offset: off_t,
        size: size_t,
    ) -> ssize_t {
        blocks: when::descriptor(fd),
        patch: offloads(fortified::pread),
        instead: "fs::File::read_at",
        std: [],
    }

    fn __pread64_chk(
        fd: c_int,
        buffer: *mut c_void,
        length: size_t,
        offset: off64_t,
        size: size_t,
    ) -> ssize_t {
        blocks: when::descriptor(fd),
        patch: offloads(fortified::pread),
        instead: "fs::File::read_at",
        std: [],
    }

    fn __recv_chk(
        fd: c_int,
        buffer: *mut c_void,
        length: size_t,
        size: size_t,
        flags: c_int,
    ) -> ssize_t {
        blocks: when::socket(fd, flags),
        patch: suspends(fortified::recv),
        instead: "net::TcpStream::read",
        std: [],
    }

    fn __recvfrom_chk(
        fd: c_int,
        buffer: *mut c_void,
        length: size_t,
        size: size_t,
        flags: c_int,
        address: *mut sockaddr,
        address_length: *mut socklen_t,
    ) -> ssize_t {
        blocks: when::socket(fd, flags),
        patch: suspends(fortified::recvfrom),
        instead: "net::UdpSocket::recv_from",
        std: [],
    }

    fn __poll_chk(descriptors: *mut pollfd, n: nfds_t, timeout: c_int, size: size_t) -> c_int {
        blocks: when::milliseconds(timeout),
        patch: suspends(fortified::poll),
        instead: "io::ready",
        std: [],
    }

    fn __ppoll_chk(
        descriptors: *mut pollfd,
        n: nfds_t,
        timeout: *const timespec,
        mask: *const sigset_t,
        size: size_t,
    ) -> c_int {
        blocks: when::timespec_or_for_ever(timeout),
        patch: suspends(fortified::ppoll),
        instead: "io::ready",
        std: [],
    }

    fn __open_2(path: *const c_char, flags: c_int) -> c_int {
        blocks: FILE,
        patch: offloads(fortified::open),
        instead: "fs::File::open",
        std: [],
    }

    fn __open64_2(path: *const c_char, flags: c_int) -> c_int {
        blocks: FILE,
        patch: offloads(fortified::open),
        instead: "fs::File::open",
        std: [],
    }

    fn __openat_2(folder: c_int, path: *const c_char, flags: c_int) -> c_int {
        blocks: FILE,
        patch: offloads(fortified::openat),
        instead: "fs::File::open",
        std: [],
    }

    fn __openat64_2(folder: c_int, path: *const c_char, flags: c_int) -> c_int {
        blocks: FILE,
        patch: offloads(fortified::openat),
        instead: "fs::File::open",
        std: [],
    }

    fn __readlink_chk(
        path: *const c_char,
        buffer: *mut c_char,
        length: size_t,
        size: size_t,
    ) -> ssize_t {
        blocks: FILE,
        patch: offloads(fortified::readlink),
        instead: "fs::read_link",
        std: [],
    }

    fn __realpath_chk(
        path: *const c_char,
        resolved: *mut c_char,
        size: size_t,
    ) -> *mut c_char {
        blocks: FILE,
        patch: offloads(fortified::realpath),
        instead: "fs::canonicalize",
        std: [],
    }
}
