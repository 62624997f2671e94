//! [`FilePosition`]: the position at which a file is read or written.

use std::{
    fs,
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::FileExt,
};

/// The position at which a file is read or written.
#[derive(Clone, Copy, Debug)]
pub(super) enum FilePosition {
    /// At the cursor, which then moves.
    Cursor,
    /// At this number of bytes from the start.
    At(u64),
}

impl FilePosition {
    pub(super) fn read(self, mut file: &fs::File, buffer: &mut [u8]) -> io::Result<usize> {
        retry(|| match self {
            FilePosition::Cursor => file.read(buffer),
            FilePosition::At(offset) => file.read_at(buffer, offset),
        })
    }

    pub(super) fn write(self, mut file: &fs::File, bytes: &[u8]) -> io::Result<usize> {
        retry(|| match self {
            FilePosition::Cursor => file.write(bytes),
            FilePosition::At(offset) => file.write_at(bytes, offset),
        })
    }

    /// Returns the position `bytes` bytes further on. The cursor moves by itself.
    pub(super) fn after(self, bytes: usize) -> Self {
        match self {
            FilePosition::Cursor => FilePosition::Cursor,
            FilePosition::At(offset) => FilePosition::At(offset + bytes as u64),
        }
    }
}

/// Makes the call again when a signal has interrupted it.
fn retry<T>(mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match attempt() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
