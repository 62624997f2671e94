//! Tasks written as callbacks; and plain functions that are called later, or when a descriptor is
//! ready, under asyncio's names.

use std::{io, os::fd::AsFd};

pub use quadrivium_callback::*;
use quadrivium_core::spawn as spawn_task;
use quadrivium_io::{Interest, ready};

/// Calls this whenever the descriptor is readable, until it is cancelled (asyncio's `add_reader`).
///
/// As long as there is something to read it is called again, in a later turn: so `call` reads.
/// Where the descriptor cannot be waited for, as a regular file, it is called once with the error.
///
/// ```
/// use quadrivium::{callback::on_readable, prelude::*};
/// use std::{cell::RefCell, io::{Read, Write}, os::unix::net::UnixStream, rc::Rc};
///
/// let (mut one, mut other) = UnixStream::pair()?;
/// let own = Rc::new(RefCell::new(None));
/// let slot = Rc::clone(&own);
/// let program = callback(move |cb| {
///     let call = on_readable(other.try_clone().unwrap(), move |ready| {
///         ready.unwrap();
///         let mut byte = [0];
///         other.read_exact(&mut byte).unwrap();
///         if byte == *b"!" {
///             slot.take().map(|call: quadrivium::callback::Call| call.cancel());
///         }
///     });
///     *own.borrow_mut() = Some(call);
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
    Call::of(spawn_task(callback(|cb| whenever(cb, fd, Interest::Readable, call))))
}

/// Calls this whenever the descriptor is writable, until it is cancelled (asyncio's `add_writer`).
///
/// As [`on_readable`]. A socket is writable most of the time.
///
/// # Panics
///
/// When no host drives this thread.
#[track_caller]
pub fn on_writable(fd: impl AsFd + 'static, call: impl FnMut(io::Result<()>) + 'static) -> Call {
    Call::of(spawn_task(callback(|cb| whenever(cb, fd, Interest::Writable, call))))
}

fn whenever(
    cb: &mut Callback<()>,
    fd: impl AsFd + 'static,
    interest: Interest,
    mut call: impl FnMut(io::Result<()>) + 'static,
) {
    // Anew each time: by that it is told of what is still there, and not only of what comes.
    cb.perform(ready(&fd, interest), move |cb, ready| {
        let goes_on = ready.is_ok();
        call(ready);
        match goes_on {
            true => whenever(cb, fd, interest, call),
            false => cb.done(()),
        }
    });
}
