//! Signals to this process, as leaves.
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

use std::{io, sync::Arc};

use quadrivium_core::Interest::Readable;
use signal_hook::consts::FORBIDDEN;

use crate::descriptor::{Leaf, NO_BUFFER, Operation, Source, Tried};

pub(crate) use self::delivery::Delivery;
pub use self::{disposition::is_ignored, number::Signal};

/// Hears some of the signals to this process. Each listener hears all that come, whoever else does;
/// clones are the same listener, and share them.
///
/// While it exists, they do nothing else: an interrupt does not end the process. When the last
/// listener for a signal is dropped, the signal does again what it did before the first one:
///
/// | before the first listener, the signal | after the last one |
/// |---|---|
/// | did what it does by default | it does so again: SIGINT ends the process |
/// | was ignored (see [`is_ignored`]) | it is ignored |
/// | had a handler of another library | only that handler is called |
/// | has no name (real-time signals) | it is ignored |
///
/// A library that listens for the same signal only after our first listener was made, such as
/// `tokio::signal`, is not seen. So let the other one begin first, or keep one of ours:
/// `std::mem::forget(signals.clone())`. Otherwise the signal ends the process after our last
/// listener is dropped, though the other library still listens.
///
/// As the kernel keeps one signal of a kind, several that come before they are asked for may be
/// told as one.
#[derive(Clone, Debug)]
pub struct Signals {
    source: Arc<Source<Delivery>>,
}

impl Signals {
    /// Listens from now on for these.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a signal that cannot be heard: those that end or stop a process whatever
    /// it says, those that say that it is broken, and numbers that no signal has. When no more
    /// descriptors are to be had.
    pub fn new(signals: impl IntoIterator<Item = Signal>) -> io::Result<Self> {
        let signals: Vec<_> = signals.into_iter().collect();
        if let Some(deaf) = signals.iter().find(|signal| !can_be_heard(**signal)) {
            let remedy = format!("{deaf} cannot be heard: leave it out");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, remedy));
        }
        let delivery = Delivery::new(&signals)?;
        Ok(Self { source: Arc::new(Source::new(delivery)) })
    }

    /// Waits for the next signal; which it is.
    ///
    /// Dropped before it is done, it has missed nothing. It is an error only where the loop has no
    /// reactor to wait with, or no descriptor to register, and in a process that was forked after
    /// the listener was made.
    pub fn next(&self) -> impl Leaf<io::Result<Signal>> + use<> {
        Operation::new(&self.source, Readable, NO_BUFFER, |delivery: &Delivery, _| {
            delivery.expect_its_process()?;
            delivery.take().map(Tried::Done).ok_or_else(|| io::ErrorKind::WouldBlock.into())
        })
    }
}

/// Sends a signal to this process.
///
/// # Errors
///
/// `InvalidInput` when there is no such signal.
pub fn raise(signal: Signal) -> io::Result<()> {
    signal_hook::low_level::raise(signal.number())
}

fn can_be_heard(signal: Signal) -> bool {
    // The table of the crate below ends there, and so does that of every kernel.
    (1..128).contains(&signal.number()) && !FORBIDDEN.contains(&signal.number())
}
