//! [`Connection`]: a TCP stream with the limits of its server.

use std::{
    cell::Cell,
    io::{self, IoSlice},
    net::{Shutdown, SocketAddr},
    rc::Rc,
    time::{Duration, Instant},
};

use quadrivium::{
    fs::File,
    io::{AttemptRead, AttemptWrite, Attempts, Interest, Leaf},
    net::TcpStream,
    task::{Context, Step},
};

use super::{
    Server, ServerScope,
    transfer::{self, IdlePlace, WaitLimits},
};

/// An accepted connection. Clones are the same connection.
///
/// Every operation fails with `TimedOut` when no byte has moved on the
/// connection for too long. Bytes that move through any clone count.
#[derive(Clone)]
pub struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    shared: Rc<ConnectionState>,
}

/// The state that a connection shares with its clones, and with the connection
/// of a proxy to its upstream.
pub(super) struct ConnectionState {
    pub(super) scope: ServerScope,
    pub(super) idle_timeout: Option<Duration>,
    /// When the last bytes moved.
    pub(super) moved: Cell<Option<Instant>>,
}

impl Connection {
    pub(super) fn new(
        server: &Server,
        (stream, peer): (TcpStream, SocketAddr),
    ) -> Self {
        // The programs write whole messages, so the kernel need not wait for
        // more. If this fails, the connection is reset, and reads will fail.
        let _ = stream.set_nodelay(true);
        let shared = Rc::new(ConnectionState {
            scope: server.shared.scope.clone(),
            idle_timeout: server.shared.limits.idle_timeout,
            moved: Cell::new(None),
        });
        Self { stream, peer, shared }
    }

    /// Adds a second stream to this connection, such as the stream of a proxy
    /// to its upstream. A byte that moves on either stream counts for both, so
    /// neither of them is idle.
    pub fn add_stream(&self, stream: TcpStream) -> Self {
        let _ = stream.set_nodelay(true);
        Self { stream, peer: self.peer, shared: Rc::clone(&self.shared) }
    }

    /// Returns the address of the client.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Returns whether the server has been stopped.
    pub fn is_stopping(&self) -> bool {
        self.shared.scope.is_closed()
    }

    /// Reads the next bytes. Returns 0 at the end of the stream. After the
    /// stop, also returns 0 when no byte comes for a moment. For the points at
    /// which the program may end the connection.
    pub fn read_or_stop<'a>(
        &self,
        buffer: &'a mut [u8],
    ) -> impl Leaf<io::Result<usize>> + use<'a> {
        let limits = WaitLimits::until_stop(&self.shared);
        transfer::read(&self.stream, limits, buffer, |result, _| result)
    }

    /// The same, with a buffer that is returned with the result.
    pub fn read_or_stop_owned<B: AsMut<[u8]>>(
        &self,
        buffer: B,
    ) -> impl Leaf<(io::Result<usize>, B)> + use<B> {
        let limits = WaitLimits::until_stop(&self.shared);
        transfer::read(&self.stream, limits, buffer, |result, buffer| {
            (result, buffer)
        })
    }

    /// Reads the next bytes, also after the stop. Returns 0 at the end of the
    /// stream. For the middle of a message, which is read to its end.
    pub fn read<'a>(
        &self,
        buffer: &'a mut [u8],
    ) -> impl Leaf<io::Result<usize>> + use<'a> {
        let limits = WaitLimits::new(&self.shared);
        transfer::read(&self.stream, limits, buffer, |result, _| result)
    }

    /// The same, with a buffer that is returned with the result.
    pub fn read_owned<B: AsMut<[u8]>>(
        &self,
        buffer: B,
    ) -> impl Leaf<(io::Result<usize>, B)> + use<B> {
        let limits = WaitLimits::new(&self.shared);
        transfer::read(&self.stream, limits, buffer, |result, buffer| {
            (result, buffer)
        })
    }

    /// Writes all of these bytes, also after the stop.
    pub fn write_all<'a>(
        &self,
        bytes: &'a [u8],
    ) -> impl Leaf<io::Result<()>> + use<'a> {
        let limits = WaitLimits::new(&self.shared);
        transfer::write_all(&self.stream, limits, bytes, |result, _| result)
    }

    /// The same, with bytes that are returned with the result.
    pub fn write_all_owned<B: AsRef<[u8]>>(
        &self,
        bytes: B,
    ) -> impl Leaf<(io::Result<()>, B)> + use<B> {
        let limits = WaitLimits::new(&self.shared);
        transfer::write_all(&self.stream, limits, bytes, |result, bytes| {
            (result, bytes)
        })
    }

    /// Shuts down the writing side, so that the other end reads the end of the
    /// stream. Fails silently if the other end is gone.
    pub fn end_writing(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Sets whether the connection is reset when it is dropped. After a reset,
    /// the other end does not take the bytes that it has for the whole.
    pub fn reset_on_close(&self, reset: bool) {
        let _ = self.stream.set_linger(reset.then_some(Duration::ZERO));
    }
}

/// For `copy` and other code of the library. Each attempt has the idle timeout.
impl Attempts for Connection {
    type Place = IdlePlace;

    fn leave(&self, interest: Interest, place: &mut IdlePlace) {
        self.stream.leave(interest, &mut place.queue);
    }
}

impl AttemptRead for Connection {
    fn attempt_read(
        &self,
        place: &mut IdlePlace,
        cx: &Context<'_>,
        buffer: &mut [u8],
    ) -> Step<io::Result<usize>> {
        let step = self.stream.attempt_read(&mut place.queue, cx, buffer);
        place.limit(step, &self.shared, cx)
    }
}

impl AttemptWrite for Connection {
    fn attempt_write(
        &self,
        place: &mut IdlePlace,
        cx: &Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Step<io::Result<usize>> {
        let step = self.stream.attempt_write(&mut place.queue, cx, slices);
        place.limit(step, &self.shared, cx)
    }

    fn attempt_send_file(
        &self,
        place: &mut IdlePlace,
        cx: &Context<'_>,
        file: &File,
        offset: u64,
        most: usize,
    ) -> Step<io::Result<Option<usize>>> {
        let (queue, stream) = (&mut place.queue, &self.stream);
        let step = stream.attempt_send_file(queue, cx, file, offset, most);
        place.limit(step, &self.shared, cx)
    }

    fn end_writing(&self) -> io::Result<()> {
        self.end_writing();
        Ok(())
    }
}
