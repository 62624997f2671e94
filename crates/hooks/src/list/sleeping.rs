//! Hooks: sleeps, and giving the processor away.

use std::{ffi::c_int, time::Duration};

use libc::{c_uint, clockid_t, siginfo_t, sigset_t, timespec, useconds_t};

use crate::{hook::hooks, when};

hooks! {
    fn clock_nanosleep(
        clock: clockid_t,
        flags: c_int,
        request: *const timespec,
        remain: *mut timespec,
    ) -> c_int {
        blocks: when::sleep(clock, flags, request),
        patch: suspends(sleeping::clock_nanosleep),
        instead: "time::sleep",
        std: [
            "std::thread::sleep" => "time::sleep",
        ],
    }

    fn nanosleep(request: *const timespec, remain: *mut timespec) -> c_int {
        blocks: when::timespec(request),
        patch: suspends(sleeping::nanosleep),
        instead: "time::sleep",
        std: [],
    }

    fn sleep(seconds: c_uint) -> c_uint {
        blocks: when::time(Duration::from_secs(seconds.into())),
        patch: suspends(sleeping::sleep_seconds),
        instead: "time::sleep",
        std: [],
    }

    fn usleep(microseconds: useconds_t) -> c_int {
        blocks: when::time(Duration::from_micros(microseconds.into())),
        patch: suspends(sleeping::usleep),
        instead: "time::sleep",
        std: [],
    }

    // It waits for no event, so it is not reported. Channels of std, and of other crates, call it
    // for a moment while another thread is in the middle of an operation.
    fn sched_yield() -> c_int {
        blocks: when::never(),
        patch: suspends(sleeping::sched_yield),
        instead: "time::turn",
        std: [
            "std::thread::yield_now" => "time::turn",
        ],
    }

    fn pause() -> c_int {
        blocks: when::always(),
        patch: only_reports("a signal handler ends it"),
        instead: "signal::Signals",
        std: [],
    }

    fn sigsuspend(mask: *const sigset_t) -> c_int {
        blocks: when::always(),
        patch: only_reports("it changes the signal mask of the OS thread"),
        instead: "signal::Signals",
        std: [],
    }

    fn sigwait(set: *const sigset_t, signal: *mut c_int) -> c_int {
        blocks: when::always(),
        patch: only_reports("signals are delivered to an OS thread"),
        instead: "signal::Signals",
        std: [],
    }

    fn sigwaitinfo(set: *const sigset_t, info: *mut siginfo_t) -> c_int {
        blocks: when::always(),
        patch: only_reports("signals are delivered to an OS thread"),
        instead: "signal::Signals",
        std: [],
    }

    fn sigtimedwait(
        set: *const sigset_t,
        info: *mut siginfo_t,
        timeout: *const timespec,
    ) -> c_int {
        blocks: when::timespec_or_for_ever(timeout),
        patch: only_reports("signals are delivered to an OS thread"),
        instead: "signal::Signals",
        std: [],
    }
}
