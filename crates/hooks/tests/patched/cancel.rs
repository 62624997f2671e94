//! A green thread that is cancelled in a patched call.

use std::{
    cell::{Cell, RefCell},
    io::Read,
    os::unix::net::UnixStream,
    rc::Rc,
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
