//! [`Connect`]: a stream that is being connected.

use std::{fmt, future::IntoFuture, io, marker::PhantomData, net, os::unix, pin::Pin, sync::Arc};

use quadrivium_core::{Context, Interest, Perform, RESUMED_AFTER_DONE, Step, Task, Ticket};
use socket2::{SockAddr, Socket, Type};

use crate::{
    source::{Source, Tried},
    stream::Stream,
    tcp,
};

/// A task that connects a stream to one address. Made by
/// [`UnixStream::connect`](crate::net::UnixStream::connect), and what
/// [`TcpStream::connect`](crate::net::TcpStream::connect) is made of.
#[must_use = "a task is lazy: perform it"]
pub struct Connect<S: Connects> {
    state: State<S>,
    made: PhantomData<fn() -> S>,
}

/// A stream that can be connected.
#[allow(private_bounds)]
pub trait Connects: Made {}

/// Of what such a stream is made.
pub(crate) trait Made: Sized {
    type Std: Peer;

    fn of(source: Arc<Source<Self::Std>>) -> Self;
}

impl<S: Made> Connects for S {}

/// A stream of the standard library that may be connected or not yet.
pub(crate) trait Peer: Stream + From<Socket> {
    /// Made of a socket that nobody else has used.
    fn into_source(self) -> Source<Self>;
    fn take_error(&self) -> io::Result<Option<io::Error>>;
    fn has_peer(&self) -> io::Result<()>;
}

enum State<S: Made> {
    /// Not resumed yet; or there is no such address.
    Lazy(io::Result<SockAddr>),
    /// The kernel tells when it is connected.
    InProgress(Arc<Source<S::Std>>, Ticket),
    Done,
}

impl<S: Connects> Connect<S> {
    pub(crate) fn new(address: io::Result<SockAddr>) -> Self {
        Self { state: State::Lazy(address), made: PhantomData }
    }
}

impl<S: Connects> Task for Connect<S> {
    type Output = io::Result<S>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        if let State::Lazy(_) = self.state {
            let State::Lazy(address) = std::mem::replace(&mut self.state, State::Done) else {
                unreachable!("it has just been looked at")
            };
            match address.and_then(|address| begin(&address)) {
                Ok(socket) => {
                    let source = Arc::new(S::Std::from(socket).into_source());
                    self.state = State::InProgress(source, Ticket::default());
                }
                Err(error) => return Step::Done(Err(error)),
            }
        }
        let State::InProgress(source, ticket) = &mut self.state else {
            panic!("{RESUMED_AFTER_DONE}")
        };
        match source.attempt(Interest::Writable, false, ticket, cx, is_connected) {
            Step::Suspended(wait) => Step::Suspended(wait),
            Step::Done(result) => {
                let stream = S::of(Arc::clone(source));
                self.state = State::Done;
                Step::Done(result.map(|()| stream))
            }
        }
    }
}

/// Tells the kernel to connect.
fn begin(address: &SockAddr) -> io::Result<Socket> {
    let socket = Socket::new(address.domain(), Type::STREAM.nonblocking().cloexec(), None)?;
    match socket.connect(address) {
        Ok(()) => Ok(socket),
        // A signal does not undo it either.
        Err(error) if matches!(error.raw_os_error(), Some(libc::EINPROGRESS | libc::EINTR)) => {
            Ok(socket)
        }
        // A Unix socket whose listener has no room: nothing would tell when it has.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            let remedy = "the listener's queue of connections is full: try again later";
            Err(io::Error::new(io::ErrorKind::WouldBlock, remedy))
        }
        Err(error) => Err(error),
    }
}

/// A socket that is writable is connected, or has an error; a wake for no reason is neither.
fn is_connected(stream: &impl Peer) -> io::Result<Tried<()>> {
    if let Some(error) = stream.take_error()? {
        return Err(error);
    }
    match stream.has_peer() {
        Ok(()) => Ok(Tried::Done(())),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => {
            Err(io::ErrorKind::WouldBlock.into())
        }
        Err(error) => Err(error),
    }
}

impl Peer for net::TcpStream {
    fn into_source(self) -> Source<Self> {
        tcp::new_source(self)
    }
    fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.take_error()
    }
    fn has_peer(&self) -> io::Result<()> {
        self.peer_addr().map(drop)
    }
}

impl Peer for unix::net::UnixStream {
    fn into_source(self) -> Source<Self> {
        Source::new(self)
    }
    fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.take_error()
    }
    fn has_peer(&self) -> io::Result<()> {
        self.peer_addr().map(drop)
    }
}

// Nothing in it is ever pinned.
impl<S: Connects> Unpin for Connect<S> {}

impl<S: Connects> IntoFuture for Connect<S> {
    type Output = io::Result<S>;
    type IntoFuture = Perform<Self>;

    fn into_future(self) -> Self::IntoFuture {
        Perform::new(self)
    }
}

impl<S: Connects> fmt::Debug for Connect<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.state {
            State::Lazy(_) => "Connect(lazy)",
            State::InProgress(..) => "Connect(in progress)",
            State::Done => "Connect(done)",
        })
    }
}
