//! Reading from streams. The macro [`read_methods`] gives a stream its methods. The operations
//! behind the methods follow it.

use std::{
    borrow::BorrowMut,
    io::{self, ErrorKind},
    sync::Arc,
};

use quadrivium_core::Interest::Readable;

use super::StdStream;
use crate::descriptor::{Buffer, Leaf, Operation, Source, Tried};

/// Defines the methods of a stream that can be read. The descriptor of the stream is `self.source`.
/// Each operation with a buffer has two forms: one borrows the buffer, the other takes it and
/// returns it.
macro_rules! read_methods {
    ($stream:ident) => {
        const _: () = {
            use std::io::{self, IoSliceMut};

            use quadrivium_core::{
                Context,
                Interest::{self, Readable},
                QueuePlace, Step,
            };

            use crate::{
                descriptor::{Borrowed, Leaf, Operation, Owned, Tried},
                stream::{
                    StdStream,
                    attempts::{AttemptRead, Attempts},
                    first_non_empty,
                    read::{read, read_exact, read_some, read_to_end},
                },
            };

            impl $stream {
                /// Reads between one byte and as many as `buffer` has room for, and returns the
                /// number. Returns 0 at the end of the stream.
                ///
                /// If `buffer` is empty, the output is 0 at once, even if the stream has ended or
                /// failed.
                ///
                /// An operation that is dropped before it is done has read nothing.
                #[track_caller]
                pub fn read<'a>(
                    &self,
                    buffer: &'a mut [u8],
                ) -> impl Leaf<io::Result<usize>> + use<'a> {
                    read(&self.source, Borrowed(buffer))
                }

                /// Like [`read`](Self::read), but takes the buffer and returns it with the result.
                #[track_caller]
                pub fn read_owned<B: AsMut<[u8]>>(
                    &self,
                    buffer: B,
                ) -> impl Leaf<(io::Result<usize>, B)> + use<B> {
                    read(&self.source, Owned(buffer))
                }

                /// Reads until `buffer` is full. The output is an `UnexpectedEof` error when the
                /// stream ends before.
                ///
                /// An operation that is dropped before it is done may have read a part. The next
                /// read does not find those bytes again.
                #[track_caller]
                pub fn read_exact<'a>(
                    &self,
                    buffer: &'a mut [u8],
                ) -> impl Leaf<io::Result<()>> + use<'a> {
                    read_exact(&self.source, Borrowed(buffer))
                }

                /// Like [`read_exact`](Self::read_exact), but takes the buffer and returns it with
                /// the result.
                #[track_caller]
                pub fn read_exact_owned<B: AsMut<[u8]>>(
                    &self,
                    buffer: B,
                ) -> impl Leaf<(io::Result<()>, B)> + use<B> {
                    read_exact(&self.source, Owned(buffer))
                }

                /// Reads into several buffers, one after the other, in one system call, and returns
                /// the number of bytes. The kernel fills at most 1,024 buffers.
                ///
                /// An operation that is dropped before it is done has read nothing.
                #[track_caller]
                pub fn read_vectored<'a>(
                    &self,
                    buffers: &'a mut [IoSliceMut<'a>],
                ) -> impl Leaf<io::Result<usize>> + use<'a> {
                    let buffer_is_empty = first_non_empty(buffers).is_none();
                    let buffers = Borrowed(buffers);
                    Operation::new(&self.source, Readable, buffers, |stream, buffers| {
                        StdStream::read_vectored(stream, buffers).map(Tried::Done)
                    })
                    .buffer_is_empty(buffer_is_empty)
                }

                /// Like [`read_vectored`](Self::read_vectored), but takes the buffers and returns
                /// them with the result.
                #[track_caller]
                pub fn read_vectored_owned<B: AsMut<[u8]>, const N: usize>(
                    &self,
                    mut buffers: [B; N],
                ) -> impl Leaf<(io::Result<usize>, [B; N])> + use<B, N> {
                    let buffer_is_empty =
                        buffers.iter_mut().all(|buffer| buffer.as_mut().is_empty());
                    let buffers = Owned(buffers);
                    Operation::new(&self.source, Readable, buffers, |stream, buffers| {
                        let mut buffers: [_; N] =
                            buffers.each_mut().map(|buffer| IoSliceMut::new(buffer.as_mut()));
                        StdStream::read_vectored(stream, &mut buffers).map(Tried::Done)
                    })
                    .buffer_is_empty(buffer_is_empty)
                }

                /// Reads until the end of the stream, appends the bytes to `bytes` and returns
                /// their number.
                ///
                /// An operation that is dropped before it is done may have read a part.
                #[track_caller]
                pub fn read_to_end<'a>(
                    &self,
                    bytes: &'a mut Vec<u8>,
                ) -> impl Leaf<io::Result<usize>> + use<'a> {
                    read_to_end(&self.source, Borrowed(bytes))
                }

                /// Like [`read_to_end`](Self::read_to_end), but takes the vector and returns it
                /// with the result.
                #[track_caller]
                pub fn read_to_end_owned(
                    &self,
                    bytes: Vec<u8>,
                ) -> impl Leaf<(io::Result<usize>, Vec<u8>)> + use<> {
                    read_to_end(&self.source, Owned(bytes))
                }
            }

            impl Attempts for $stream {
                type Place = QueuePlace;

                fn leave(&self, interest: Interest, place: &mut QueuePlace) {
                    self.source.leave(interest, place);
                }
            }

            impl AttemptRead for $stream {
                fn attempt_read(
                    &self,
                    place: &mut QueuePlace,
                    cx: &Context<'_>,
                    buffer: &mut [u8],
                ) -> Step<io::Result<usize>> {
                    let buffer_is_empty = buffer.is_empty();
                    self.source.attempt(Readable, buffer_is_empty, place, cx, |stream| {
                        read_some(stream, buffer)
                    })
                }
            }
        };
    };
}
pub(crate) use read_methods;

