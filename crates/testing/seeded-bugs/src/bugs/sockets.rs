//! Bugs of sockets and pipes: wrong waits, and wrong assumptions about the kernel.

use super::Bug;

const SOCKET: &str = "crates/io/src/socket/mod.rs";
const REACTOR: &str = "crates/hosts/event-loop/src/reactor/mod.rs";
const SOURCE: &str = "crates/io/src/descriptor/source.rs";
const STREAM: &str = "crates/io/src/stream/mod.rs";
const UNIX_STREAM: &str = "crates/io/src/unix/stream.rs";

pub const BUGS: &[Bug] = &[
    Bug {
        name: "no-bytes-waited-for",
        harm: "reading or writing no bytes waits for a peer that has no reason to send",
        file: SOURCE,
        find: "edge.is_none() && !buffer_is_empty",
        replace: "edge.is_none()",
    },
    Bug {
        name: "urgent-byte-not-seen",
        harm: "the bytes after an urgent byte are not read, and the task waits for ever",
        file: REACTOR,
        find: "is_over || event.is_priority()",
        replace: "is_over",
    },
    Bug {
        name: "end-not-seen",
        harm: "a reader never sees the end of a stream that comes together with the last bytes",
        file: REACTOR,
        find: "is_over || event.is_priority()",
        replace: "event.is_priority()",
    },
    Bug {
        name: "lent-descriptor-trusted",
        harm: "a program that reads an urgent byte itself waits for ever for the bytes after it",
        file: SOURCE,
        find: "self.readiness.distrust();",
        replace: "",
    },
    Bug {
        name: "empty-slices-end-a-stream",
        harm: "a read into many empty buffers and one with room looks like the end of the stream",
        file: STREAM,
        find: "&mut buffers[first..]",
        replace: "&mut buffers[first - first..]",
    },
    Bug {
        name: "path-cut-at-nul",
        harm: "a path with a NUL byte connects to another socket",
        file: UNIX_STREAM,
        find: "address(path).and_then(|_| SockAddr::unix(path))",
        replace: "address(path).ok().map_or(SockAddr::unix(path), |_| SockAddr::unix(path))",
    },
    Bug {
        name: "taken-out-non-blocking",
        harm: "a child whose output is one of our sockets loses the bytes that it cannot write at once",
        file: SOCKET,
        find: "socket.set_nonblocking(false)?;",
        replace: "",
    },
];
