//! [`Position`]: where in a file is read or written.

use std::{
    fs,
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::FileExt,
};

/// Where in a file is read or written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Position {
    /// Where the cursor is, which moves on.
    Cursor,
    /// So many bytes after the start.
    At(u64),
}

impl Position {
    pub(super) fn read(self, mut file: &fs::File, buffer: &mut [u8]) -> io::Result<usize> {
        retry(|| match self {
            Position::Cursor => file.read(buffer),
            Position::At(offset) => file.read_at(buffer, offset),
        })
    }

    pub(super) fn write(self, mut file: &fs::File, bytes: &[u8]) -> io::Result<usize> {
        retry(|| match self {
            Position::Cursor => file.write(bytes),
            Position::At(offset) => file.write_at(bytes, offset),
        })
    }

    /// So many bytes after it. The cursor moves by itself.
    pub(super) fn after(self, bytes: usize) -> Self {
        match self {
            Position::Cursor => Position::Cursor,
            Position::At(offset) => Position::At(offset + bytes as u64),
        }
    }
}

/// Again when a signal came in between.
fn retry<T>(mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match attempt() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
