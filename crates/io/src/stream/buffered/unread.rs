//! [`UnreadBytes`]: the bytes that were read from the stream, and that no operation has taken yet.

use std::{io::BufRead, mem};

/// ```text
///   bytes   │ consumed │ unread ...                     │
///           0          start                            len
///   spare   │ the stream reads into it; then its bytes are appended to `bytes` │
/// ```
#[derive(Default)]
pub(super) struct UnreadBytes {
    bytes: Vec<u8>,
    start: usize,
    /// The number of bytes that were ever consumed.
    consumed: u64,
    /// The memory of the next read.
    spare: Vec<u8>,
    /// Whether a read is under way. It has taken `spare`.
    is_filling: bool,
}

/// How far an operation has looked for its delimiter, so that it looks at each byte once.
#[derive(Default)]
pub(super) struct Searched {
    /// [`UnreadBytes::consumed`] when it looked.
    consumed: u64,
    bytes: usize,
}

impl UnreadBytes {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Removes the first `n` bytes, or all of them.
    pub(super) fn consume(&mut self, n: usize) {
        let n = n.min(self.bytes.len() - self.start);
        self.start += n;
        self.consumed += n as u64;
        if self.start == self.bytes.len() {
            self.bytes.clear();
            self.start = 0;
        }
    }

    /// Moves as many bytes into `buffer` as there are and as it has room for. Returns the number.
    pub(super) fn copy_into(&mut self, buffer: &mut [u8]) -> usize {
        let n = buffer.len().min(self.bytes().len());
        buffer[..n].copy_from_slice(&self.bytes()[..n]);
        self.consume(n);
        n
    }

    /// Removes the first `n` bytes and returns them.
    pub(super) fn take(&mut self, n: usize) -> Vec<u8> {
        let taken = self.bytes()[..n].to_vec();
        self.consume(n);
        taken
    }

    /// Returns the number of bytes up to the first delimiter, which counts, too.
    pub(super) fn find(&self, delimiter: u8, searched: &mut Searched) -> Option<usize> {
        // Other operations may have consumed bytes in the meantime.
        if searched.consumed != self.consumed {
            *searched = Searched { consumed: self.consumed, bytes: 0 };
        }
        let mut new = &self.bytes()[searched.bytes..];
        // The standard library looks at several bytes at once.
        let skipped = new.skip_until(delimiter).expect("a slice has no errors");
        searched.bytes += skipped;
        (skipped > 0 && self.bytes()[searched.bytes - 1] == delimiter).then_some(searched.bytes)
    }

    /// Takes the memory for a read of this number of bytes. Returns `None` while another read is
    /// under way.
    pub(super) fn begin_fill(&mut self, capacity: usize) -> Option<Vec<u8>> {
        if mem::replace(&mut self.is_filling, true) {
            return None;
        }
        let mut spare = mem::take(&mut self.spare);
        spare.resize(capacity, 0);
        Some(spare)
    }

    /// Appends the first `n` bytes of a read.
    pub(super) fn end_fill(&mut self, mut read: Vec<u8>, n: usize) {
        self.is_filling = false;
        if self.bytes.is_empty() {
            read.truncate(n);
            mem::swap(&mut self.bytes, &mut read);
        } else if n > 0 {
            self.bytes.drain(..self.start);
            self.start = 0;
            self.bytes.extend_from_slice(&read[..n]);
        }
        self.spare = read;
    }
}
