//! Code that TCP streams, Unix streams and pipes share.
//!
//! `read.rs` and `write.rs` contain the operations, each written once for both kinds of buffer
//! (borrowed and owned). They also contain the macros that turn the operations into methods of a
//! stream.

pub(crate) mod read;
pub(crate) mod write;
pub(crate) mod bytes;
pub(crate) mod attempts;
pub(crate) mod polled;
pub(crate) mod buffered;
pub(crate) mod copy;

use std::{
    fmt,
    io::{self, IoSlice, IoSliceMut, Read, Write},
    ops::Deref,
    os::fd::AsFd,
};

/// A stream of the standard library.
///
/// An operation on an empty buffer returns 0 without a system call. On a socket the kernel would
/// let a read of no bytes wait until some arrive.
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
        let Some(first) = first_non_empty(buffers) else { return Ok(0) };
        Read::read_vectored(&mut &*self, &mut buffers[first..])
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() { Ok(0) } else { Write::write(&mut &*self, bytes) }
    }

    fn write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let Some(first) = first_non_empty(slices) else { return Ok(0) };
        Write::write_vectored(&mut &*self, &slices[first..])
    }
}

/// Returns the index of the first slice that is not empty.
///
/// The kernel takes at most `IOV_MAX` slices at once, and the standard library cuts the list off
/// there. If all slices before the cut were empty, the kernel would move no bytes. A read of 0
/// bytes looks like the end of the stream.
pub(crate) fn first_non_empty(slices: &[impl Deref<Target = [u8]>]) -> Option<usize> {
    slices.iter().position(|slice| !slice.is_empty())
}
