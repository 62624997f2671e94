//! Code that TCP, UDP and Unix sockets share. The macro [`socket_methods`] gives a socket its
//! options, its conversions and its descriptor.

pub(crate) mod connect;
pub(crate) mod datagram;

/// Defines the methods that all sockets share. The descriptor of the socket is `self.source`, and
/// `$std` is its type in the standard library.
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

                /// Returns the address of this socket.
                ///
                /// # Errors
                ///
                /// Returns an error when the kernel cannot report it.
                pub fn local_addr(&self) -> io::Result<$address> {
                    self.source.io().local_addr()
                }

                /// Converts a socket of the standard library, and makes it non-blocking.
                ///
                /// # Errors
                ///
                /// Returns an error when the socket cannot be made non-blocking.
                pub fn from_std(socket: $std) -> io::Result<Self> {
                    socket.set_nonblocking(true)?;
                    Ok(Self::new(socket))
                }

                /// Converts the socket to a socket of the standard library, and makes it blocking
                /// again.
                ///
                /// # Errors
                ///
                /// Returns a `ResourceBusy` error while clones of the socket or operations on it
                /// are left, because they would block, too. Returns an error when the socket cannot
                /// be made blocking.
                pub fn into_std(self) -> io::Result<$std> {
                    let socket = Source::into_io(self.source)?;
                    socket.set_nonblocking(false)?;
                    Ok(socket)
                }

                /// Returns the descriptor, and makes it blocking again: for a
                /// [`Stdio`](crate::process::Stdio) of a child, or for another library.
                ///
                /// # Errors
                ///
                /// Returns the errors of [`into_std`](Self::into_std).
                pub fn into_fd(self) -> io::Result<OwnedFd> {
                    self.into_std().map(OwnedFd::from)
                }

                /// Returns the error that the kernel has stored for this socket, and clears it.
                ///
                /// # Errors
                ///
                /// Returns an error when the kernel cannot be asked.
                pub fn take_error(&self) -> io::Result<Option<io::Error>> {
                    self.source.io().take_error()
                }

                /// Returns the size of the kernel's send buffer: the number of bytes that may wait
                /// to be sent. The kernel's own bookkeeping counts, too.
                ///
                /// # Errors
                ///
                /// Returns an error when the kernel cannot be asked.
                pub fn send_buffer_size(&self) -> io::Result<usize> {
                    SockRef::from(self.source.io()).send_buffer_size()
                }

                /// Sets the size of the kernel's send buffer: the number of bytes that may wait to
                /// be sent. Linux doubles the number.
                ///
                /// # Errors
                ///
                /// Returns an error when the kernel refuses.
                pub fn set_send_buffer_size(&self, bytes: usize) -> io::Result<()> {
                    SockRef::from(self.source.io()).set_send_buffer_size(bytes)
                }

                /// Returns the size of the kernel's receive buffer: the number of bytes that may
                /// wait to be read. The kernel's own bookkeeping counts, too.
                ///
                /// # Errors
                ///
                /// Returns an error when the kernel cannot be asked.
                pub fn recv_buffer_size(&self) -> io::Result<usize> {
                    SockRef::from(self.source.io()).recv_buffer_size()
                }

                /// Sets the size of the kernel's receive buffer: the number of bytes that may wait
                /// to be read. Linux doubles the number.
                ///
                /// # Errors
                ///
                /// Returns an error when the kernel refuses.
                pub fn set_recv_buffer_size(&self, bytes: usize) -> io::Result<()> {
                    SockRef::from(self.source.io()).set_recv_buffer_size(bytes)
                }
            }

            /// For example to set other options with `socket2::SockRef`. The descriptor is
            /// non-blocking. A child process needs a blocking one: use `into_fd`.
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
