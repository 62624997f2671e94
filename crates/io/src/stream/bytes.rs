//! [`ByteReader`] and [`ByteWriter`]: traits for everything that reads or writes bytes by leaves,
//! so that a program can be generic over sockets, pipes and files.

use std::io::{self, IoSlice};

use crate::{
    descriptor::Leaf,
    fs::File,
    pipe::{PipeReader, PipeWriter},
    tcp::TcpStream,
    unix::UnixStream,
};

/// Reads bytes by leaves. Implemented by stream sockets, pipes (the output of a child too) and
/// files.
///
/// All operations take `&self`, like the methods of [`TcpStream`]. An operation on an empty buffer
/// is done at once. The documentation of each type states what an operation may have done when it
/// is dropped before its end.
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
    /// Reads between one byte and as many as `buffer` has room for, and returns the number. Returns
    /// 0 at the end.
    #[track_caller]
    fn read<'a>(&self, buffer: &'a mut [u8]) -> impl Leaf<io::Result<usize>> + use<'a, Self>;

    /// Like [`read`](Self::read), but takes the buffer and returns it with the result. The buffer
    /// must be `Send`, because some types read on another thread.
    #[track_caller]
    fn read_owned<B: AsMut<[u8]> + Send + 'static>(
        &self,
        buffer: B,
    ) -> impl Leaf<(io::Result<usize>, B)> + use<B, Self>;

    /// Reads until `buffer` is full. The output is an `UnexpectedEof` error when the end comes
    /// before.
    #[track_caller]
    fn read_exact<'a>(&self, buffer: &'a mut [u8]) -> impl Leaf<io::Result<()>> + use<'a, Self>;

    /// Like [`read_exact`](Self::read_exact), but takes the buffer and returns it with the result.
    #[track_caller]
    fn read_exact_owned<B: AsMut<[u8]> + Send + 'static>(
        &self,
        buffer: B,
    ) -> impl Leaf<(io::Result<()>, B)> + use<B, Self>;
}

/// Writes bytes by leaves. Implemented by stream sockets, pipes (the input of a child too) and
/// files.
///
/// See [`ByteReader`] for `&self`, empty buffers and operations that are dropped.
pub trait ByteWriter {
    /// Writes some of these bytes and returns the number.
    #[track_caller]
    fn write<'a>(&self, bytes: &'a [u8]) -> impl Leaf<io::Result<usize>> + use<'a, Self>;

    /// Like [`write`](Self::write), but takes the bytes and returns them with the result. The bytes
    /// must be `Send`, because some types write on another thread.
    #[track_caller]
    fn write_owned<B: AsRef<[u8]> + Send + 'static>(
        &self,
        bytes: B,
    ) -> impl Leaf<(io::Result<usize>, B)> + use<B, Self>;

    /// Writes some of the bytes of several slices and returns the number. By default it writes
    /// bytes of the first slice that is not empty.
    #[track_caller]
    fn write_vectored<'a>(
        &self,
        slices: &'a [IoSlice<'a>],
    ) -> impl Leaf<io::Result<usize>> + use<'a, Self> {
        let first = slices.iter().find(|slice| !slice.is_empty());
        self.write(first.map_or(&[], |slice| &**slice))
    }

    /// Writes all of these bytes.
    #[track_caller]
    fn write_all<'a>(&self, bytes: &'a [u8]) -> impl Leaf<io::Result<()>> + use<'a, Self>;

    /// Like [`write_all`](Self::write_all), but takes the bytes and returns them with the result.
    #[track_caller]
    fn write_all_owned<B: AsRef<[u8]> + Send + 'static>(
        &self,
        bytes: B,
    ) -> impl Leaf<(io::Result<()>, B)> + use<B, Self>;
}

/// Implements [`ByteReader`] for types that have methods of the same names.
macro_rules! byte_reader {
    ($($reader:ty),*) => { $(
        impl ByteReader for $reader {
            #[track_caller]
            fn read<'a>(
                &self,
                buffer: &'a mut [u8],
            ) -> impl Leaf<io::Result<usize>> + use<'a> {
                <$reader>::read(self, buffer)
            }

            #[track_caller]
            fn read_owned<B: AsMut<[u8]> + Send + 'static>(
                &self,
                buffer: B,
            ) -> impl Leaf<(io::Result<usize>, B)> + use<B> {
                <$reader>::read_owned(self, buffer)
            }

            #[track_caller]
            fn read_exact<'a>(
                &self,
                buffer: &'a mut [u8],
            ) -> impl Leaf<io::Result<()>> + use<'a> {
                <$reader>::read_exact(self, buffer)
            }

            #[track_caller]
            fn read_exact_owned<B: AsMut<[u8]> + Send + 'static>(
                &self,
                buffer: B,
            ) -> impl Leaf<(io::Result<()>, B)> + use<B> {
                <$reader>::read_exact_owned(self, buffer)
            }
        }
    )* };
}

/// Implements [`ByteWriter`] for types that have methods of the same names. `: write_vectored` is
/// added for types that also have this method.
macro_rules! byte_writer {
    ($($writer:ty $(: $vectored:ident)?),*) => { $(
        impl ByteWriter for $writer {
            #[track_caller]
            fn write<'a>(&self, bytes: &'a [u8]) -> impl Leaf<io::Result<usize>> + use<'a> {
                <$writer>::write(self, bytes)
            }

            #[track_caller]
            fn write_owned<B: AsRef<[u8]> + Send + 'static>(
                &self,
                bytes: B,
            ) -> impl Leaf<(io::Result<usize>, B)> + use<B> {
                <$writer>::write_owned(self, bytes)
            }

            $(
                #[track_caller]
                fn $vectored<'a>(
                    &self,
                    slices: &'a [IoSlice<'a>],
                ) -> impl Leaf<io::Result<usize>> + use<'a> {
                    <$writer>::$vectored(self, slices)
                }
            )?

            #[track_caller]
            fn write_all<'a>(&self, bytes: &'a [u8]) -> impl Leaf<io::Result<()>> + use<'a> {
                <$writer>::write_all(self, bytes)
            }

            #[track_caller]
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
