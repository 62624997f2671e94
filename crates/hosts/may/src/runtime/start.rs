//! Starts may's scheduler, after a test that the operating system grants the threads and
//! descriptors that may needs.

use std::{
    fs::read_link,
    io,
    os::fd::OwnedFd,
    panic::catch_unwind,
    path::Path,
    sync::{Arc, Mutex},
    thread,
};

use quadrivium_core::{JoinError, host::refused};

use crate::workers::{own_stack, workers};

/// Starts may's scheduler.
///
/// May starts it at the first use, and each use reads a `static mut` without synchronisation to see
/// whether it runs. Here that is no data race. No other thread can use may yet, and every later
/// user has seen the finished runtime.
pub(super) fn start_may(descriptor: &OwnedFd) -> io::Result<()> {
    // May panics when a worker gets no descriptors. Each worker needs two, so test for them first.
    let asked: io::Result<Vec<_>> = (0..2 * workers()).map(|_| descriptor.try_clone()).collect();
    drop(asked?);
    // May has one more thread, for its own deadlines.
    ask_for_threads(workers() + 1)?;
    let started =
        catch_unwind(|| own_stack::try_run(0, Box::new(|| ()))).map_err(JoinError::panicked);
    started.map_err(|panic| {
        io::Error::other(panic.panic_message().unwrap_or("its scheduler panics").to_owned())
    })
}

/// Starts this number of threads, all at once, and lets them end. May panics when the operating
/// system refuses a thread, and cannot be started any more after that. So this test comes first.
///
/// # Errors
///
/// Fails when one of the threads is refused.
fn ask_for_threads(threads: usize) -> io::Result<()> {
    let gate = Arc::new(Mutex::new(()));
    let closed = gate.lock();
    let ask = |_| {
        let gate = Arc::clone(&gate);
        let waits = move || {
            drop(gate.lock());
            read_link("/proc/thread-self")
        };
        thread::Builder::new().spawn(waits)
    };
    let asked: Vec<_> = (0..threads).map(ask).collect();
    drop(closed);
    let mut started = Ok(());
    for thread in asked {
        match thread.map(thread::JoinHandle::join) {
            // A thread that was joined still counts until the kernel has removed it from its list.
            Ok(Ok(Ok(own))) => {
                while Path::new("/proc").join(&own).exists() {
                    thread::yield_now();
                }
            }
            Ok(_) => {}
            Err(error) => started = Err(refused("a thread for a worker", &error)),
        }
    }
    started
}
