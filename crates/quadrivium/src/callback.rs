//! Tasks that are written as callbacks. Also plain functions that are called later, or when a
//! descriptor is ready, with the names of asyncio.

use std::{io, os::fd::AsFd};

pub use quadrivium_callback::*;
use quadrivium_core::spawn as spawn_task;
use quadrivium_io::{Interest, ready};

/// Calls a function whenever a descriptor is readable, until the call is cancelled (asyncio's
/// `add_reader`).
///
/// As long as there is something to read, the function is called again in a later turn. So the
/// function has to read. If it is not possible to wait for the descriptor, for example for a
/// regular file, the function is called once, with the error.
///
/// ```
/// use quadrivium::{callback::on_readable, prelude::*};
/// use std::{cell::RefCell, io::{Read, Write}, os::unix::net::UnixStream, rc::Rc};
///
/// let (mut one, mut other) = UnixStream::pair()?;
/// let handle = Rc::new(RefCell::new(None));
/// let own_handle = Rc::clone(&handle);
/// let program = callback(move |cb| {
///     let call = on_readable(other.try_clone().unwrap(), move |ready| {
///         ready.unwrap();
///         let mut byte = [0];
///         other.read_exact(&mut byte).unwrap();
///         if byte == *b"!" {
///             own_handle.take().map(|call: quadrivium::callback::Call| call.cancel());
///         }
///     });
///     *handle.borrow_mut() = Some(call);
///     one.write_all(b"hello!").unwrap();
///     cb.done(());
/// });
/// let mut event_loop = EventLoop::new()?;
/// drop(event_loop.spawn(program));
/// event_loop.run()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Panics
///
/// When no host drives this thread.
#[track_caller]
pub fn on_readable(fd: impl AsFd + 'static, call: impl FnMut(io::Result<()>) + 'static) -> Call {
    Call::of(spawn_task(callback(|cb| call_when_ready(cb, fd, Interest::Readable, call))))
}

/// Calls a function whenever a descriptor is writable, until the call is cancelled (asyncio's
/// `add_writer`).
///
/// Otherwise it is like [`on_readable`]. A socket is writable most of the time.
///
/// # Panics
///
/// When no host drives this thread.
#[track_caller]
pub fn on_writable(fd: impl AsFd + 'static, call: impl FnMut(io::Result<()>) + 'static) -> Call {
    Call::of(spawn_task(callback(|cb| call_when_ready(cb, fd, Interest::Writable, call))))
}

fn call_when_ready(
    cb: &mut Callback<()>,
    fd: impl AsFd + 'static,
    interest: Interest,
    mut call: impl FnMut(io::Result<()>) + 'static,
) {
    // A new wait each time: it ends if bytes are still left, and not only when new bytes arrive.
    cb.perform(ready(&fd, interest), move |cb, ready| {
        let is_last = ready.is_err();
        call(ready);
        match is_last {
            true => cb.done(()),
            false => call_when_ready(cb, fd, interest, call),
        }
    });
}
