//! [`Connection`]: a stream that keeps the limits of its server.

use std::{
    cell::Cell,
    io,
    net::{Shutdown, SocketAddr},
    rc::Rc,
    time::{Duration, Instant},
};

use quadrivium::{io::Leaf, net::TcpStream};

use super::{
    Places, Server,
    moving::{self, Watch},
    stop::Stop,
};

/// An accepted connection. Clones are the same connection; its place is
/// returned when the last of them is dropped.
///
/// On every operation, `TimedOut` is the end of a connection on which no byte
/// has moved for too long, whichever clone moved the last one.
#[derive(Clone)]
pub struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    shared: Rc<ConnectionState>,
}

/// What a connection shares with its clones and its upstream.
pub(super) struct ConnectionState {
    pub(super) stop: Stop,
    pub(super) idle_timeout: Option<Duration>,
    /// When the last bytes moved.
    pub(super) moved: Cell<Option<Instant>>,
    places: Rc<Places>,
}

impl Connection {
    /// Takes a place.
    pub(super) fn new(
        server: &Server,
        (stream, peer): (TcpStream, SocketAddr),
    ) -> Self {
        // Whole messages are written, so nothing is gained by gathering them.
        // A connection that is reset already will say so when it is read.
        let _ = stream.set_nodelay(true);
        let places = Rc::clone(&server.shared.places);
        places.taken.set(places.taken.get() + 1);
        let shared = Rc::new(ConnectionState {
            stop: server.shared.stop.clone(),
            idle_timeout: server.shared.limits.idle_timeout,
            moved: Cell::new(None),
            places,
        });
        Self { stream, peer, shared }
    }

    /// A second stream that belongs to this connection, such as a proxy's to
    /// its upstream: what moves on either of them keeps both from being idle.
    pub fn beside(&self, stream: TcpStream) -> Self {
        let _ = stream.set_nodelay(true);
        Self { stream, peer: self.peer, shared: Rc::clone(&self.shared) }
    }

    /// Who has connected.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Whether the server has been stopped.
    pub fn is_stopping(&self) -> bool {
        self.shared.stop.is_stopping()
    }

    /// Reads what there is; 0 at the end, and when nothing comes for a moment
    /// after the stop. For the points at which the program may end.
    pub fn read<'a>(
        &self,
        buffer: &'a mut [u8],
    ) -> impl Leaf<io::Result<usize>> + use<'a> {
        let watch = Watch::until_the_stop(&self.shared);
        moving::read(&self.stream, watch, buffer, |result, _| result)
    }

    /// The same, with a buffer that is given back.
    pub fn read_owned<B: AsMut<[u8]>>(
        &self,
        buffer: B,
    ) -> impl Leaf<(io::Result<usize>, B)> + use<B> {
        let watch = Watch::until_the_stop(&self.shared);
        moving::read(&self.stream, watch, buffer, |result, buffer| {
            (result, buffer)
        })
    }

    /// Reads what there is; 0 at the end. For the middle of something, which
    /// goes on after the stop.
    pub fn read_on<'a>(
        &self,
        buffer: &'a mut [u8],
    ) -> impl Leaf<io::Result<usize>> + use<'a> {
        let watch = Watch::new(&self.shared);
        moving::read(&self.stream, watch, buffer, |result, _| result)
    }

    /// The same, with a buffer that is given back.
    pub fn read_on_owned<B: AsMut<[u8]>>(
        &self,
        buffer: B,
    ) -> impl Leaf<(io::Result<usize>, B)> + use<B> {
        let watch = Watch::new(&self.shared);
        moving::read(&self.stream, watch, buffer, |result, buffer| {
            (result, buffer)
        })
    }

    /// Writes all of these bytes, also after the stop.
    pub fn write_all<'a>(
        &self,
        bytes: &'a [u8],
    ) -> impl Leaf<io::Result<()>> + use<'a> {
        let watch = Watch::new(&self.shared);
        moving::write_all(&self.stream, watch, bytes, |result, _| result)
    }

    /// The same, with bytes that are given back.
    pub fn write_all_owned<B: AsRef<[u8]>>(
        &self,
        bytes: B,
    ) -> impl Leaf<(io::Result<()>, B)> + use<B> {
        let watch = Watch::new(&self.shared);
        moving::write_all(&self.stream, watch, bytes, |result, bytes| {
            (result, bytes)
        })
    }

    /// Says that no more will be written. No error if the other end is gone:
    /// it needs not be told.
    pub fn end_writing(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Whether dropping it is a reset, so that the other end does not take what
    /// it has got for all there was.
    pub fn reset_on_close(&self, reset: bool) {
        let _ = self.stream.set_linger(reset.then_some(Duration::ZERO));
    }
}

impl Drop for ConnectionState {
    fn drop(&mut self) {
        self.places.taken.set(self.places.taken.get() - 1);
        // The accept loop may wait for it, and so may the end of the server.
        self.places.returned.notify_all();
    }
}
