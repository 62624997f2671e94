//! Hooks: waiting for child processes.

use std::ffi::{c_char, c_int};

use libc::{FILE, id_t, idtype_t, pid_t, rusage, siginfo_t};

use crate::{hook::hooks, when};

hooks! {
    fn wait(status: *mut c_int) -> pid_t {
        blocks: when::always(),
        patch: suspends(processes::wait_any),
        instead: "process::Child::wait",
        std: [],
    }

    fn waitpid(child: pid_t, status: *mut c_int, options: c_int) -> pid_t {
        blocks: when::unless(options, libc::WNOHANG),
        patch: suspends(processes::waitpid),
        instead: "process::Child::wait",
        std: [
            "std::process::Child::wait" => "process::Child::wait",
            "std::process::Command::status" => "process::Command::status",
            "std::process::Command::output" => "process::Command::output",
        ],
    }

    fn waitid(of: idtype_t, id: id_t, info: *mut siginfo_t, options: c_int) -> c_int {
        blocks: when::unless(options, libc::WNOHANG),
        patch: suspends(processes::waitid),
        instead: "process::Child::wait",
        std: [],
    }

    fn wait4(child: pid_t, status: *mut c_int, options: c_int, usage: *mut rusage) -> pid_t {
        blocks: when::unless(options, libc::WNOHANG),
        patch: suspends(processes::wait4),
        instead: "process::Child::wait",
        std: [],
    }

    fn system(command: *const c_char) -> c_int {
        blocks: when::always(),
        patch: only_reports("it changes the signals of the OS thread"),
        instead: "process::Command::status",
        std: [],
    }

    fn pclose(stream: *mut FILE) -> c_int {
        blocks: when::always(),
        patch: only_reports("its argument belongs to the C library"),
        instead: "process::Child::wait",
        std: [],
    }
}
