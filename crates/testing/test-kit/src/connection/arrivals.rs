//! [`Arrivals`]: the bytes for one end of a connection, on their way or arrived.
//!
//! ```text
//!   write ─► │ chunk, arrives at 30 ms │ chunk, arrives at 20 ms │ chunk, has arrived │ ─► read
//!            └── never arrives before the chunk ahead of it ─────────────────────────┘
//! ```

use std::{collections::VecDeque, time::Instant};

use quadrivium_core::Context;

use crate::run;

#[derive(Debug, Default)]
pub(super) struct Arrivals {
    chunks: VecDeque<SentBytes>,
}

#[derive(Debug)]
struct SentBytes {
    bytes: VecDeque<u8>,
    /// When they arrive. `None` if they have arrived at once.
    arrives: Option<Instant>,
}

/// The bytes that a reader finds.
pub(super) enum Arrived {
    Bytes(Vec<u8>),
    /// The first byte arrives at this time.
    Late(Instant),
    /// No byte has arrived and none is on its way.
    Nothing,
}

impl Arrivals {
    /// Returns the number of bytes, whether they have arrived or not.
    pub(super) fn len(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.bytes.len()).sum()
    }

    /// Takes up to `most` bytes, at least one, of the first chunk.
    pub(super) fn take(&mut self, most: usize, cx: &Context<'_>) -> Arrived {
        let Some(chunk) = self.chunks.front_mut() else { return Arrived::Nothing };
        if let Some(arrives) = chunk.arrives
            && cx.now() < arrives
        {
            return Arrived::Late(arrives);
        }
        let n = split(chunk.bytes.len().min(most));
        let bytes = chunk.bytes.drain(..n).collect();
        if chunk.bytes.is_empty() {
            self.chunks.pop_front();
        }
        Arrived::Bytes(bytes)
    }

    pub(super) fn put(&mut self, bytes: &[u8], arrives: Option<Instant>) {
        match self.chunks.back_mut() {
            // A later write arrives no earlier. If it is not slow, it arrives with the chunk ahead
            // of it.
            Some(last) if arrives <= last.arrives => last.bytes.extend(bytes),
            _ => {
                self.chunks.push_back(SentBytes { bytes: bytes.iter().copied().collect(), arrives })
            }
        }
    }

    /// Returns whether a byte has arrived and was not read. Outside of a task there is no clock
    /// (`now` is `None`), and late bytes count as not arrived.
    pub(super) fn has_unread(&self, now: Option<Instant>) -> bool {
        self.chunks.front().is_some_and(|chunk| chunk.has_arrived(now))
    }

    /// Returns when the next byte arrives that has not arrived yet.
    pub(super) fn next_arrival(&self, now: Option<Instant>) -> Option<Instant> {
        self.chunks.iter().find(|chunk| !chunk.has_arrived(now))?.arrives
    }

    /// Drops the bytes that have not arrived, and returns whether there were any.
    pub(super) fn lose_late(&mut self, now: Option<Instant>) -> bool {
        let before = self.chunks.len();
        self.chunks.retain(|chunk| chunk.has_arrived(now));
        self.chunks.len() < before
    }
}

impl SentBytes {
    fn has_arrived(&self, now: Option<Instant>) -> bool {
        self.arrives.is_none_or(|arrives| now.is_some_and(|now| arrives <= now))
    }
}

/// Returns how many of `n` bytes are read or written at once. `n` is at least 1.
pub(super) fn split(n: usize) -> usize {
    match n > 1 && run::happens(|faults| faults.splits) {
        true => 1 + run::choose(n - 1),
        false => n,
    }
}
