//! [`Linger`]: how long a server reads from a connection before it closes it.
//!
//! A close while bytes are unread is a reset. A reset may overtake the bytes
//! that were written last, and destroy them (RFC 9112, section 9.6). So a
//! server reads and discards bytes, within limits, until the client closes.

use std::{
    io,
    time::{Duration, Instant},
};

use quadrivium::time::Elapsed;

/// The result of a read with a time limit.
pub type TimedRead = Result<io::Result<usize>, Elapsed>;

/// The limits within which a client has to close: a time, and how many bytes it
/// may still send.
pub struct Linger {
    until: Instant,
    bytes: usize,
}

impl Linger {
    /// The largest number of bytes that are read and discarded.
    const BYTES: usize = 1024 * 1024;

    /// Starts the time.
    pub fn new(now: Instant, time: Duration) -> Self {
        Self { until: now + time, bytes: Self::BYTES }
    }

    /// Returns the time that is left. Returns `None` when a limit is reached or
    /// the client has closed.
    pub fn time_left(&self, now: Instant) -> Option<Duration> {
        let left = self.until.saturating_duration_since(now);
        (!left.is_zero() && self.bytes > 0).then_some(left)
    }

    /// Records the result of a read. An end or an error leaves no bytes to wait
    /// for.
    pub fn record(&mut self, read: TimedRead) {
        self.bytes = match read {
            Ok(Ok(n)) if n > 0 => self.bytes.saturating_sub(n),
            Ok(_) | Err(_) => 0,
        };
    }
}
