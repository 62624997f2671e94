//! How datagrams are sent and received. [`datagram_methods`] gives a socket its methods.

use std::{fmt, io, os::fd::AsFd, sync::Arc};

use quadrivium_core::Interest::{Readable, Writable};

use crate::descriptor::{Buffer, Leaf, Operation, Source, Tried};

/// The methods of a datagram socket whose descriptor is `self.source`, and which is `$std` in the
/// standard library.
macro_rules! datagram_methods {
    ($socket:ident, $std:ty, $address:ty) => {
        const _: () = {
            use std::io;

            use crate::{
                descriptor::{Borrowed, Leaf, Owned},
                socket::datagram::{receive, send},
            };

            impl $socket {
                /// Receives a datagram from whom it is connected to, or from anyone: how many
                /// bytes. What does not fit is lost.
                ///
                /// Dropped before it is done, it has received nothing.
                pub fn recv<'a>(
                    &self,
                    buffer: &'a mut [u8],
                ) -> impl Leaf<io::Result<usize>> + use<'a> {
                    receive(&self.source, Borrowed(buffer), <$std>::recv)
                }

                /// The same, with a buffer that is given back.
                pub fn recv_owned<B: AsMut<[u8]>>(
                    &self,
                    buffer: B,
                ) -> impl Leaf<(io::Result<usize>, B)> + use<B> {
                    receive(&self.source, Owned(buffer), <$std>::recv)
                }

                /// Receives a datagram: how many bytes, and from whom. What does not fit is lost.
                ///
                /// Dropped before it is done, it has received nothing.
                pub fn recv_from<'a>(
                    &self,
                    buffer: &'a mut [u8],
                ) -> impl Leaf<io::Result<(usize, $address)>> + use<'a> {
                    receive(&self.source, Borrowed(buffer), <$std>::recv_from)
                }

                /// The same, with a buffer that is given back.
                pub fn recv_from_owned<B: AsMut<[u8]>>(
                    &self,
                    buffer: B,
                ) -> impl Leaf<(io::Result<(usize, $address)>, B)> + use<B> {
                    receive(&self.source, Owned(buffer), <$std>::recv_from)
                }

                /// Sends a datagram to whom it is connected to: how many bytes.
                ///
                /// Dropped before it is done, it has sent nothing.
                pub fn send<'a>(&self, bytes: &'a [u8]) -> impl Leaf<io::Result<usize>> + use<'a> {
                    send(&self.source, Borrowed(bytes), <$std>::send)
                }

                /// The same, with bytes that are given back.
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

/// Receives a datagram into a buffer, by one call of the standard library.
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

/// Sends these bytes as a datagram, by one call of the standard library.
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
