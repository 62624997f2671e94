//! Hooks: threads and locks of the C library. Of these, std only joins threads. C libraries use
//! them all.

use std::ffi::{c_int, c_void};

use libc::{
    clockid_t, pthread_barrier_t, pthread_cond_t, pthread_mutex_t, pthread_rwlock_t, pthread_t,
    sem_t, timespec,
};

use crate::{hook::hooks, when};

hooks! {
    fn pthread_join(thread: pthread_t, returned: *mut *mut c_void) -> c_int {
        blocks: when::always(),
        patch: offloads(locks::pthread_join),
        instead: "thread::offload",
        std: [
            "std::thread::JoinHandle::join" => "thread::offload",
        ],
    }

    fn pthread_timedjoin_np(
        thread: pthread_t,
        returned: *mut *mut c_void,
        until: *const timespec,
    ) -> c_int {
        blocks: when::until(libc::CLOCK_REALTIME, until),
        patch: offloads(locks::pthread_timedjoin_np),
        instead: "thread::offload",
        std: [],
    }

    fn pthread_clockjoin_np(
        thread: pthread_t,
        returned: *mut *mut c_void,
        clock: clockid_t,
        until: *const timespec,
    ) -> c_int {
        blocks: when::until(clock, until),
        patch: offloads(locks::pthread_clockjoin_np),
        instead: "thread::offload",
        std: [],
    }

    fn pthread_mutex_lock(mutex: *mut pthread_mutex_t) -> c_int {
        blocks: when::mutex(mutex),
        patch: suspends(locks::pthread_mutex_lock),
        instead: "thread::offload",
        std: [],
    }

    fn pthread_mutex_timedlock(mutex: *mut pthread_mutex_t, until: *const timespec) -> c_int {
        blocks: when::until_at_most(when::mutex(mutex), libc::CLOCK_REALTIME, until),
        patch: only_reports("a lock of the C library notes the OS thread that has it"),
        instead: "thread::offload",
        std: [],
    }

    fn pthread_mutex_clocklock(
        mutex: *mut pthread_mutex_t,
        clock: clockid_t,
        until: *const timespec,
    ) -> c_int {
        blocks: when::until_at_most(when::mutex(mutex), clock, until),
        patch: only_reports("a lock of the C library notes the OS thread that has it"),
        instead: "thread::offload",
        std: [],
    }

    fn pthread_rwlock_rdlock(lock: *mut pthread_rwlock_t) -> c_int {
        blocks: when::read_lock(lock),
        patch: only_reports("a lock of the C library notes the OS thread that has it"),
        instead: "thread::offload",
        std: [],
    }

    fn pthread_rwlock_wrlock(lock: *mut pthread_rwlock_t) -> c_int {
        blocks: when::write_lock(lock),
        patch: only_reports("a lock of the C library notes the OS thread that has it"),
        instead: "thread::offload",
        std: [],
    }

    fn pthread_rwlock_timedrdlock(lock: *mut pthread_rwlock_t, until: *const timespec) -> c_int {
        blocks: when::until_at_most(when::read_lock(lock), libc::CLOCK_REALTIME, until),
        patch: only_reports("a lock of the C library notes the OS thread that has it"),
        instead: "thread::offload",
        std: [],
    }

    fn pthread_rwlock_timedwrlock(lock: *mut pthread_rwlock_t, until: *const timespec) -> c_int {
        blocks: when::until_at_most(when::write_lock(lock), libc::CLOCK_REALTIME, until),
        patch: only_reports("a lock of the C library notes the OS thread that has it"),
        instead: "thread::offload",
        std: [],
    }

    fn pthread_cond_wait(condition: *mut pthread_cond_t, mutex: *mut pthread_mutex_t) -> c_int {
        blocks: when::always(),
        patch: only_reports("the C library waits inside itself, where no hook sees the wake"),
        instead: "thread::offload",
        std: [],
    }

    // The clock of a condition is in its attributes, so the time is not computed.
    fn pthread_cond_timedwait(
        condition: *mut pthread_cond_t,
        mutex: *mut pthread_mutex_t,
        until: *const timespec,
    ) -> c_int {
        blocks: when::always(),
        patch: only_reports("the C library waits inside itself, where no hook sees the wake"),
        instead: "thread::offload",
        std: [],
    }

    // `wait_for` of C++ calls it.
    fn pthread_cond_clockwait(
        condition: *mut pthread_cond_t,
        mutex: *mut pthread_mutex_t,
        clock: clockid_t,
        until: *const timespec,
    ) -> c_int {
        blocks: when::until(clock, until),
        patch: only_reports("the C library waits inside itself, where no hook sees the wake"),
        instead: "thread::offload",
        std: [],
    }

    fn pthread_barrier_wait(barrier: *mut pthread_barrier_t) -> c_int {
        blocks: when::always(),
        patch: only_reports("the C library waits inside itself, where no hook sees the wake"),
        instead: "thread::offload",
        std: [],
    }

    fn sem_wait(semaphore: *mut sem_t) -> c_int {
        blocks: when::semaphore(semaphore),
        patch: only_reports("the C library waits inside itself, where no hook sees the wake"),
        instead: "thread::offload",
        std: [],
    }

    fn sem_timedwait(semaphore: *mut sem_t, until: *const timespec) -> c_int {
        blocks: when::until_at_most(when::semaphore(semaphore), libc::CLOCK_REALTIME, until),
        patch: only_reports("the C library waits inside itself, where no hook sees the wake"),
        instead: "thread::offload",
        std: [],
    }

    fn sem_clockwait(
        semaphore: *mut sem_t,
        clock: clockid_t,
        until: *const timespec,
    ) -> c_int {
        blocks: when::until_at_most(when::semaphore(semaphore), clock, until),
        patch: only_reports("the C library waits inside itself, where no hook sees the wake"),
        instead: "thread::offload",
        std: [],
    }
}
