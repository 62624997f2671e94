//! A green thread that is cancelled in a patched call.

use std::{
    cell::{Cell, RefCell},
    io::Read,
    os::unix::net::UnixStream,
    rc::Rc,
    sync::{Arc, Condvar, Mutex},
    thread,
    time::Duration,
};

use quadrivium::{JoinHandle, prelude::*};
use quadrivium_hooks::patch;

use crate::MS;

/// Spawns a patched green thread, lets it run until it waits, and cancels it.
fn cancelled<T: 'static>(body: impl FnOnce() -> T + 'static) {
    let mut event_loop = EventLoop::new().unwrap();
    let handle: JoinHandle<T> = event_loop.spawn(patch(body));
    event_loop.block_on(sleep(5 * MS)).unwrap();
    assert!(!handle.is_finished());
    handle.cancel();
}

/// Sets a cell when it is dropped.
struct SetOnDrop(Rc<Cell<bool>>);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

#[test]
fn a_read_returns_an_error_and_destructors_run() {
    let (mut one, _two) = UnixStream::pair().unwrap();
    let errors = Rc::new(RefCell::new(Vec::new()));
    let is_dropped = Rc::new(Cell::new(false));
    let (noted, guard) = (Rc::clone(&errors), SetOnDrop(Rc::clone(&is_dropped)));
    cancelled(move || {
        let _guard = guard;
        for _ in 0..3 {
            let error = one.read(&mut [0]).unwrap_err();
            noted.borrow_mut().push(error.raw_os_error().unwrap());
        }
        thread::sleep(Duration::from_secs(3600));
    });
    assert_eq!(*errors.borrow(), [libc::ECANCELED; 3]);
    assert!(is_dropped.get());
}

#[test]
fn a_panic_because_of_the_error_ends_with_the_green_thread() {
    let (mut one, _two) = UnixStream::pair().unwrap();
    let is_dropped = Rc::new(Cell::new(false));
    let guard = SetOnDrop(Rc::clone(&is_dropped));
    cancelled(move || {
        let _guard = guard;
        one.read(&mut [0]).unwrap()
    });
    assert!(is_dropped.get());
}

#[test]
fn loops_that_never_end_are_left() {
    let returns = Rc::new(Cell::new(0));
    let counted = Rc::clone(&returns);
    cancelled(move || {
        loop {
            thread::sleep(MS);
            counted.set(counted.get() + 1);
        }
    });
    assert!(returns.get() >= 99, "{returns:?}");

    let flag = Rc::new(Cell::new(false));
    let mut event_loop = EventLoop::new().unwrap();
    let waits = event_loop.spawn(patch(move || {
        while !flag.get() {
            thread::yield_now();
        }
    }));
    event_loop.block_on(turn()).unwrap();
    waits.cancel();
    event_loop.block_on(turn()).unwrap();
}

#[test]
fn a_dropped_loop_cancels_too() {
    let (mut one, _two) = UnixStream::pair().unwrap();
    let seen = Rc::new(Cell::new(0));
    let noted = Rc::clone(&seen);
    let mut event_loop = EventLoop::new().unwrap();
    let _detached = event_loop.spawn(patch(move || {
        noted.set(one.read(&mut [0]).unwrap_err().raw_os_error().unwrap());
    }));
    event_loop.block_on(turn()).unwrap();
    drop(event_loop);
    assert_eq!(seen.get(), libc::ECANCELED);
}

#[test]
fn locks_that_nobody_frees() {
    fn lock_twice() {
        let mutex = Mutex::new(());
        let _first = mutex.lock();
        drop(mutex.lock());
    }
    fn wait_for_nobody() {
        let (mutex, condvar) = (Mutex::new(()), Condvar::new());
        drop(condvar.wait_while(mutex.lock().unwrap(), |()| true));
    }
    fn initialise_twice() {
        let once = std::sync::Once::new();
        once.call_once(|| once.call_once(|| {}));
    }
    for body in [lock_twice, wait_for_nobody, initialise_twice] {
        cancelled(body);
    }
}

#[test]
fn a_wait_with_a_limit_is_over() {
    let is_over = Rc::new(Cell::new(false));
    let set = Rc::clone(&is_over);
    cancelled(move || {
        let (mutex, condvar) = (Mutex::new(()), Condvar::new());
        let guard = mutex.lock().unwrap();
        let (_guard, limit) = condvar.wait_timeout(guard, Duration::from_secs(3600)).unwrap();
        set.set(limit.timed_out());
    });
    assert!(is_over.get());
}

#[test]
fn a_woken_waiter_that_is_cancelled_passes_the_lock_on() {
    let mutex = Arc::new(Mutex::new(()));
    let mut event_loop = EventLoop::new().unwrap();
    let wait = |mutex: &Arc<Mutex<()>>| {
        let mutex = Arc::clone(mutex);
        patch(move || drop(mutex.lock().unwrap()))
    };
    let guard = mutex.lock().unwrap();
    let first = event_loop.spawn(wait(&mutex));
    let second = event_loop.spawn(wait(&mutex));
    event_loop.block_on(sleep(MS)).unwrap();
    drop(guard);
    first.cancel();
    event_loop.block_on(second).unwrap().unwrap();
}

#[test]
fn work_on_another_thread_is_left_alone() {
    let fifo = std::env::temp_dir().join(format!("quadrivium-fifo-{}", std::process::id()));
    // SAFETY: The path ends with a NUL byte.
    unsafe {
        let at = std::ffi::CString::new(fifo.to_str().unwrap()).unwrap();
        assert_eq!(libc::mkfifo(at.as_ptr(), 0o600), 0);
    }
    let opened = fifo.clone();
    let error = Rc::new(Cell::new(0));
    let noted = Rc::clone(&error);
    cancelled(move || {
        // It waits until the other end is opened.
        noted.set(std::fs::File::open(opened).unwrap_err().raw_os_error().unwrap());
    });
    assert_eq!(error.get(), libc::ECANCELED);
    // The call on the other thread ends, and closes the file.
    let other = std::fs::OpenOptions::new().write(true).open(&fifo).unwrap();
    drop(other);
    std::fs::remove_file(fifo).unwrap();
}
