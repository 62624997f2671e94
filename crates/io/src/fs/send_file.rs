//! [`send_file`]: sends a part of a file to a stream, inside the kernel where that is possible.

use std::{fmt, io, ops::Range, os::fd::AsFd, pin::Pin};

use quadrivium_core::{Context, Interest, RESUMED_AFTER_DONE, Step, Task};

use super::{chunks::ChunkDone, file::File};
use crate::{
    descriptor::{Leaf, Tried},
    offload::Offload,
    stream::attempts::{AttemptWrite, Attempts},
};

/// The greatest number of bytes that one system call sends.
const WINDOW: u64 = 1024 * 1024;

/// Before each system call, one byte in this number is looked for in the memory of the kernel.
const PROBE: u64 = 256 * 1024;

/// The greatest number of bytes that another thread reads at once.
const CHUNK: usize = 64 * 1024;

/// Sends a part of a file to a stream, and returns the number of bytes. The number is smaller than
/// the part if the file ends before: the file was shorter, or has shrunk.
///
/// On Linux the kernel moves the bytes (`sendfile`), so they are not copied through the program.
/// Where it cannot, another thread reads the bytes, 64 KiB at a time, and they are written to the
/// stream:
///
/// * The file system does not support it, or the target is not a descriptor.
/// * The bytes are not in the memory of the kernel. A `sendfile` would then stop the loop until the
///   disk has answered. One byte in 256 KiB is looked for before, so this rarely happens.
///
/// The kernel does not copy the bytes. If the file is overwritten while bytes of it wait in the
/// socket, the receiver may get the new bytes.
///
/// The cursor of the file is neither used nor moved. It has one form for all styles, because it
/// keeps a clone of the file and takes the stream. A send that is dropped before it is done may
/// have sent a part.
///
/// ```
/// use quadrivium::{fs::{File, send_file}, net::UnixStream, prelude::*};
///
/// # let path = std::env::temp_dir().join(format!("quadrivium-sent-{}", std::process::id()));
/// std::fs::write(&path, "Hello, world!")?;
/// let file = File::from_std(std::fs::File::open(&path)?);
/// let (one, other) = UnixStream::pair()?;
/// let program = future(async move {
///     let sent = send_file(&file, 7..u64::MAX, one).await?;
///     let mut received = Vec::new();
///     other.read_to_end(&mut received).await?;
///     Ok::<_, std::io::Error>((sent, received))
/// });
/// assert_eq!(EventLoop::new()?.block_on(program)??, (6, b"world!".to_vec()));
/// # std::fs::remove_file(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[track_caller]
pub fn send_file<S: AttemptWrite>(
    file: &File,
    part: Range<u64>,
    to: S,
) -> impl Leaf<io::Result<u64>> + use<S> {
    SendFile {
        to,
        writing: S::Place::default(),
        file: file.clone(),
        start: part.start,
        left: part,
        cached_until: 0,
        is_copying: false,
        chunk: ChunkState::Written(Vec::new()),
        is_done: false,
    }
}

/// ```text
///   Written ──1──► Reading ──2──► Read ──3──► Written
///
///   1: the kernel cannot send the bytes   2: another thread has read them   3: they are written
/// ```
enum ChunkState {
    /// Nothing is to be written. The memory is for the next chunk.
    Written(Vec<u8>),
    Reading(Offload<ChunkDone>),
    /// The bytes from this index on are to be written.
    Read(Vec<u8>, usize),
}

struct SendFile<S: Attempts> {
    to: S,
    writing: S::Place,
    file: File,
    start: u64,
    /// The part of the file that is not sent yet.
    left: Range<u64>,
    /// The bytes before this offset were in the memory of the kernel when they were looked for.
    cached_until: u64,
    /// Whether the kernel cannot send this file to this stream.
    is_copying: bool,
    chunk: ChunkState,
    is_done: bool,
}

impl<S: AttemptWrite> SendFile<S> {
    /// Makes one step. Returns the number of bytes that were sent by it, or `None` if more is to be
    /// done first. Returns 0 at the end.
    fn step(&mut self, cx: &mut Context<'_>) -> Step<io::Result<Option<u64>>> {
        match &mut self.chunk {
            ChunkState::Reading(reading) => match Pin::new(reading).resume(cx) {
                Step::Suspended(wait) => return Step::Suspended(wait),
                Step::Done((read, mut bytes)) => {
                    bytes.truncate(*read.as_ref().unwrap_or(&0));
                    let is_end = bytes.is_empty();
                    self.chunk = ChunkState::Read(bytes, 0);
                    return Step::Done(read.map(|_| is_end.then_some(0)));
                }
            },
            ChunkState::Read(bytes, written) if *written < bytes.len() => {
                let slices = [io::IoSlice::new(&bytes[*written..])];
                return match self.to.attempt_write(&mut self.writing, cx, &slices) {
                    Step::Suspended(wait) => Step::Suspended(wait),
                    Step::Done(Ok(0)) => Step::Done(Err(io::ErrorKind::WriteZero.into())),
                    Step::Done(Ok(n)) => {
                        *written += n;
                        Step::Done(Ok(Some(n as u64)))
                    }
                    Step::Done(Err(error)) => Step::Done(Err(error)),
                };
            }
            ChunkState::Read(bytes, _) => self.chunk = ChunkState::Written(std::mem::take(bytes)),
            ChunkState::Written(_) => {}
        }
        if self.is_copying || !self.is_cached() {
            self.read_chunk();
            return Step::Done(Ok(None));
        }
        self.send(cx)
    }

