//! The methods of streams: each operation with a buffer that is borrowed, and with one that is given
//! back.

/// The operations of what can be read and written, whose descriptor is `self.source`.
macro_rules! stream_operations {
    ($stream:ident) => {
        read_operations!($stream);
        write_operations!($stream);

        impl $stream {
            /// Ends reading, writing or both. The other end reads the end of the stream; what waits
            /// here on this direction goes on.
            ///
            /// # Errors
            ///
            /// `NotConnected` when the other end is gone already.
            pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
                self.source.io().shutdown(how)
            }
        }
    };
}
pub(crate) use stream_operations;

/// The operations of what can be read.
macro_rules! read_operations {
    ($stream:ident) => {
        impl $stream {
            /// Reads up to as many bytes as `buffer` has, at least one; 0 at the end of the stream.
            ///
            /// Where `buffer` has no bytes the output is 0, at once, whatever the stream has to say.
            ///
            /// Dropped before it is done, it has read nothing.
            pub fn read<'a>(&self, buffer: &'a mut [u8]) -> impl Leaf<io::Result<usize>> + use<'a> {
                stream::read(&self.source, Lent(buffer))
            }

            /// The same, with a buffer that is given back.
            pub fn read_owned<B: AsMut<[u8]>>(
                &self,
                buffer: B,
            ) -> impl Leaf<(io::Result<usize>, B)> + use<B> {
                stream::read(&self.source, Owned(buffer))
            }

            /// Reads as many bytes as `buffer` has; `UnexpectedEof` when the stream ends before.
            ///
            /// Dropped before it is done, it may have read a part, which is lost to the next read.
            pub fn read_exact<'a>(
                &self,
                buffer: &'a mut [u8],
            ) -> impl Leaf<io::Result<()>> + use<'a> {
                stream::read_exact(&self.source, Lent(buffer))
            }

            /// The same, with a buffer that is given back.
            pub fn read_exact_owned<B: AsMut<[u8]>>(
                &self,
                buffer: B,
            ) -> impl Leaf<(io::Result<()>, B)> + use<B> {
                stream::read_exact(&self.source, Owned(buffer))
            }

            /// Reads into several buffers, one after the other, in one system call. The kernel fills
            /// 1,024 of them at most.
            ///
            /// Dropped before it is done, it has read nothing.
            pub fn read_vectored<'a>(
                &self,
                buffers: &'a mut [IoSliceMut<'a>],
            ) -> impl Leaf<io::Result<usize>> + use<'a> {
                let no_bytes = stream::first_with_bytes(buffers).is_none();
                let kept = Lent(buffers);
                Operation::new(&self.source, Interest::Readable, kept, |stream, buffers| {
                    Stream::read_vectored(stream, buffers).map(Tried::Done)
                })
                .at_once(no_bytes)
            }

            /// The same, with buffers that are given back.
            pub fn read_vectored_owned<B: AsMut<[u8]>, const N: usize>(
                &self,
                mut buffers: [B; N],
            ) -> impl Leaf<(io::Result<usize>, [B; N])> + use<B, N> {
                let no_bytes = buffers.iter_mut().all(|buffer| buffer.as_mut().is_empty());
                let kept = Owned(buffers);
                Operation::new(&self.source, Interest::Readable, kept, |stream, buffers| {
                    let mut buffers: [_; N] =
                        buffers.each_mut().map(|buffer| IoSliceMut::new(buffer.as_mut()));
                    Stream::read_vectored(stream, &mut buffers).map(Tried::Done)
                })
                .at_once(no_bytes)
            }

            /// Appends what there is until the end of the stream; how many bytes.
            ///
            /// Dropped before it is done, it may have read a part.
            pub fn read_to_end<'a>(
                &self,
                bytes: &'a mut Vec<u8>,
            ) -> impl Leaf<io::Result<usize>> + use<'a> {
                read_to_end(&self.source, Lent(bytes))
            }

            /// The same, with bytes that are given back.
            pub fn read_to_end_owned(
                &self,
                bytes: Vec<u8>,
            ) -> impl Leaf<(io::Result<usize>, Vec<u8>)> + use<> {
                read_to_end(&self.source, Owned(bytes))
            }
        }
    };
}
pub(crate) use read_operations;

/// The operations of what can be written.
macro_rules! write_operations {
    ($stream:ident) => {
        impl $stream {
            /// Writes some of these bytes; how many.
            ///
            /// Where there are none the output is 0, at once, whatever the stream has to say.
            ///
            /// Dropped before it is done, it has written nothing.
            pub fn write<'a>(&self, bytes: &'a [u8]) -> impl Leaf<io::Result<usize>> + use<'a> {
                stream::write(&self.source, Lent(bytes))
            }

            /// The same, with bytes that are given back.
            pub fn write_owned<B: AsRef<[u8]>>(
                &self,
                bytes: B,
            ) -> impl Leaf<(io::Result<usize>, B)> + use<B> {
                stream::write(&self.source, Owned(bytes))
            }

            /// Writes all of these bytes.
            ///
            /// Dropped before it is done, it may have written a part.
            pub fn write_all<'a>(&self, bytes: &'a [u8]) -> impl Leaf<io::Result<()>> + use<'a> {
                stream::write_all(&self.source, Lent(bytes))
            }

            /// The same, with bytes that are given back.
            pub fn write_all_owned<B: AsRef<[u8]>>(
                &self,
                bytes: B,
            ) -> impl Leaf<(io::Result<()>, B)> + use<B> {
                stream::write_all(&self.source, Owned(bytes))
            }

            /// Writes some of the bytes of several slices, in one system call; how many. The kernel
            /// takes 1,024 slices at most.
            ///
            /// Dropped before it is done, it has written nothing.
            pub fn write_vectored<'a>(
                &self,
                slices: &'a [IoSlice<'a>],
            ) -> impl Leaf<io::Result<usize>> + use<'a> {
                let no_bytes = stream::first_with_bytes(slices).is_none();
                let kept = Lent(slices);
                Operation::new(&self.source, Interest::Writable, kept, |stream, slices| {
                    Stream::write_vectored(stream, slices).map(Tried::Done)
                })
                .at_once(no_bytes)
            }

            /// The same, with bytes that are given back.
            pub fn write_vectored_owned<B: AsRef<[u8]>, const N: usize>(
                &self,
                parts: [B; N],
            ) -> impl Leaf<(io::Result<usize>, [B; N])> + use<B, N> {
                let no_bytes = parts.iter().all(|part| part.as_ref().is_empty());
                let kept = Owned(parts);
                Operation::new(&self.source, Interest::Writable, kept, |stream, parts| {
                    let slices: [_; N] = parts.each_ref().map(|part| IoSlice::new(part.as_ref()));
                    Stream::write_vectored(stream, &slices).map(Tried::Done)
                })
                .at_once(no_bytes)
            }
        }
    };
}
pub(crate) use write_operations;
