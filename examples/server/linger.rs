//! [`Linger`]: how long a connection is kept after the last that it is told.
//!
//! A close while there is something unread is a reset, which may overtake what
//! was written last and destroy it (RFC 9112, section 9.6). So what comes is
//! read, within limits, until the client closes.

use std::{
    io,
    time::{Duration, Instant},
};

use quadrivium::time::Elapsed;

/// What a read with a time limit returned.
pub type Came = Result<io::Result<usize>, Elapsed>;

/// The time and the bytes that a client has left to close in.
pub struct Linger {
    until: Instant,
    bytes: usize,
}

impl Linger {
    /// This many bytes are read at most.
    const BYTES: usize = 1024 * 1024;

    /// Begins to wait.
    pub fn new(now: Instant, time: Duration) -> Self {
        Self { until: now + time, bytes: Self::BYTES }
    }

    /// How much longer; none when it is over.
    pub fn left(&self, now: Instant) -> Option<Duration> {
        let left = self.until.saturating_duration_since(now);
        (!left.is_zero() && self.bytes > 0).then_some(left)
    }

    /// Takes in what a read returned.
    pub fn take_in(&mut self, came: Came) {
        self.bytes = match came {
            Ok(Ok(n)) if n > 0 => self.bytes.saturating_sub(n),
            Ok(_) | Err(_) => 0,
        };
    }
}
