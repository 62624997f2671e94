//! Waiting for signals to this process.
//!
//! ```
//! use quadrivium::{prelude::*, signal::{self, Signal, Signals}};
//!
//! let signals = Signals::new([Signal::User1, Signal::Terminate])?;
//! signal::raise(Signal::User1)?;
//! let came = EventLoop::new()?.block_on(signals.next())??;
//! assert_eq!(came, Signal::User1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod number;
mod delivery;
mod listeners;
mod disposition;
mod stop;

use std::{io, sync::Arc};

use quadrivium_core::{Interest::Readable, inspect::LeafKind};
use signal_hook::consts::FORBIDDEN;

use crate::descriptor::{Leaf, NO_BUFFER, Operation, Source, Tried};

pub(crate) use self::delivery::Delivery;
pub use self::{disposition::is_ignored, number::Signal};

/// A listener for some of the signals to this process. Every listener receives every signal that it
/// listens for, even if there are several listeners. Clones are the same listener and share its
/// signals.
///
/// While a listener exists, its signals have no other effect. For example, an interrupt does not
/// end the process. When the last listener for a signal is dropped, the signal has the effect that
/// it had before the first one:
///
/// | before the first listener, the signal | after the last listener, it |
/// |---|---|
/// | had its default effect | has it again: SIGINT ends the process |
/// | was ignored (see [`is_ignored`]) | is ignored |
/// | had a handler of another library | calls only that handler |
/// | was a real-time signal with its default effect | is ignored: this is the exception |
///
/// Another library, such as `tokio::signal`, may begin to listen for the same signal after our
/// first listener was created. This crate cannot see that. When our last listener is then dropped,
/// the signal ends the process, though the other library still listens. To prevent that, let the
/// other library begin first, or keep one of our listeners: `std::mem::forget(signals.clone())`.
///
/// The kernel stores at most one pending signal of each kind. So several signals that come before
/// they are taken may be reported as one.
#[derive(Clone, Debug)]
pub struct Signals {
    source: Arc<Source<Delivery>>,
}

impl Signals {
    /// Listens for these signals from now on.
    ///
    /// # Errors
    ///
    /// Returns an `InvalidInput` error for a signal that cannot be caught:
    ///
    /// * a signal that always ends or stops a process (SIGKILL, SIGSTOP);
    /// * a signal that reports a broken process (SIGSEGV, SIGFPE, SIGILL);
    /// * a number that no signal has.
    ///
    /// Returns an error when the process has no free descriptors.
    pub fn new(signals: impl IntoIterator<Item = Signal>) -> io::Result<Self> {
        let signals: Vec<_> = signals.into_iter().collect();
        if let Some(signal) = signals.iter().find(|signal| !can_be_caught(**signal)) {
            let remedy = format!("{signal} cannot be caught: leave it out");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, remedy));
        }
        let delivery = Delivery::new(&signals)?;
        Ok(Self { source: Arc::new(Source::new(delivery)) })
    }

    /// Waits for the next signal and returns it.
    ///
    /// If the operation is dropped before it is done, no signal is lost. The output is an error
    /// only in these cases:
    ///
    /// * The loop has no reactor, or the reactor cannot register the listener's descriptor. One
    ///   reason is that a task on another host waits for a clone of this listener.
    /// * This process was forked after the listener was created.
    #[track_caller]
    pub fn next(&self) -> impl Leaf<io::Result<Signal>> + use<> {
        Operation::new(&self.source, Readable, NO_BUFFER, |delivery: &Delivery, _| {
            delivery.check_process()?;
            delivery.take().map(Tried::Done).ok_or_else(|| io::ErrorKind::WouldBlock.into())
        })
        .of_kind(LeafKind::Signal)
    }
}

/// Sends a signal to this process.
///
/// # Errors
///
/// Returns an `InvalidInput` error when there is no such signal.
pub fn raise(signal: Signal) -> io::Result<()> {
    signal_hook::low_level::raise(signal.number())
}

fn can_be_caught(signal: Signal) -> bool {
    // The table of signal-hook ends at 127, and no kernel has greater numbers.
    (1..128).contains(&signal.number()) && !FORBIDDEN.contains(&signal.number())
}
