//! Sockets: what those of TCP, UDP and Unix have in common. [`socket_methods`] gives a socket its
//! options, its conversions and its descriptor.

pub(crate) mod connect;
pub(crate) mod datagram;

/// The methods of a socket whose descriptor is `self.source`, and which is `$std` in the standard
/// library.
macro_rules! socket_methods {
    ($socket:ident, $std:ty, $address:ty) => {
        const _: () = {
            use std::{
                io,
                os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd},
                sync::Arc,
            };

            use socket2::SockRef;

            use crate::descriptor::Source;

            impl $socket {
                pub(crate) fn new(socket: $std) -> Self {
                    Self { source: Arc::new(Source::new(socket)) }
                }

                /// The address of this socket.
                ///
                /// # Errors
                ///
                /// When the kernel does not say.
                pub fn local_addr(&self) -> io::Result<$address> {
                    self.source.io().local_addr()
                }

                /// The socket of the standard library, made ready for tasks.
                ///
                /// # Errors
                ///
                /// When it cannot be made non-blocking.
                pub fn from_std(socket: $std) -> io::Result<Self> {
                    socket.set_nonblocking(true)?;
                    Ok(Self::new(socket))
                }

                /// The socket for the standard library, which blocks again.
                ///
                /// # Errors
                ///
                /// `ResourceBusy` while clones of the socket or operations on it are left: they
                /// would block, too. When it cannot be made blocking.
                pub fn into_std(self) -> io::Result<$std> {
                    let socket = Source::take_out(self.source)?;
                    socket.set_nonblocking(false)?;
                    Ok(socket)
                }

                /// The descriptor, which blocks again: for a [`Stdio`](crate::process::Stdio) of a
                /// child, or another library.
                ///
                /// # Errors
                ///
                /// As [`into_std`](Self::into_std).
                pub fn into_fd(self) -> io::Result<OwnedFd> {
                    self.into_std().map(OwnedFd::from)
                }

                /// The error that the kernel keeps for this socket, which it forgets then.
                ///
                /// # Errors
                ///
                /// When it cannot be asked.
                pub fn take_error(&self) -> io::Result<Option<io::Error>> {
                    self.source.io().take_error()
                }

                /// How many bytes the kernel keeps on their way out. It counts its own, too.
                ///
                /// # Errors
                ///
                /// When it cannot be asked.
                pub fn send_buffer_size(&self) -> io::Result<usize> {
                    SockRef::from(self.source.io()).send_buffer_size()
                }

                /// How many bytes the kernel is to keep on their way out. Linux takes twice as
                /// many.
                ///
                /// # Errors
                ///
                /// When it refuses.
                pub fn set_send_buffer_size(&self, bytes: usize) -> io::Result<()> {
                    SockRef::from(self.source.io()).set_send_buffer_size(bytes)
                }

                /// How many bytes the kernel keeps that have not been read. It counts its own, too.
                ///
                /// # Errors
                ///
                /// When it cannot be asked.
                pub fn recv_buffer_size(&self) -> io::Result<usize> {
                    SockRef::from(self.source.io()).recv_buffer_size()
                }

                /// How many bytes the kernel is to keep that have not been read. Linux takes twice
                /// as many.
                ///
                /// # Errors
                ///
                /// When it refuses.
                pub fn set_recv_buffer_size(&self, bytes: usize) -> io::Result<()> {
                    SockRef::from(self.source.io()).set_recv_buffer_size(bytes)
                }
            }

            /// For all other options, such as with `socket2::SockRef`. It does not block: a child
            /// gets one by `into_fd`.
            impl AsFd for $socket {
                fn as_fd(&self) -> BorrowedFd<'_> {
                    self.source.lend().as_fd()
                }
            }

            impl AsRawFd for $socket {
                fn as_raw_fd(&self) -> RawFd {
                    self.source.lend().as_raw_fd()
                }
            }
        };
    };
}
pub(crate) use socket_methods;
