//! What datagram sockets have in common.

/// The operations of a datagram socket, whose descriptor is `self.source`.
macro_rules! datagram_operations {
    ($socket:ident, $address:ty) => {
        impl $socket {
            /// Receives a datagram from whom it is connected to, or from anyone: how many bytes.
            /// What does not fit is lost.
            ///
            /// Dropped before it is done, it has received nothing.
            pub fn recv<'a>(&self, buffer: &'a mut [u8]) -> impl Leaf<io::Result<usize>> + use<'a> {
                let kept = Lent(buffer);
                Operation::new(&self.source, Readable, kept, |socket: &Std, buffer| {
                    socket.recv(buffer).map(Tried::Done)
                })
            }

            /// The same, with a buffer that is given back.
            pub fn recv_owned<B: AsMut<[u8]>>(
                &self,
                buffer: B,
            ) -> impl Leaf<(io::Result<usize>, B)> + use<B> {
                let kept = Owned(buffer);
                Operation::new(&self.source, Readable, kept, |socket: &Std, buffer: &mut B| {
                    socket.recv(buffer.as_mut()).map(Tried::Done)
                })
            }

            /// Receives a datagram: how many bytes, and from whom. What does not fit is lost.
            ///
            /// Dropped before it is done, it has received nothing.
            pub fn recv_from<'a>(
                &self,
                buffer: &'a mut [u8],
            ) -> impl Leaf<io::Result<(usize, $address)>> + use<'a> {
                let kept = Lent(buffer);
                Operation::new(&self.source, Readable, kept, |socket: &Std, buffer| {
                    socket.recv_from(buffer).map(Tried::Done)
                })
            }

            /// The same, with a buffer that is given back.
            pub fn recv_from_owned<B: AsMut<[u8]>>(
                &self,
                buffer: B,
            ) -> impl Leaf<(io::Result<(usize, $address)>, B)> + use<B> {
                let kept = Owned(buffer);
                Operation::new(&self.source, Readable, kept, |socket: &Std, buffer: &mut B| {
                    socket.recv_from(buffer.as_mut()).map(Tried::Done)
                })
            }

            /// Sends a datagram to whom it is connected to: how many bytes.
            ///
            /// Dropped before it is done, it has sent nothing.
            pub fn send<'a>(&self, bytes: &'a [u8]) -> impl Leaf<io::Result<usize>> + use<'a> {
                let kept = Lent(bytes);
                Operation::new(&self.source, Writable, kept, |socket: &Std, bytes| {
                    socket.send(bytes).map(Tried::Done)
                })
            }

            /// The same, with bytes that are given back.
            pub fn send_owned<B: AsRef<[u8]>>(
                &self,
                bytes: B,
            ) -> impl Leaf<(io::Result<usize>, B)> + use<B> {
                let kept = Owned(bytes);
                Operation::new(&self.source, Writable, kept, |socket: &Std, bytes: &mut B| {
                    socket.send((*bytes).as_ref()).map(Tried::Done)
                })
            }
        }
    };
}
pub(crate) use datagram_operations;
