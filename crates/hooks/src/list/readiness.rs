//! Hooks: waiting until one of several descriptors is ready.

use std::ffi::c_int;

use libc::{epoll_event, fd_set, nfds_t, pollfd, sigset_t, timespec, timeval};

use crate::{hook::hooks, when};

hooks! {
    fn poll(descriptors: *mut pollfd, n: nfds_t, timeout: c_int) -> c_int {
        blocks: when::milliseconds(timeout),
        patch: suspends(readiness::poll),
        instead: "io::ready",
        std: [
            "std::net::TcpStream::connect_timeout" => "time::timeout around net::TcpStream::connect",
            "std::process::Command::output" => "process::Command::output",
        ],
    }

    fn ppoll(
        descriptors: *mut pollfd,
        n: nfds_t,
        timeout: *const timespec,
        mask: *const sigset_t,
    ) -> c_int {
        blocks: when::timespec_or_for_ever(timeout),
        patch: suspends(readiness::ppoll),
        instead: "io::ready",
        std: [],
    }

    fn select(
        n: c_int,
        reads: *mut fd_set,
        writes: *mut fd_set,
        exceptions: *mut fd_set,
        timeout: *mut timeval,
    ) -> c_int {
        blocks: when::timeval_or_for_ever(timeout),
        patch: suspends(readiness::select),
        instead: "io::ready",
        std: [],
    }

    fn pselect(
        n: c_int,
        reads: *mut fd_set,
        writes: *mut fd_set,
        exceptions: *mut fd_set,
        timeout: *const timespec,
        mask: *const sigset_t,
    ) -> c_int {
        blocks: when::timespec_or_for_ever(timeout),
        patch: only_reports("its mask concerns the OS thread"),
        instead: "io::ready",
        std: [],
    }

    fn epoll_wait(epoll: c_int, events: *mut epoll_event, most: c_int, timeout: c_int) -> c_int {
        blocks: when::milliseconds(timeout),
        patch: suspends(readiness::epoll_wait),
        instead: "io::ready on the descriptor of the epoll",
        std: [],
    }

    fn epoll_pwait(
        epoll: c_int,
        events: *mut epoll_event,
        most: c_int,
        timeout: c_int,
        mask: *const sigset_t,
    ) -> c_int {
        blocks: when::milliseconds(timeout),
        patch: only_reports("its mask concerns the OS thread"),
        instead: "io::ready on the descriptor of the epoll",
        std: [],
    }
}
