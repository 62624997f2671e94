//! [`Connect`]: the leaf that connects a stream to one address.

use std::{fmt, io, mem, os::fd::AsFd, pin::Pin};

use quadrivium_core::{
    Context, Interest, QueuePlace, RESUMED_AFTER_DONE, Step, Task, inspect::LeafKind,
};
use socket2::{SockAddr, SockRef, Socket, Type};

use crate::descriptor::{Source, Tried};

/// A task that connects a stream to one address. Created by
/// [`UnixStream::connect`](crate::net::UnixStream::connect), and used inside
/// [`TcpStream::connect`](crate::net::TcpStream::connect).
#[must_use = "a task is lazy: perform it"]
pub struct Connect<S> {
    state: State<S>,
}

/// A type of stream that [`Connect`] can connect.
pub(crate) trait Connectable: Sized {
    /// Creates the stream from a socket that only this crate has used and that is not connected
    /// yet.
    fn from_socket(socket: Socket) -> Self;

    fn source(&self) -> &Source<impl AsFd>;
}

enum State<S> {
    /// Not resumed yet. An error means that the address is invalid.
    Lazy(io::Result<SockAddr>, QueuePlace),
    /// The kernel is connecting the stream, and an edge reports that it has finished.
    InProgress(S, QueuePlace),
    Done,
}

impl<S> Connect<S> {
    #[track_caller]
    pub(crate) fn new(address: io::Result<SockAddr>) -> Self {
        Self { state: State::Lazy(address, QueuePlace::new()) }
    }
}

impl<S: Connectable> Task for Connect<S> {
    type Output = io::Result<S>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        let connecting = match mem::replace(&mut self.state, State::Done) {
            State::Lazy(address, place) => {
                let socket = address.and_then(|address| start_connecting(&address));
                socket.map(|socket| (S::from_socket(socket), place))
            }
            State::InProgress(stream, place) => Ok((stream, place)),
            State::Done => panic!("{RESUMED_AFTER_DONE}"),
        };
        let (stream, mut place) = match connecting {
            Ok(connecting) => connecting,
            Err(error) => return Step::Done(Err(error)),
        };
        let (kind, interest) = (LeafKind::Connect, Interest::Writable);
        match stream.source().attempt_as(kind, interest, false, &mut place, cx, is_connected) {
            Step::Suspended(wait) => {
                self.state = State::InProgress(stream, place);
                Step::Suspended(wait)
            }
            Step::Done(result) => Step::Done(result.map(|()| stream)),
        }
    }
}

/// Creates a socket and tells the kernel to connect it.
fn start_connecting(address: &SockAddr) -> io::Result<Socket> {
    let socket = Socket::new(address.domain(), Type::STREAM.nonblocking().cloexec(), None)?;
    match socket.connect(address) {
        Ok(()) => Ok(socket),
        // The kernel goes on connecting, also when a signal has interrupted the call.
        Err(error) if matches!(error.raw_os_error(), Some(libc::EINPROGRESS | libc::EINTR)) => {
            Ok(socket)
        }
        // A Unix listener has a full queue. No edge would report when there is room.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            let remedy = "the listener's queue of connections is full: try again later";
            Err(io::Error::new(io::ErrorKind::WouldBlock, remedy))
        }
        Err(error) => Err(error),
    }
}

/// Returns whether the stream is connected. A socket that becomes writable is connected or has an
/// error. After a spurious wake (a wake without a reason) it is neither.
fn is_connected(stream: &impl AsFd) -> io::Result<Tried<()>> {
    let socket = SockRef::from(stream);
    if let Some(error) = socket.take_error()? {
        return Err(error);
    }
    match socket.peer_addr() {
        Ok(_) => Ok(Tried::Done(())),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => {
            Err(io::ErrorKind::WouldBlock.into())
        }
        Err(error) => Err(error),
    }
}

// No field is ever pinned.
impl<S> Unpin for Connect<S> {}

quadrivium_core::leaf! {
    impl[S: Connectable] Connect<S>;
}

impl<S> fmt::Debug for Connect<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.state {
            State::Lazy(..) => "Connect(lazy)",
            State::InProgress(..) => "Connect(in progress)",
            State::Done => "Connect(done)",
        })
    }
}
