//! What streams have in common: reading and writing, each written once for both kinds of buffer.

use std::{
    io::{self, ErrorKind, IoSlice, IoSliceMut, Read, Write},
    ops::Deref,
    os::fd::AsFd,
    sync::Arc,
};

use quadrivium_core::Interest::{Readable, Writable};

use crate::{
    keep::Keep,
    operation::{Leaf, Operation},
    source::{Source, Tried},
};

/// A stream of the standard library. Moving no bytes is done without asking the kernel, which would
/// have a read on a socket wait for some.
pub(crate) trait Stream: AsFd + std::fmt::Debug {
    /// Whether a read of fewer bytes than there is room for has emptied the kernel's buffer. (Where
    /// descriptors are sent along, a read stops at each, whatever comes behind.)
    const SHORT_IS_LAST: bool;

    fn read(&self, buffer: &mut [u8]) -> io::Result<usize>;
    fn read_vectored(&self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize>;
    fn write(&self, bytes: &[u8]) -> io::Result<usize>;
    fn write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize>;
}

macro_rules! stream {
    ($stream:ty, $short_is_last:literal) => {
        impl Stream for $stream {
            const SHORT_IS_LAST: bool = $short_is_last;

            fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
                if buffer.is_empty() { Ok(0) } else { (&mut &*self).read(buffer) }
            }
            fn read_vectored(&self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
                if all_empty(buffers) { Ok(0) } else { (&mut &*self).read_vectored(buffers) }
            }
            fn write(&self, bytes: &[u8]) -> io::Result<usize> {
                if bytes.is_empty() { Ok(0) } else { (&mut &*self).write(bytes) }
            }
            fn write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
                if all_empty(slices) { Ok(0) } else { (&mut &*self).write_vectored(slices) }
            }
        }
    };
}

stream!(std::net::TcpStream, true);
stream!(std::os::unix::net::UnixStream, false);
// Pipes. What else may be behind a file is not known.
stream!(std::fs::File, false);

/// Whether there are no bytes in any of these.
pub(crate) fn all_empty(slices: &[impl Deref<Target = [u8]>]) -> bool {
    slices.iter().all(|slice| slice.is_empty())
}

/// `n` bytes of a stream were moved where `most` could have been.
pub(crate) fn moved<S: Stream>(n: usize, most: usize) -> Tried<usize> {
    match S::SHORT_IS_LAST && 0 < n && n < most {
        true => Tried::Last(n),
        false => Tried::Done(n),
    }
}

pub(crate) fn read<S, K>(
    source: &Arc<Source<S>>,
    mut kept: K,
) -> impl Leaf<K::Given<io::Result<usize>>> + use<S, K>
where
    S: Stream,
    K: Keep<Buffer: AsMut<[u8]>>,
{
    let no_bytes = kept.buffer().as_mut().is_empty();
    Operation::new(source, Readable, kept, |stream: &S, buffer: &mut K::Buffer| {
        let buffer = buffer.as_mut();
        Ok(moved::<S>(stream.read(buffer)?, buffer.len()))
    })
    .at_once(no_bytes)
}

pub(crate) fn write<S, K>(
    source: &Arc<Source<S>>,
    mut kept: K,
) -> impl Leaf<K::Given<io::Result<usize>>> + use<S, K>
where
    S: Stream,
    K: Keep<Buffer: AsRef<[u8]>>,
{
    let no_bytes = (*kept.buffer()).as_ref().is_empty();
    Operation::new(source, Writable, kept, |stream: &S, bytes: &mut K::Buffer| {
        let bytes = (*bytes).as_ref();
        Ok(moved::<S>(stream.write(bytes)?, bytes.len()))
    })
    .at_once(no_bytes)
}

pub(crate) fn read_exact<S, K>(
    source: &Arc<Source<S>>,
    mut kept: K,
) -> impl Leaf<K::Given<io::Result<()>>> + use<S, K>
where
    S: Stream,
    K: Keep<Buffer: AsMut<[u8]>>,
{
    let no_bytes = kept.buffer().as_mut().is_empty();
    let mut done = 0;
    Operation::new(source, Readable, kept, move |stream: &S, buffer: &mut K::Buffer| {
        let buffer = buffer.as_mut();
        while done < buffer.len() {
            match stream.read(&mut buffer[done..])? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                n => done += n,
            }
            if done < buffer.len() && S::SHORT_IS_LAST {
                return Ok(Tried::Short);
            }
        }
        Ok(Tried::Done(()))
    })
    .at_once(no_bytes)
}

pub(crate) fn write_all<S, K>(
    source: &Arc<Source<S>>,
    mut kept: K,
) -> impl Leaf<K::Given<io::Result<()>>> + use<S, K>
where
    S: Stream,
    K: Keep<Buffer: AsRef<[u8]>>,
{
    let no_bytes = (*kept.buffer()).as_ref().is_empty();
    let mut done = 0;
    Operation::new(source, Writable, kept, move |stream: &S, bytes: &mut K::Buffer| {
        let bytes = (*bytes).as_ref();
        while done < bytes.len() {
            match stream.write(&bytes[done..])? {
                0 => return Err(ErrorKind::WriteZero.into()),
                n => done += n,
            }
            if done < bytes.len() && S::SHORT_IS_LAST {
                return Ok(Tried::Short);
            }
        }
        Ok(Tried::Done(()))
    })
    .at_once(no_bytes)
}
