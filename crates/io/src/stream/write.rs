//! Writing to streams. The macro [`write_methods`] gives a stream its methods. The operations
//! behind the methods follow it.

use std::{
    io::{self, ErrorKind},
    sync::Arc,
};

use quadrivium_core::Interest::Writable;

use super::StdStream;
use crate::descriptor::{Buffer, Leaf, Operation, Source, Tried};

/// Defines the methods of a stream that can be written. The descriptor of the stream is
/// `self.source`. Each operation has two forms: one borrows the bytes, the other takes them and
/// returns them. `end_writing` is a function that tells the other end that nothing more will be
/// written.
macro_rules! write_methods {
    ($stream:ident, end_writing: $end_writing:expr) => {
        const _: () = {
            use std::io::{self, IoSlice};

            use quadrivium_core::{Context, Interest::Writable, QueuePlace, Step};

            use crate::{
                descriptor::{Borrowed, Leaf, Operation, Owned, Tried},
                fs::{File, send_file::try_send_file},
                stream::{
                    StdStream,
                    attempts::AttemptWrite,
                    first_non_empty,
                    write::{write, write_all},
                },
            };

            impl $stream {
                /// Writes some of these bytes and returns the number.
                ///
                /// If `bytes` is empty, the output is 0 at once, even if the stream has failed.
                ///
                /// An operation that is dropped before it is done has written nothing.
                #[track_caller]
                pub fn write<'a>(&self, bytes: &'a [u8]) -> impl Leaf<io::Result<usize>> + use<'a> {
                    write(&self.source, Borrowed(bytes))
                }

                /// Like [`write`](Self::write), but takes the bytes and returns them with the
                /// result.
                #[track_caller]
                pub fn write_owned<B: AsRef<[u8]>>(
                    &self,
                    bytes: B,
                ) -> impl Leaf<(io::Result<usize>, B)> + use<B> {
                    write(&self.source, Owned(bytes))
                }

                /// Writes all of these bytes.
                ///
                /// An operation that is dropped before it is done may have written a part.
                #[track_caller]
                pub fn write_all<'a>(
                    &self,
                    bytes: &'a [u8],
                ) -> impl Leaf<io::Result<()>> + use<'a> {
                    write_all(&self.source, Borrowed(bytes))
                }

                /// Like [`write_all`](Self::write_all), but takes the bytes and returns them with
                /// the result.
                #[track_caller]
                pub fn write_all_owned<B: AsRef<[u8]>>(
                    &self,
                    bytes: B,
                ) -> impl Leaf<(io::Result<()>, B)> + use<B> {
                    write_all(&self.source, Owned(bytes))
                }

                /// Writes some of the bytes of several slices, in one system call, and returns the
                /// number. The kernel takes at most 1,024 slices.
                ///
                /// An operation that is dropped before it is done has written nothing.
                #[track_caller]
                pub fn write_vectored<'a>(
                    &self,
                    slices: &'a [IoSlice<'a>],
                ) -> impl Leaf<io::Result<usize>> + use<'a> {
                    let buffer_is_empty = first_non_empty(slices).is_none();
                    let slices = Borrowed(slices);
                    Operation::new(&self.source, Writable, slices, |stream, slices| {
                        StdStream::write_vectored(stream, slices).map(Tried::Done)
                    })
                    .buffer_is_empty(buffer_is_empty)
                }

                /// Like [`write_vectored`](Self::write_vectored), but takes the bytes and returns
                /// them with the result.
                #[track_caller]
                pub fn write_vectored_owned<B: AsRef<[u8]>, const N: usize>(
                    &self,
                    parts: [B; N],
                ) -> impl Leaf<(io::Result<usize>, [B; N])> + use<B, N> {
                    let buffer_is_empty = parts.iter().all(|part| part.as_ref().is_empty());
                    let parts = Owned(parts);
                    Operation::new(&self.source, Writable, parts, |stream, parts| {
                        let slices: [_; N] =
                            parts.each_ref().map(|part| IoSlice::new(part.as_ref()));
                        StdStream::write_vectored(stream, &slices).map(Tried::Done)
                    })
                    .buffer_is_empty(buffer_is_empty)
                }
            }

            impl AttemptWrite for $stream {
                fn attempt_write(
                    &self,
                    place: &mut QueuePlace,
                    cx: &Context<'_>,
                    slices: &[IoSlice<'_>],
                ) -> Step<io::Result<usize>> {
                    let buffer_is_empty = first_non_empty(slices).is_none();
                    self.source.attempt(Writable, buffer_is_empty, place, cx, |stream| {
                        StdStream::write_vectored(stream, slices).map(Tried::Done)
                    })
                }

                fn attempt_send_file(
                    &self,
                    place: &mut QueuePlace,
                    cx: &Context<'_>,
                    file: &File,
                    offset: u64,
                    most: usize,
                ) -> Step<io::Result<Option<usize>>> {
                    self.source.attempt(Writable, false, place, cx, |stream| {
                        try_send_file(stream, file, offset, most)
                    })
                }

                fn end_writing(&self) -> io::Result<()> {
                    let end: fn(&$stream) -> io::Result<()> = $end_writing;
                    end(self)
                }
            }
        };
    };
}
pub(crate) use write_methods;

#[track_caller]
pub(crate) fn write<S, B>(
    source: &Arc<Source<S>>,
    mut bytes: B,
) -> impl Leaf<B::Output<io::Result<usize>>> + use<S, B>
where
    S: StdStream,
    B: Buffer<Content: AsRef<[u8]>>,
{
    let buffer_is_empty = (*bytes.content()).as_ref().is_empty();
    Operation::new(source, Writable, bytes, |stream: &S, bytes: &mut B::Content| {
        stream.write((*bytes).as_ref()).map(Tried::Done)
    })
    .buffer_is_empty(buffer_is_empty)
}

#[track_caller]
pub(crate) fn write_all<S, B>(
    source: &Arc<Source<S>>,
    mut bytes: B,
) -> impl Leaf<B::Output<io::Result<()>>> + use<S, B>
where
    S: StdStream,
    B: Buffer<Content: AsRef<[u8]>>,
{
    let buffer_is_empty = (*bytes.content()).as_ref().is_empty();
    let mut done = 0;
    Operation::new(source, Writable, bytes, move |stream: &S, bytes: &mut B::Content| {
        let bytes = (*bytes).as_ref();
        while done < bytes.len() {
            match stream.write(&bytes[done..])? {
                0 => return Err(ErrorKind::WriteZero.into()),
                n => done += n,
            }
        }
        Ok(Tried::Done(()))
    })
    .buffer_is_empty(buffer_is_empty)
}
