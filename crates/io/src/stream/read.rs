//! How streams are read. [`read_methods`] gives a stream its methods; the operations follow it.

use std::{
    borrow::BorrowMut,
    io::{self, ErrorKind},
    sync::Arc,
};

use quadrivium_core::Interest::Readable;

use super::StdStream;
use crate::descriptor::{Buffer, Leaf, Operation, Source, Tried};

/// The methods of a stream that can be read, whose descriptor is `self.source`: each operation with
/// a buffer that is borrowed, and with one that is given back.
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
                    first_with_bytes,
                    read::{read, read_exact, read_some, read_to_end},
                },
            };

            impl $stream {
                /// Reads up to as many bytes as `buffer` has, at least one; 0 at the end of the
                /// stream.
                ///
                /// Where `buffer` has no bytes the output is 0, at once, whatever the stream has to
                /// say.
                ///
                /// Dropped before it is done, it has read nothing.
                pub fn read<'a>(
                    &self,
                    buffer: &'a mut [u8],
                ) -> impl Leaf<io::Result<usize>> + use<'a> {
                    read(&self.source, Borrowed(buffer))
                }

                /// The same, with a buffer that is given back.
                pub fn read_owned<B: AsMut<[u8]>>(
                    &self,
                    buffer: B,
                ) -> impl Leaf<(io::Result<usize>, B)> + use<B> {
                    read(&self.source, Owned(buffer))
                }

                /// Reads as many bytes as `buffer` has; `UnexpectedEof` when the stream ends
                /// before.
                ///
                /// Dropped before it is done, it may have read a part, which is lost to the next
                /// read.
                pub fn read_exact<'a>(
                    &self,
                    buffer: &'a mut [u8],
                ) -> impl Leaf<io::Result<()>> + use<'a> {
                    read_exact(&self.source, Borrowed(buffer))
                }

                /// The same, with a buffer that is given back.
                pub fn read_exact_owned<B: AsMut<[u8]>>(
                    &self,
                    buffer: B,
                ) -> impl Leaf<(io::Result<()>, B)> + use<B> {
                    read_exact(&self.source, Owned(buffer))
                }

                /// Reads into several buffers, one after the other, in one system call. The kernel
                /// fills 1,024 of them at most.
                ///
                /// Dropped before it is done, it has read nothing.
                pub fn read_vectored<'a>(
                    &self,
                    buffers: &'a mut [IoSliceMut<'a>],
                ) -> impl Leaf<io::Result<usize>> + use<'a> {
                    let no_bytes = first_with_bytes(buffers).is_none();
                    let buffers = Borrowed(buffers);
                    Operation::new(&self.source, Readable, buffers, |stream, buffers| {
                        StdStream::read_vectored(stream, buffers).map(Tried::Done)
                    })
                    .at_once(no_bytes)
                }

                /// The same, with buffers that are given back.
                pub fn read_vectored_owned<B: AsMut<[u8]>, const N: usize>(
                    &self,
                    mut buffers: [B; N],
                ) -> impl Leaf<(io::Result<usize>, [B; N])> + use<B, N> {
                    let no_bytes = buffers.iter_mut().all(|buffer| buffer.as_mut().is_empty());
                    let buffers = Owned(buffers);
                    Operation::new(&self.source, Readable, buffers, |stream, buffers| {
                        let mut buffers: [_; N] =
                            buffers.each_mut().map(|buffer| IoSliceMut::new(buffer.as_mut()));
                        StdStream::read_vectored(stream, &mut buffers).map(Tried::Done)
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
                    read_to_end(&self.source, Borrowed(bytes))
                }

                /// The same, with bytes that are given back.
                pub fn read_to_end_owned(
                    &self,
                    bytes: Vec<u8>,
                ) -> impl Leaf<(io::Result<usize>, Vec<u8>)> + use<> {
                    read_to_end(&self.source, Owned(bytes))
                }
            }

            impl Attempts for $stream {
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
                    let no_bytes = buffer.is_empty();
                    self.source
                        .attempt(Readable, no_bytes, place, cx, |stream| read_some(stream, buffer))
                }
            }
        };
    };
}
pub(crate) use read_methods;

/// Room for so many bytes is made before each read to the end.
const ROOM: usize = 16 * 1024;

/// So many reads to the end in a row; then the others run first. Who writes for ever would keep us
/// for ever.
const IN_A_ROW: usize = 16;

/// Reads once. Where the kernel takes less at once than there is room for (2 GiB), a short read
/// says nothing.
pub(crate) fn read_some(stream: &impl StdStream, buffer: &mut [u8]) -> io::Result<Tried<usize>> {
    const AT_ONCE: usize = 1 << 30;
    let n = stream.read(buffer)?;
    Ok(match 0 < n && n < buffer.len().min(AT_ONCE) {
        true => Tried::Last(n),
        false => Tried::Done(n),
    })
}

pub(crate) fn read<S, B>(
    source: &Arc<Source<S>>,
    mut buffer: B,
) -> impl Leaf<B::Output<io::Result<usize>>> + use<S, B>
where
    S: StdStream,
    B: Buffer<Content: AsMut<[u8]>>,
{
    let no_bytes = buffer.content().as_mut().is_empty();
    Operation::new(source, Readable, buffer, |stream: &S, bytes: &mut B::Content| {
        read_some(stream, bytes.as_mut())
    })
    .at_once(no_bytes)
}

pub(crate) fn read_exact<S, B>(
    source: &Arc<Source<S>>,
    mut buffer: B,
) -> impl Leaf<B::Output<io::Result<()>>> + use<S, B>
where
    S: StdStream,
    B: Buffer<Content: AsMut<[u8]>>,
{
    let no_bytes = buffer.content().as_mut().is_empty();
    let mut done = 0;
    Operation::new(source, Readable, buffer, move |stream: &S, bytes: &mut B::Content| {
        let bytes = bytes.as_mut();
        while done < bytes.len() {
            match stream.read(&mut bytes[done..])? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                n => done += n,
            }
            if done < bytes.len() {
                return Ok(Tried::Short);
            }
        }
        Ok(Tried::Done(()))
    })
    .at_once(no_bytes)
}

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
        for _ in 0..IN_A_ROW {
            let start = bytes.len();
            bytes.resize(start + ROOM, 0);
            let read = stream.read(&mut bytes[start..]);
            bytes.truncate(start + read.as_ref().map_or(0, |n| *n));
            match read? {
                0 => return Ok(Tried::Done(done)),
                n => done += n,
            }
        }
        Ok(Tried::Turn)
    })
}
