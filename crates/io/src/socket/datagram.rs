//! Sending and receiving datagrams. The macro [`datagram_methods`] gives a socket its methods.

use std::{fmt, io, os::fd::AsFd, sync::Arc};

use quadrivium_core::Interest::{Readable, Writable};

use crate::descriptor::{Buffer, Leaf, Operation, Source, Tried};

/// Defines the methods of a datagram socket. The descriptor of the socket is `self.source`, and
/// `$std` is its type in the standard library.
macro_rules! datagram_methods {
    ($socket:ident, $std:ty, $address:ty) => {
        const _: () = {
            use std::io;

            use crate::{
                descriptor::{Borrowed, Leaf, Owned},
                socket::datagram::{receive, send},
            };

            impl $socket {
                /// Receives a datagram and returns its number of bytes. A socket that is connected
                /// receives only from its peer. Bytes for which `buffer` has no room are lost.
                ///
                /// An operation that is dropped before it is done has received nothing.
                #[track_caller]
                pub fn recv<'a>(
                    &self,
                    buffer: &'a mut [u8],
                ) -> impl Leaf<io::Result<usize>> + use<'a> {
                    receive(&self.source, Borrowed(buffer), <$std>::recv)
                }

                /// Like [`recv`](Self::recv), but takes the buffer and returns it with the result.
                #[track_caller]
                pub fn recv_owned<B: AsMut<[u8]>>(
                    &self,
                    buffer: B,
                ) -> impl Leaf<(io::Result<usize>, B)> + use<B> {
                    receive(&self.source, Owned(buffer), <$std>::recv)
                }

                /// Receives a datagram. Returns its number of bytes and the address of the sender.
                /// Bytes for which `buffer` has no room are lost.
                ///
                /// An operation that is dropped before it is done has received nothing.
                #[track_caller]
                pub fn recv_from<'a>(
                    &self,
                    buffer: &'a mut [u8],
                ) -> impl Leaf<io::Result<(usize, $address)>> + use<'a> {
                    receive(&self.source, Borrowed(buffer), <$std>::recv_from)
                }

                /// Like [`recv_from`](Self::recv_from), but takes the buffer and returns it with
                /// the result.
                #[track_caller]
                pub fn recv_from_owned<B: AsMut<[u8]>>(
                    &self,
                    buffer: B,
                ) -> impl Leaf<(io::Result<(usize, $address)>, B)> + use<B> {
                    receive(&self.source, Owned(buffer), <$std>::recv_from)
                }

                /// Sends a datagram to the address that the socket is connected to, and returns the
                /// number of bytes.
                ///
                /// An operation that is dropped before it is done has sent nothing.
                #[track_caller]
                pub fn send<'a>(&self, bytes: &'a [u8]) -> impl Leaf<io::Result<usize>> + use<'a> {
                    send(&self.source, Borrowed(bytes), <$std>::send)
                }

                /// Like [`send`](Self::send), but takes the bytes and returns them with the result.
                #[track_caller]
                pub fn send_owned<B: AsRef<[u8]>>(
                    &self,
                    bytes: B,
                ) -> impl Leaf<(io::Result<usize>, B)> + use<B> {
                    send(&self.source, Owned(bytes), <$std>::send)
                }
            }
        };
    };
}
pub(crate) use datagram_methods;

/// Receives a datagram into a buffer with `call`, a method of the standard library.
#[track_caller]
pub(crate) fn receive<T, B, F, R>(
    source: &Arc<Source<T>>,
    buffer: B,
    mut call: F,
) -> impl Leaf<B::Output<io::Result<R>>> + use<T, B, F, R>
where
    T: AsFd + fmt::Debug,
    B: Buffer<Content: AsMut<[u8]>>,
    F: FnMut(&T, &mut [u8]) -> io::Result<R>,
{
    Operation::new(source, Readable, buffer, move |socket: &T, bytes: &mut B::Content| {
        call(socket, bytes.as_mut()).map(Tried::Done)
    })
}

/// Sends these bytes as a datagram with `call`, a method of the standard library.
#[track_caller]
pub(crate) fn send<T, B, F>(
    source: &Arc<Source<T>>,
    bytes: B,
    mut call: F,
) -> impl Leaf<B::Output<io::Result<usize>>> + use<T, B, F>
where
    T: AsFd + fmt::Debug,
    B: Buffer<Content: AsRef<[u8]>>,
    F: FnMut(&T, &[u8]) -> io::Result<usize>,
{
    Operation::new(source, Writable, bytes, move |socket: &T, bytes: &mut B::Content| {
        call(socket, (*bytes).as_ref()).map(Tried::Done)
    })
}
