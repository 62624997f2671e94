//! Bugs of connections in memory: a simulation that shows what no kernel does.

use super::Bug;

const SOCKET: &str = "crates/testing/test-kit/src/connection/socket.rs";

pub const BUGS: &[Bug] = &[
    Bug {
        name: "reset-loses-what-arrived",
        harm: "a program that needs the last bytes before a reset passes no simulation",
        file: SOCKET,
        find: "let lost = self.arrivals.lose_late(now);",
        replace: "let lost = self.arrivals.lose_late(now); self.arrivals = Arrivals::default();",
    },
    Bug {
        name: "reset-told-again",
        harm: "a program that takes the end after a reset for a whole stream passes its simulation",
        file: SOCKET,
        find: "self.stage = SocketStage::Closed;\n        ErrorKind::ConnectionReset.into()",
        replace: "ErrorKind::ConnectionReset.into()",
    },
    Bug {
        name: "first-write-to-nobody-fails",
        harm: "a program that takes what it has written for read passes its simulation",
        file: "crates/testing/test-kit/src/connection/mod.rs",
        find: "self.here.reset_at(answered);\n                Step::Done(Ok(n))",
        replace: "let _ = (n, answered); Step::Done(Err(io::ErrorKind::BrokenPipe.into()))",
    },
    Bug {
        name: "connection-never-gives-way",
        harm: "a task that always finds bytes keeps the others of its simulation from running",
        file: SOCKET,
        find: "let gives_way = fairness::gives_way(state.has_suspended);",
        replace: "let gives_way = false;",
    },
];
