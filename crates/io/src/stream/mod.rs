//! Streams: what TCP streams, Unix streams and pipes have in common.
//!
//! `read.rs` and `write.rs` have the operations, each written once for both kinds of buffer, and
//! the macros that make them methods of a stream.

pub(crate) mod read;
pub(crate) mod write;
pub(crate) mod bytes;
pub(crate) mod attempts;
pub(crate) mod polled;

use std::{
    fmt,
    io::{self, IoSlice, IoSliceMut, Read, Write},
    ops::Deref,
    os::fd::AsFd,
};

/// A stream of the standard library. Moving no bytes is done without asking the kernel, which would
/// have a read on a socket wait for some.
pub(crate) trait StdStream: AsFd + fmt::Debug {
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize>;
    fn read_vectored(&self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize>;
    fn write(&self, bytes: &[u8]) -> io::Result<usize>;
    fn write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize>;
}

impl<S: AsFd + fmt::Debug> StdStream for S
where
    for<'a> &'a S: Read + Write,
{
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() { Ok(0) } else { Read::read(&mut &*self, buffer) }
    }

    fn read_vectored(&self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let Some(first) = first_with_bytes(buffers) else { return Ok(0) };
        Read::read_vectored(&mut &*self, &mut buffers[first..])
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() { Ok(0) } else { Write::write(&mut &*self, bytes) }
    }

    fn write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let Some(first) = first_with_bytes(slices) else { return Ok(0) };
        Write::write_vectored(&mut &*self, &slices[first..])
    }
}

/// The first of these that has any bytes. The kernel takes that many slices at once (`IOV_MAX`),
/// which the standard library sees to. Were all of those empty it would move nothing, and a read of
/// nothing is the end of the stream.
pub(crate) fn first_with_bytes(slices: &[impl Deref<Target = [u8]>]) -> Option<usize> {
    slices.iter().position(|slice| !slice.is_empty())
}
