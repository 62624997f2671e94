//! Bugs of connections in memory: a simulation behaves as no kernel does.

use super::Bug;

const SOCKET: &str = "crates/testing/test-kit/src/connection/socket.rs";

pub const BUGS: &[Bug] = &[
    Bug {
        name: "reset-loses-what-arrived",
        harm: "a correct program that reads the last bytes before a reset fails in its simulation",
        file: SOCKET,
        find: "let lost = self.arrivals.lose_late(now);",
        replace: "let lost = self.arrivals.lose_late(now); self.arrivals = Arrivals::default();",
    },
    Bug {
        name: "reset-reported-again",
        harm: "a program that takes a stream for complete when it ends after a reset passes its simulation",
        file: SOCKET,
        find: "self.stage = SocketStage::Closed;\n        ErrorKind::ConnectionReset.into()",
        replace: "ErrorKind::ConnectionReset.into()",
    },
    Bug {
        name: "first-write-to-a-gone-end-fails",
        harm: "a program that takes written bytes for received bytes passes its simulation",
        file: "crates/testing/test-kit/src/connection/mod.rs",
        find: "self.here.reset_at(answered);\n                Step::Done(Ok(n))",
        replace: "let _ = (n, answered); Step::Done(Err(io::ErrorKind::BrokenPipe.into()))",
    },
    Bug {
        name: "connection-never-gives-way",
        harm: "a task that always finds bytes keeps the other tasks of its simulation from running",
        file: SOCKET,
        find: "let gives_way = fairness::gives_way(state.has_suspended);",
        replace: "let gives_way = false;",
    },
];
