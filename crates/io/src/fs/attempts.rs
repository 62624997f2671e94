//! Attempts to read and write a [`File`], so that it can be [polled](crate::Polled) and
//! [buffered](crate::BufReader) like a socket.

use std::{
    io::{self, IoSlice, Seek, SeekFrom},
    mem,
    pin::Pin,
    sync::Mutex,
};

use quadrivium_core::{Context, Interest, Step, Task};

use super::{
    file::File,
    position::FilePosition::{At, Cursor},
};
use crate::{
    offload::Offload,
    stream::attempts::{AttemptRead, AttemptWrite, Attempts},
};

/// The greatest number of bytes that another thread reads or writes at once.
const CHUNK: usize = 64 * 1024;

/// What a caller of a file waits for: another thread.
#[derive(Debug, Default)]
pub struct FilePlace {
    reading: Option<Offload<(io::Result<ReadChunk>, Vec<u8>)>>,
    writing: Option<Offload<(io::Result<usize>, Vec<u8>)>>,
    /// Bytes of a file without a cursor that a smaller buffer has left.
    left: Vec<u8>,
}

/// The number of bytes that were read, and where, if the file has a cursor.
#[derive(Debug)]
struct ReadChunk {
    at: Option<u64>,
    n: usize,
}

impl Attempts for File {
    type Place = FilePlace;

    fn leave(&self, interest: Interest, place: &mut FilePlace) {
        match interest {
            Interest::Readable => place.reading = None,
            Interest::Writable => place.writing = None,
        }
    }
}

/// The cursor moves when the caller takes the bytes, and not when the other thread has read them.
/// So an attempt that is given up has taken nothing. A file without a cursor, such as a terminal,
/// loses the bytes.
impl AttemptRead for File {
    fn attempt_read(
        &self,
        place: &mut FilePlace,
        cx: &Context<'_>,
        buffer: &mut [u8],
    ) -> Step<io::Result<usize>> {
        if buffer.is_empty() {
            return Step::Done(Ok(0));
        }
        while place.left.is_empty() {
            let most = buffer.len().min(CHUNK);
            let reading = place.reading.get_or_insert_with(|| self.read_chunk(most));
            let (read, mut bytes) = match Pin::new(reading).resume(&mut Context::new(cx.waker())) {
                Step::Suspended(wait) => return Step::Suspended(wait),
                Step::Done(done) => done,
            };
            place.reading = None;
            let ReadChunk { at, n } = match read {
                Ok(chunk) => chunk,
                Err(error) => return Step::Done(Err(error)),
            };
            bytes.truncate(n);
            match at.map(|at| self.advance(at, n.min(buffer.len()))) {
                None if n > 0 => place.left = bytes,
                Some(Ok(true)) if n > 0 => return Step::Done(Ok(take(&mut bytes, buffer))),
                None | Some(Ok(true)) => return Step::Done(Ok(0)),
                // Another read has moved the cursor meanwhile.
                Some(Ok(false)) => {}
                Some(Err(error)) => return Step::Done(Err(error)),
            }
        }
        Step::Done(Ok(take(&mut place.left, buffer)))
    }
}

/// An attempt that is given up may have written the bytes.
impl AttemptWrite for File {
    fn attempt_write(
        &self,
        place: &mut FilePlace,
        cx: &Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Step<io::Result<usize>> {
        let writing = place.writing.get_or_insert_with(|| {
            let mut bytes: Vec<u8> =
                slices.iter().flat_map(|slice| slice.iter().copied().take(CHUNK)).collect();
            bytes.truncate(CHUNK);
            self.with_buffer(bytes, |file, bytes| Cursor.write(file, bytes))
        });
        match Pin::new(writing).resume(&mut Context::new(cx.waker())) {
            Step::Suspended(wait) => Step::Suspended(wait),
            Step::Done((written, _)) => {
                place.writing = None;
                Step::Done(written)
            }
        }
    }

    fn end_writing(&self) -> io::Result<()> {
        Ok(())
    }
}

impl File {
    fn read_chunk(&self, most: usize) -> Offload<(io::Result<ReadChunk>, Vec<u8>)> {
        self.with_buffer(vec![0; most], |mut file, bytes| {
            let at = file.stream_position().ok();
            let n = at.map_or(Cursor, At).read(file, bytes)?;
            Ok(ReadChunk { at, n })
        })
    }

    /// Moves the cursor `n` bytes on. Returns false if it is no longer where it was.
    fn advance(&self, at: u64, n: usize) -> io::Result<bool> {
        /// Several descriptors may have one cursor, so this is not a lock of the file.
        static MOVES: Mutex<()> = Mutex::new(());
        let _moves = MOVES.lock();
        let mut file = self.std();
        if file.stream_position()? != at {
            return Ok(false);
        }
        file.seek(SeekFrom::Start(at + n as u64)).map(|_| true)
    }
}

/// Moves as many bytes as fit to the buffer, and keeps the rest.
fn take(bytes: &mut Vec<u8>, buffer: &mut [u8]) -> usize {
    let n = bytes.len().min(buffer.len());
    let left = bytes.split_off(n);
    buffer[..n].copy_from_slice(&mem::replace(bytes, left));
    n
}
