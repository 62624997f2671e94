//! Hooks: reads and writes of any descriptor.

use std::ffi::{c_int, c_void};

use libc::{iovec, off_t, off64_t, size_t, ssize_t};

use crate::{hook::hooks, when};

hooks! {
    fn read(fd: c_int, buffer: *mut c_void, length: size_t) -> ssize_t {
        blocks: when::descriptor(fd),
        patch: suspends(descriptors::read),
        instead: "thread::offload",
        std: [
            "std::fs::File::read" => "fs::File::read",
            "std::fs::read" => "fs::read",
            "std::fs::read_to_string" => "fs::read_to_string",
            "std::io::Stdin::read_line" => "thread::offload",
            "std::io::PipeReader::read" => "io::PipeReader::read",
            "std::process::ChildStdout::read" => "process::ChildStdout::read",
            "std::process::Command::output" => "process::Command::output",
        ],
    }

    fn readv(fd: c_int, buffers: *const iovec, length: c_int) -> ssize_t {
        blocks: when::descriptor(fd),
        patch: suspends(descriptors::readv),
        instead: "thread::offload",
        std: [
            "std::fs::File::read_vectored" => "fs::File::read",
            "std::net::TcpStream::read_vectored" => "net::TcpStream::read",
        ],
    }

    fn write(fd: c_int, buffer: *const c_void, length: size_t) -> ssize_t {
        blocks: when::write(fd),
        patch: suspends(descriptors::write),
        instead: "thread::offload",
        std: [
            "std::fs::File::write" => "fs::File::write",
            "std::fs::write" => "fs::write",
            "std::io::PipeWriter::write" => "io::PipeWriter::write",
            "std::process::ChildStdin::write" => "process::ChildStdin::write",
        ],
    }

    fn writev(fd: c_int, buffers: *const iovec, length: c_int) -> ssize_t {
        blocks: when::write(fd),
        patch: suspends(descriptors::writev),
        instead: "thread::offload",
        std: [
            "std::fs::File::write_vectored" => "fs::File::write",
            "std::net::TcpStream::write_vectored" => "net::TcpStream::write",
        ],
    }

    fn pread(fd: c_int, buffer: *mut c_void, length: size_t, offset: off_t) -> ssize_t {
        blocks: when::descriptor(fd),
        patch: offloads(files::pread),
        instead: "fs::File::read_at",
        std: [],
    }

    fn pread64(fd: c_int, buffer: *mut c_void, length: size_t, offset: off64_t) -> ssize_t {
        blocks: when::descriptor(fd),
        patch: offloads(files::pread),
        instead: "fs::File::read_at",
        std: [
            "std::fs::File::read_at" => "fs::File::read_at",
        ],
    }

    fn pwrite(fd: c_int, buffer: *const c_void, length: size_t, offset: off_t) -> ssize_t {
        blocks: when::descriptor(fd),
        patch: offloads(files::pwrite),
        instead: "fs::File::write_at",
        std: [],
    }

    fn pwrite64(fd: c_int, buffer: *const c_void, length: size_t, offset: off64_t) -> ssize_t {
        blocks: when::descriptor(fd),
        patch: offloads(files::pwrite),
        instead: "fs::File::write_at",
        std: [
            "std::fs::File::write_at" => "fs::File::write_at",
        ],
    }

    fn preadv(fd: c_int, buffers: *const iovec, length: c_int, offset: off_t) -> ssize_t {
        blocks: when::descriptor(fd),
        patch: offloads(files::preadv),
        instead: "fs::File::read_at",
        std: [],
    }

    fn pwritev(fd: c_int, buffers: *const iovec, length: c_int, offset: off_t) -> ssize_t {
        blocks: when::descriptor(fd),
        patch: offloads(files::pwritev),
        instead: "fs::File::write_at",
        std: [],
    }

    fn preadv64(fd: c_int, buffers: *const iovec, length: c_int, offset: off64_t) -> ssize_t {
        blocks: when::descriptor(fd),
        patch: offloads(files::preadv),
        instead: "fs::File::read_at",
        std: [],
    }

    fn pwritev64(fd: c_int, buffers: *const iovec, length: c_int, offset: off64_t) -> ssize_t {
        blocks: when::descriptor(fd),
        patch: offloads(files::pwritev),
        instead: "fs::File::write_at",
        std: [],
    }

    // It does not wait. A descriptor in use by a call on another thread stays open until its end.
    fn close(fd: c_int) -> c_int {
        blocks: when::never(),
        patch: marks(in_use::close, "it never waits"),
        instead: "",
        std: [],
    }
}