/// Before each read, a read to the end makes room for this number of bytes.
const SPARE_BYTES: usize = 16 * 1024;

/// After this number of reads in a row, a read to the end lets the other tasks run. Otherwise a
/// peer that never stops writing would keep the loop busy for ever.
const MAX_READS_IN_A_ROW: usize = 16;

/// Reads once, and reports whether the read was short: whether it filled only a part of the buffer.
///
/// A single read moves at most 2 GiB. So a read that moves 1 GiB or more does not count as short.
pub(crate) fn read_some(stream: &impl StdStream, buffer: &mut [u8]) -> io::Result<Tried<usize>> {
    const SHORT_LIMIT: usize = 1 << 30;
    let n = stream.read(buffer)?;
    Ok(match 0 < n && n < buffer.len().min(SHORT_LIMIT) {
        true => Tried::DoneByShortRead(n),
        false => Tried::Done(n),
    })
}

#[track_caller]
pub(crate) fn read<S, B>(
    source: &Arc<Source<S>>,
    mut buffer: B,
) -> impl Leaf<B::Output<io::Result<usize>>> + use<S, B>
where
    S: StdStream,
    B: Buffer<Content: AsMut<[u8]>>,
{
    let buffer_is_empty = buffer.content().as_mut().is_empty();
    Operation::new(source, Readable, buffer, |stream: &S, bytes: &mut B::Content| {
        read_some(stream, bytes.as_mut())
    })
    .buffer_is_empty(buffer_is_empty)
}

#[track_caller]
pub(crate) fn read_exact<S, B>(
    source: &Arc<Source<S>>,
    mut buffer: B,
) -> impl Leaf<B::Output<io::Result<()>>> + use<S, B>
where
    S: StdStream,
    B: Buffer<Content: AsMut<[u8]>>,
{
    let buffer_is_empty = buffer.content().as_mut().is_empty();
    let mut done = 0;
    Operation::new(source, Readable, buffer, move |stream: &S, bytes: &mut B::Content| {
        let bytes = bytes.as_mut();
        while done < bytes.len() {
            match stream.read(&mut bytes[done..])? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                n => done += n,
            }
            if done < bytes.len() {
                return Ok(Tried::ShortRead);
            }
        }
        Ok(Tried::Done(()))
    })
    .buffer_is_empty(buffer_is_empty)
}

#[track_caller]
pub(crate) fn read_to_end<S, B>(
    source: &Arc<Source<S>>,
    buffer: B,
) -> impl Leaf<B::Output<io::Result<usize>>> + use<S, B>
where
    S: StdStream,
    B: Buffer<Content: BorrowMut<Vec<u8>>>,
{
    let mut done = 0;
    Operation::new(source, Readable, buffer, move |stream: &S, bytes: &mut B::Content| {
        let bytes = bytes.borrow_mut();
        for _ in 0..MAX_READS_IN_A_ROW {
            let start = bytes.len();
            bytes.resize(start + SPARE_BYTES, 0);
            let read = stream.read(&mut bytes[start..]);
            bytes.truncate(start + read.as_ref().map_or(0, |n| *n));
            match read? {
                0 => return Ok(Tried::Done(done)),
                n => done += n,
            }
        }
        Ok(Tried::GiveWay)
    })
}
