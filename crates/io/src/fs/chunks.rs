//! [`OffloadedChunks`]: moves the bytes of a borrowed buffer to or from another thread, one chunk
//! after another.

use std::{
    fmt, io,
    ops::ControlFlow::{self, Break, Continue},
    pin::Pin,
};

use quadrivium_core::{Context, Step, Task};

use super::{file::File, position::FilePosition};
use crate::{descriptor::Leaf, offload::Offload};

/// The greatest number of bytes in a chunk. A system call on that many bytes costs more than the
/// way to the other thread and back.
const CHUNK: usize = 64 * 1024;

/// A chunk that was read or written, and the number of bytes that were.
pub(super) type ChunkDone = (io::Result<usize>, Vec<u8>);

/// A leaf that offloads one chunk after another. `next` receives each finished chunk, and returns
/// the next one or the output.
struct OffloadedChunks<N> {
    chunk: Offload<ChunkDone>,
    next: N,
}

#[track_caller]
pub(super) fn read<'a>(
    file: &File,
    position: FilePosition,
    buffer: &'a mut [u8],
) -> impl Leaf<io::Result<usize>> + use<'a> {
    let chunk = read_chunk(file, position, vec![0; buffer.len().min(CHUNK)]);
    OffloadedChunks {
        chunk,
        next: |(n, chunk): ChunkDone| {
            Break(n.inspect(|&n| buffer[..n].copy_from_slice(&chunk[..n])))
        },
    }
}

#[track_caller]
pub(super) fn read_exact<'a>(
    file: &File,
    position: FilePosition,
    buffer: &'a mut [u8],
) -> impl Leaf<io::Result<()>> + use<'a> {
    let file = file.clone();
    let mut done = 0;
    OffloadedChunks {
        chunk: read_chunk(&file, position, vec![0; buffer.len().min(CHUNK)]),
        next: move |(n, mut chunk): ChunkDone| {
            let n = match n {
                Ok(0) if done < buffer.len() => {
                    return Break(Err(io::ErrorKind::UnexpectedEof.into()));
                }
                Ok(n) => n,
                Err(error) => return Break(Err(error)),
            };
            buffer[done..done + n].copy_from_slice(&chunk[..n]);
            done += n;
            if done == buffer.len() {
                return Break(Ok(()));
            }
            chunk.truncate(buffer.len() - done);
            Continue(read_chunk(&file, position.after(done), chunk))
        },
    }
}

#[track_caller]
pub(super) fn write<'a>(
    file: &File,
    position: FilePosition,
    bytes: &'a [u8],
) -> impl Leaf<io::Result<usize>> + use<'a> {
    OffloadedChunks {
        chunk: write_chunk(file, position, bytes, Vec::new()),
        next: |(n, _): ChunkDone| Break(n),
    }
}

#[track_caller]
pub(super) fn write_all<'a>(
    file: &File,
    position: FilePosition,
    bytes: &'a [u8],
) -> impl Leaf<io::Result<()>> + use<'a> {
    let file = file.clone();
    let mut done = 0;
    OffloadedChunks {
        chunk: write_chunk(&file, position, bytes, Vec::new()),
        next: move |(n, chunk): ChunkDone| {
            match n {
                Ok(0) if done < bytes.len() => {
                    return Break(Err(io::ErrorKind::WriteZero.into()));
                }
                Ok(n) => done += n,
                Err(error) => return Break(Err(error)),
            }
            match &bytes[done..] {
                [] => Break(Ok(())),
                left => Continue(write_chunk(&file, position.after(done), left, chunk)),
            }
        },
    }
}

#[track_caller]
fn read_chunk(file: &File, position: FilePosition, chunk: Vec<u8>) -> Offload<ChunkDone> {
    file.with_buffer(chunk, move |file, chunk| position.read(file, chunk))
}

/// Offloads the write of one chunk. `chunk` is a buffer whose memory is reused.
#[track_caller]
fn write_chunk(
    file: &File,
    position: FilePosition,
    bytes: &[u8],
    mut chunk: Vec<u8>,
) -> Offload<ChunkDone> {
    chunk.clear();
    chunk.extend_from_slice(&bytes[..bytes.len().min(CHUNK)]);
    file.with_buffer(chunk, move |file, chunk| position.write(file, chunk))
}

// No field is ever pinned.
impl<N> Unpin for OffloadedChunks<N> {}

impl<N, R> Task for OffloadedChunks<N>
where
    N: FnMut(ChunkDone) -> ControlFlow<R, Offload<ChunkDone>>,
{
    type Output = R;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<R> {
        loop {
            match Pin::new(&mut self.chunk).resume(cx) {
                Step::Suspended(wait) => return Step::Suspended(wait),
                Step::Done(done) => match (self.next)(done) {
                    Continue(chunk) => self.chunk = chunk,
                    Break(result) => return Step::Done(result),
                },
            }
        }
    }
}

quadrivium_core::leaf! {
    impl[N] OffloadedChunks<N>;
}

impl<N> fmt::Debug for OffloadedChunks<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OffloadedChunks").field(&self.chunk).finish()
    }
}
