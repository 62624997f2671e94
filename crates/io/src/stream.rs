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
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize>;
    fn read_vectored(&self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize>;
    fn write(&self, bytes: &[u8]) -> io::Result<usize>;
    fn write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize>;
}

macro_rules! stream {
    ($stream:ty) => {
        impl Stream for $stream {
            fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
                if buffer.is_empty() { Ok(0) } else { (&mut &*self).read(buffer) }
            }
            fn read_vectored(&self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
                let Some(first) = first_with_bytes(buffers) else { return Ok(0) };
                (&mut &*self).read_vectored(&mut buffers[first..])
            }
            fn write(&self, bytes: &[u8]) -> io::Result<usize> {
                if bytes.is_empty() { Ok(0) } else { (&mut &*self).write(bytes) }
            }
            fn write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
                let Some(first) = first_with_bytes(slices) else { return Ok(0) };
                (&mut &*self).write_vectored(&slices[first..])
            }
        }
    };
}

stream!(std::net::TcpStream);
stream!(std::os::unix::net::UnixStream);
// Pipes. What else may be behind a file is not known.
stream!(std::fs::File);

/// The first of these that has any bytes. The kernel takes that many slices at once (`IOV_MAX`), which
/// the standard library sees to. Were all of those empty it would move nothing, and a read of nothing
/// is the end of the stream.
pub(crate) fn first_with_bytes(slices: &[impl Deref<Target = [u8]>]) -> Option<usize> {
    slices.iter().position(|slice| !slice.is_empty())
}

/// `n` bytes were read where there was room for `room`. Where the kernel takes less at once than that
/// (2 GiB), it says nothing.
pub(crate) fn read_some(n: usize, room: usize) -> Tried<usize> {
    const AT_ONCE: usize = 1 << 30;
    match 0 < n && n < room.min(AT_ONCE) {
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
        Ok(read_some(stream.read(buffer)?, buffer.len()))
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
        stream.write((*bytes).as_ref()).map(Tried::Done)
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
            if done < buffer.len() {
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
        }
        Ok(Tried::Done(()))
    })
    .at_once(no_bytes)
}