    /// Lets the kernel send the next bytes.
    fn send(&mut self, cx: &Context<'_>) -> Step<io::Result<Option<u64>>> {
        let (start, most) = (self.left.start, self.cached_until - self.left.start);
        match self.to.attempt_send_file(&mut self.writing, cx, &self.file, start, most as usize) {
            Step::Suspended(wait) => Step::Suspended(wait),
            Step::Done(Ok(Some(n))) => Step::Done(Ok(Some(n as u64))),
            Step::Done(Ok(None)) => {
                self.is_copying = true;
                Step::Done(Ok(None))
            }
            Step::Done(Err(error)) => Step::Done(Err(error)),
        }
    }

    /// Returns whether the kernel seems to have the next bytes in its memory.
    fn is_cached(&mut self) -> bool {
        if self.left.start >= self.cached_until {
            let end = self.left.end.min(self.left.start.saturating_add(WINDOW));
            let mut probes = (self.left.start..end).step_by(PROBE as usize).chain([end - 1]);
            if !probes.all(|at| is_cached(&self.file, at)) {
                return false;
            }
            self.cached_until = end;
        }
        true
    }

    fn read_chunk(&mut self) {
        let ChunkState::Written(memory) = &mut self.chunk else { return };
        let mut memory = std::mem::take(memory);
        memory.resize((self.left.end - self.left.start).min(CHUNK as u64) as usize, 0);
        self.chunk = ChunkState::Reading(self.file.read_at_owned(memory, self.left.start));
    }
}

/// Returns whether the byte at this offset can be read without waiting for the disk. An offset
/// behind the end can. Returns false if the kernel cannot tell.
#[cfg(target_os = "linux")]
fn is_cached(file: &File, at: u64) -> bool {
    let mut byte = [0];
    let buffers = &mut [io::IoSliceMut::new(&mut byte)];
    rustix::io::preadv2(file, buffers, at, rustix::io::ReadWriteFlags::NOWAIT).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn is_cached(_: &File, _: u64) -> bool {
    false
}

/// Makes the system call. `Ok(None)` means that the kernel cannot send this file to this
/// descriptor.
#[cfg(target_os = "linux")]
pub(crate) fn try_send_file(
    to: &impl AsFd,
    file: &File,
    mut offset: u64,
    most: usize,
) -> io::Result<Tried<Option<usize>>> {
    use rustix::io::Errno;
    match rustix::fs::sendfile(to, file, Some(&mut offset), most) {
        Ok(n) => Ok(Tried::Done(Some(n))),
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => Ok(Tried::Done(None)),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn try_send_file(
    _: &impl AsFd,
    _: &File,
    _: u64,
    _: usize,
) -> io::Result<Tried<Option<usize>>> {
    Ok(Tried::Done(None))
}

// No field is ever pinned.
impl<S: Attempts> Unpin for SendFile<S> {}

impl<S: AttemptWrite> Task for SendFile<S> {
    type Output = io::Result<u64>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        assert!(!self.is_done, "{RESUMED_AFTER_DONE}");
        while !self.left.is_empty() {
            match self.step(cx) {
                Step::Suspended(wait) => return Step::Suspended(wait),
                Step::Done(Ok(None)) => {}
                Step::Done(Ok(Some(0))) => break,
                Step::Done(Ok(Some(n))) => self.left.start += n,
                Step::Done(Err(error)) => {
                    self.is_done = true;
                    return Step::Done(Err(error));
                }
            }
        }
        self.is_done = true;
        Step::Done(Ok(self.left.start - self.start))
    }
}

quadrivium_core::leaf! {
    impl[S: AttemptWrite] SendFile<S>;
}

impl<S: Attempts> Drop for SendFile<S> {
    fn drop(&mut self) {
        self.to.leave(Interest::Writable, &mut self.writing);
    }
}

impl<S: Attempts> fmt::Debug for SendFile<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut send = f.debug_struct("SendFile");
        send.field("file", &self.file).field("left", &self.left).finish_non_exhaustive()
    }
}
