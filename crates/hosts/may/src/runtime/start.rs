//! Starts may's scheduler, with threads and descriptors that were asked for before.

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

/// Starts may's scheduler, which does so when it is used first; and every use looks whether it runs
/// by a plain read of a `static mut`. Here, while nobody else can come so far, that is no data
/// race: all others have seen the runtime before.
pub(super) fn start_may(descriptor: &OwnedFd) -> io::Result<()> {
    // May panics when a worker finds no descriptors, two each. So they are asked for before.
    let asked: io::Result<Vec<_>> = (0..2 * workers()).map(|_| descriptor.try_clone()).collect();
    drop(asked?);
    // One more is for may's deadlines.
    ask_for_threads(workers() + 1)?;
    let started =
        catch_unwind(|| own_stack::try_run(0, Box::new(|| ()))).map_err(JoinError::panicked);
    started.map_err(|panic| {
        io::Error::other(panic.panic_message().unwrap_or("its scheduler panics").to_owned())
    })
}

/// May panics when the operating system refuses a thread, and can then not be started any more. So
/// they are asked for before, all at once, and end.
///
/// # Errors
///
/// When one of them is refused.
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
            // A thread that was joined still counts until the kernel has taken it off its list.
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
