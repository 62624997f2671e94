//! The system calls that block a thread, and what replaces them.

use quadrivium_core::inspect::BlockingSystemCall;

/// System calls with the same purpose.
struct Purpose {
    does: &'static str,
    instead: &'static str,
    /// Names, with the numbers on x86-64 and on aarch64. The kernel never changes a number.
    calls: &'static [(&'static str, Option<u32>, Option<u32>)],
}

const PURPOSES: [Purpose; 9] = [
    Purpose {
        does: "sleeps",
        instead: "time::sleep",
        calls: &[
            ("nanosleep", Some(35), Some(101)),
            ("clock_nanosleep", Some(230), Some(115)),
            ("pause", Some(34), None),
        ],
    },
    Purpose {
        does: "waits for a lock or for another thread",
        instead: "the locks and channels of sync",
        calls: &[("futex", Some(202), Some(98)), ("futex_wait", Some(455), Some(455))],
    },
    Purpose {
        does: "reads",
        instead: "a read of net, io or fs",
        calls: &[
            ("read", Some(0), Some(63)),
            ("pread64", Some(17), Some(67)),
            ("readv", Some(19), Some(65)),
            ("recvfrom", Some(45), Some(207)),
            ("recvmsg", Some(47), Some(212)),
        ],
    },
    Purpose {
        does: "writes",
        instead: "a write of net, io or fs",
        calls: &[
            ("write", Some(1), Some(64)),
            ("pwrite64", Some(18), Some(68)),
            ("writev", Some(20), Some(66)),
            ("sendto", Some(44), Some(206)),
            ("sendmsg", Some(46), Some(211)),
            ("sendfile", Some(40), Some(71)),
        ],
    },
    Purpose {
        does: "waits for a connection",
        instead: "TcpListener::accept or TcpStream::connect of net",
        calls: &[
            ("connect", Some(42), Some(203)),
            ("accept", Some(43), Some(202)),
            ("accept4", Some(288), Some(242)),
        ],
    },
    Purpose {
        does: "waits until a descriptor is ready",
        instead: "io::ready",
        calls: &[
            ("poll", Some(7), None),
            ("select", Some(23), None),
            ("ppoll", Some(271), Some(73)),
            ("pselect6", Some(270), Some(72)),
            ("epoll_wait", Some(232), None),
            ("epoll_pwait", Some(281), Some(22)),
            ("epoll_pwait2", Some(441), Some(441)),
        ],
    },
    Purpose {
        does: "waits for a child process",
        instead: "process::Child::wait",
        calls: &[("wait4", Some(61), Some(260)), ("waitid", Some(247), Some(95))],
    },
    Purpose {
        does: "waits for the lock of a file",
        instead: "thread::offload",
        calls: &[("flock", Some(73), Some(32)), ("fcntl", Some(72), Some(25))],
    },
    Purpose {
        does: "waits for a file",
        instead: "fs::File, or thread::offload",
        calls: &[
            ("open", Some(2), None),
            ("openat", Some(257), Some(56)),
            ("fsync", Some(74), Some(82)),
            ("fdatasync", Some(75), Some(83)),
            ("fallocate", Some(285), Some(47)),
        ],
    },
];

/// Returns what is known about the system call with this number.
pub(super) fn blocking_call(number: u32) -> BlockingSystemCall {
    let of_this_machine = |(_, x86_64, aarch64): &(_, Option<u32>, Option<u32>)| {
        let of_it = if cfg!(target_arch = "x86_64") { x86_64 } else { aarch64 };
        *of_it == Some(number)
    };
    let is_known = cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));
    for Purpose { does, instead, calls } in PURPOSES.iter().filter(|_| is_known) {
        if let Some((name, ..)) = calls.iter().find(|call| of_this_machine(call)) {
            return BlockingSystemCall { number, name: Some(name), does, instead };
        }
    }
    BlockingSystemCall { number, name: None, does: "is blocked", instead: "thread::offload" }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn a_call_is_found_by_its_number() {
        assert_eq!(blocking_call(230).to_string(), "sleeps, in the system call clock_nanosleep");
        assert_eq!(blocking_call(9_999).to_string(), "is blocked, in the system call 9999");
    }

    #[test]
    fn each_number_is_in_the_table_once() {
        let calls = || PURPOSES.iter().flat_map(|purpose| purpose.calls);
        let mut x86_64 = HashSet::new();
        assert!(calls().filter_map(|call| call.1).all(|number| x86_64.insert(number)));
        let mut aarch64 = HashSet::new();
        assert!(calls().filter_map(|call| call.2).all(|number| aarch64.insert(number)));
    }
}
