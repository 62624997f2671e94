//! [`Delivery`]: passes signals from the signal handler to a task.

use std::{
    fmt, io,
    os::{
        fd::{AsFd, BorrowedFd},
        unix::net::UnixStream,
    },
    process,
    sync::{Arc, Mutex, PoisonError},
};

use signal_hook::iterator::{backend::SignalDelivery, exfiltrator::SignalOnly};

use super::{
    listeners::{Listening, preserve_dispositions},
    number::Signal,
};

/// Passes signals from the signal handler to a task. A handler may do hardly anything, so it only
/// marks the signal as pending and writes a byte to a socket.
pub(crate) struct Delivery {
    reader: Arc<UnixStream>,
    delivery: Mutex<SignalDelivery<Arc<UnixStream>, SignalOnly>>,
    /// The process in which this was created. A process that was forked since shares the socket,
    /// and would take signals that are meant for the first process.
    process: u32,
    _listening: Listening,
}

impl Delivery {
    pub(crate) fn new(signals: &[Signal]) -> io::Result<Self> {
        let (reader, writer) = UnixStream::pair()?;
        let reader = Arc::new(reader);
        let numbers: Vec<_> = signals.iter().map(|signal| signal.number()).collect();
        let own = Arc::clone(&reader);
        preserve_dispositions(&numbers)?;
        let delivery = SignalDelivery::with_pipe(own, writer, SignalOnly, &numbers)?;
        let (delivery, _listening) = (Mutex::new(delivery), Listening::to(numbers));
        Ok(Self { reader, delivery, process: process::id(), _listening })
    }

    pub(super) fn check_process(&self) -> io::Result<()> {
        if self.process == process::id() {
            return Ok(());
        }
        Err(io::Error::other(
            "this process was forked after the listener was created: create a new one after the \
             fork",
        ))
    }

    /// Returns a signal that has come and was not taken yet. Does not block.
    pub(crate) fn take(&self) -> Option<Signal> {
        let mut delivery = self.delivery.lock().unwrap_or_else(PoisonError::into_inner);
        delivery.pending().next().map(Signal::from)
    }
}

impl AsFd for Delivery {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Delivery(..)")
    }
}
