//! [`ByteReader`] and [`ByteWriter`]: what reads and writes bytes by leaves, so that a program need
//! not say from what.

use std::io::{self, IoSlice};

use crate::{
    descriptor::Leaf,
    fs::File,
    pipe::{PipeReader, PipeWriter},
    tcp::TcpStream,
    unix::UnixStream,
};

/// Reads bytes by leaves: a socket, the output of a child, a file.
///
/// All operations take `&self`, as those of [`TcpStream`]. An operation on no bytes is done at
/// once. What an operation has done when it is dropped before its end, each type says.
///
/// ```
/// use quadrivium::{io::{ByteReader, ByteWriter}, net::UnixStream, prelude::*};
///
/// async fn copy(from: impl ByteReader, to: impl ByteWriter) -> std::io::Result<usize> {
///     let (mut buffer, mut copied) = ([0; 1024], 0);
///     loop {
///         let n = from.read(&mut buffer).await?;
///         if n == 0 {
///             return Ok(copied);
///         }
///         to.write_all(&buffer[..n]).await?;
///         copied += n;
///     }
/// }
///
/// let ((one, other), (third, fourth)) = (UnixStream::pair()?, UnixStream::pair()?);
/// let says = future(async move { one.write_all(b"hello").await });
/// let both = join(future(copy(other, third)), says);
/// assert_eq!(EventLoop::new()?.block_on(both)?.0?, 5);
/// # drop(fourth);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait ByteReader {
    /// Reads up to as many bytes as `buffer` has, at least one; 0 at the end.
    fn read<'a>(&self, buffer: &'a mut [u8]) -> impl Leaf<io::Result<usize>> + use<'a, Self>;

    /// The same, with a buffer that is given back. Some read on another thread, so it must be
    /// `Send`.
    fn read_owned<B: AsMut<[u8]> + Send + 'static>(
        &self,
        buffer: B,
    ) -> impl Leaf<(io::Result<usize>, B)> + use<B, Self>;

    /// Reads as many bytes as `buffer` has; `UnexpectedEof` when the end comes before.
    fn read_exact<'a>(&self, buffer: &'a mut [u8]) -> impl Leaf<io::Result<()>> + use<'a, Self>;

    /// The same, with a buffer that is given back.
    fn read_exact_owned<B: AsMut<[u8]> + Send + 'static>(
        &self,
        buffer: B,
    ) -> impl Leaf<(io::Result<()>, B)> + use<B, Self>;
}

/// Writes bytes by leaves: a socket, the input of a child, a file.
///
/// See [`ByteReader`].
pub trait ByteWriter {
    /// Writes some of these bytes; how many.
    fn write<'a>(&self, bytes: &'a [u8]) -> impl Leaf<io::Result<usize>> + use<'a, Self>;

    /// The same, with bytes that are given back. Some write on another thread, so they must be
    /// `Send`.
    fn write_owned<B: AsRef<[u8]> + Send + 'static>(
        &self,
        bytes: B,
    ) -> impl Leaf<(io::Result<usize>, B)> + use<B, Self>;

    /// Writes some of the bytes of several slices; how many. Where it does not say otherwise, bytes
    /// of the first slice that has any.
    fn write_vectored<'a>(
        &self,
        slices: &'a [IoSlice<'a>],
    ) -> impl Leaf<io::Result<usize>> + use<'a, Self> {
        let first = slices.iter().find(|slice| !slice.is_empty());
        self.write(first.map_or(&[], |slice| &**slice))
    }

    /// Writes all of these bytes.
    fn write_all<'a>(&self, bytes: &'a [u8]) -> impl Leaf<io::Result<()>> + use<'a, Self>;

    /// The same, with bytes that are given back.
    fn write_all_owned<B: AsRef<[u8]> + Send + 'static>(
        &self,
        bytes: B,
    ) -> impl Leaf<(io::Result<()>, B)> + use<B, Self>;
}

/// A type that has these operations itself.
macro_rules! byte_reader {
    ($($reader:ty),*) => { $(
        impl ByteReader for $reader {
            fn read<'a>(
                &self,
                buffer: &'a mut [u8],
            ) -> impl Leaf<io::Result<usize>> + use<'a> {
                <$reader>::read(self, buffer)
            }

            fn read_owned<B: AsMut<[u8]> + Send + 'static>(
                &self,
                buffer: B,
            ) -> impl Leaf<(io::Result<usize>, B)> + use<B> {
                <$reader>::read_owned(self, buffer)
            }

            fn read_exact<'a>(
                &self,
                buffer: &'a mut [u8],
            ) -> impl Leaf<io::Result<()>> + use<'a> {
                <$reader>::read_exact(self, buffer)
            }

            fn read_exact_owned<B: AsMut<[u8]> + Send + 'static>(
                &self,
                buffer: B,
            ) -> impl Leaf<(io::Result<()>, B)> + use<B> {
                <$reader>::read_exact_owned(self, buffer)
            }
        }
    )* };
}

/// A type that has these operations itself, perhaps also for several slices.
macro_rules! byte_writer {
    ($($writer:ty $(: $vectored:ident)?),*) => { $(
        impl ByteWriter for $writer {
            fn write<'a>(&self, bytes: &'a [u8]) -> impl Leaf<io::Result<usize>> + use<'a> {
                <$writer>::write(self, bytes)
            }

            fn write_owned<B: AsRef<[u8]> + Send + 'static>(
                &self,
                bytes: B,
            ) -> impl Leaf<(io::Result<usize>, B)> + use<B> {
                <$writer>::write_owned(self, bytes)
            }

            $(
                fn $vectored<'a>(
                    &self,
                    slices: &'a [IoSlice<'a>],
                ) -> impl Leaf<io::Result<usize>> + use<'a> {
                    <$writer>::$vectored(self, slices)
                }
            )?

            fn write_all<'a>(&self, bytes: &'a [u8]) -> impl Leaf<io::Result<()>> + use<'a> {
                <$writer>::write_all(self, bytes)
            }

            fn write_all_owned<B: AsRef<[u8]> + Send + 'static>(
                &self,
                bytes: B,
            ) -> impl Leaf<(io::Result<()>, B)> + use<B> {
                <$writer>::write_all_owned(self, bytes)
            }
        }
    )* };
}

byte_reader!(TcpStream, UnixStream, PipeReader, File);
byte_writer!(TcpStream: write_vectored, UnixStream: write_vectored, PipeWriter: write_vectored);
byte_writer!(File);
