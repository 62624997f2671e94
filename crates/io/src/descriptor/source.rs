//! [`Source`]: a descriptor, and its registration with a reactor.
//!
//! A *reactor* is the part of a host that asks the operating system which descriptors have become
//! ready. Each such event is called an *edge*.
//!
//! ```text
//!   TcpStream ─┐                          reactor of the host
//!   a clone   ─┼─► Source ── key ───────► slot ─┐
//!   operation ─┘     └── Arc<Readiness> ◄───────┘
//! ```
//!
//! A source registers its descriptor when a task waits for it for the first time. So a descriptor
//! that no task waits for costs the reactor nothing. So a socket may be created on one thread and
//! used on another.

use std::{
    fmt, io,
    os::fd::{AsFd, AsRawFd},
    ptr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use quadrivium_core::{
    Context, Interest, QueuePlace, Readiness, Step, Wait, fairness,
    host::{self, DescriptorKey, Reactor},
    inspect::{LeafKind, ObjectNumber, note},
};

/// The delay before an operation is tried again when no edge will report that it is time.
const RETRY_DELAY: Duration = Duration::from_millis(1);

pub(crate) struct Source<T: AsFd> {
    /// `None` only after `into_io` has taken it out.
    io: Option<T>,
    readiness: Arc<Readiness>,
    registration: Mutex<Option<Registration>>,
    /// Whether the operation that is tried next has already suspended, so that it need not give way
    /// to other tasks. If two operations share the source, one of them gives way once more or once
    /// less.
    has_suspended: AtomicBool,
}

struct Registration {
    reactor: Arc<dyn Reactor>,
    key: DescriptorKey,
}

/// The outcome of an attempt that did not fail.
pub(crate) enum Tried<R> {
    /// The operation is done.
    Done(R),
    /// The operation is done, by a read that filled only a part of its buffer.
    DoneByShortRead(R),
    /// The operation is not done, because the read filled only a part of its buffer.
    ShortRead,
    /// The operation is not done, and the other tasks are to run first.
    GiveWay,
    /// The operation is not done, and no edge will report when to try again.
    RetryLater,
}

impl<T: AsFd> Source<T> {
    /// Creates a source. The descriptor must be non-blocking.
    pub(crate) fn new(io: T) -> Self {
        Self {
            io: Some(io),
            readiness: Arc::default(),
            registration: Mutex::new(None),
            has_suspended: AtomicBool::new(false),
        }
    }

    /// Creates a source for a non-blocking stream socket that only this crate has used.
    ///
    /// A short read is a read that fills only a part of its buffer. On a TCP socket it may be
    /// trusted to mean that nothing is left to read. The protocol is checked, because a system can
    /// be set up to create a socket of another protocol instead, such as multipath TCP.
    pub(crate) fn own_tcp(io: T) -> Self {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if let Ok(Some(socket2::Protocol::TCP)) = socket2::SockRef::from(&io).protocol() {
            return Self::plain_tcp(io);
        }
        Self::new(io)
    }

    /// Creates a source for a non-blocking TCP socket that only this crate has used, with no
    /// protocol above TCP in the kernel. Its short reads are trusted, if the reactor reports urgent
    /// bytes.
    pub(crate) fn plain_tcp(io: T) -> Self {
        let source = Self::new(io);
        source.readiness.trust_short_reads();
        source
    }

    /// Returns whether short reads of this socket are trusted. They no longer are after
    /// [`lend`](Self::lend).
    pub(crate) fn is_plain_tcp(&self) -> bool {
        self.readiness.may_trust()
    }

    /// Lends the descriptor to code outside this crate. That code may take urgent bytes out or put
    /// TLS into the kernel, so short reads are not trusted from now on.
    pub(crate) fn lend(&self) -> &T {
        if self.readiness.may_trust() {
            self.readiness.distrust();
        }
        self.io()
    }

    #[inline]
    pub(crate) fn io(&self) -> &T {
        self.io.as_ref().expect("only `into_io` takes it out")
    }

    /// Removes the registration and returns the descriptor.
    ///
    /// Whether a descriptor blocks is a property of the open socket or pipe behind it, and all
    /// duplicates of the descriptor share that property. So this is an error while clones or
    /// operations are left. If the caller then made the descriptor blocking, these clones and
    /// operations would block their loop. If the caller left it non-blocking, it would get `EAGAIN`
    /// without knowing why.
    pub(crate) fn into_io(source: Arc<Self>) -> io::Result<T> {
        let mut source = Arc::try_unwrap(source).map_err(|_| used_by_others())?;
        source.deregister();
        Ok(source.io.take().expect("`into_io` is called once"))
    }

    /// Removes the registration and returns the descriptor.
    pub(crate) fn into_owned(mut self) -> T {
        self.deregister();
        self.io.take().expect("`into_owned` is called once")
    }

    /// Calls `attempt` until the operation is done or would block. If it would block, waits on the
    /// host that drives this thread.
    ///
    /// If the buffer is empty, `attempt` cannot block, so it is called even if the descriptor is
    /// known not to be ready.
    pub(crate) fn attempt<R>(
        &self,
        interest: Interest,
        buffer_is_empty: bool,
        place: &mut QueuePlace,
        cx: &Context<'_>,
        attempt: impl FnMut(&T) -> io::Result<Tried<R>>,
    ) -> Step<io::Result<R>> {
        self.attempt_as(kind_of(interest), interest, buffer_is_empty, place, cx, attempt)
    }

    /// Like `attempt`, for a leaf that reports call by a name of its own.
    pub(crate) fn attempt_as<R>(
        &self,
        kind: LeafKind,
        interest: Interest,
        buffer_is_empty: bool,
        place: &mut QueuePlace,
        cx: &Context<'_>,
        mut attempt: impl FnMut(&T) -> io::Result<Tried<R>>,
    ) -> Step<io::Result<R>> {
        // If a peer is fast enough, the reader would never suspend without this check.
        if fairness::gives_way(self.has_suspended.load(Ordering::Relaxed)) {
            return self.suspend(Wait::Turn);
        }
        let done = loop {
            let edge = self.readiness.maybe_ready(interest);
            if edge.is_none() && !buffer_is_empty {
                match self.wait(interest, place, cx) {
                    Ok(true) => {
                        self.note(kind, place);
                        return self.suspend(Wait::Ready);
                    }
                    Ok(false) => continue,
                    Err(error) => break Err(error),
                }
            }
            match attempt(self.io()) {
                Ok(Tried::Done(output)) => break Ok(output),
                Ok(Tried::DoneByShortRead(output)) => {
                    edge.inspect(|edge| self.readiness.short(*edge));
                    break Ok(output);
                }
                Ok(Tried::ShortRead) => {
                    edge.inspect(|edge| self.readiness.short(*edge));
                }
                Ok(Tried::GiveWay) => return self.suspend(Wait::Turn),
                Ok(Tried::RetryLater) => {
                    // If the clock cannot represent that deadline, the operation is tried in each
                    // turn.
                    let retry_at = cx.now().checked_add(RETRY_DELAY);
                    return self.suspend(retry_at.map_or(Wait::Turn, Wait::Until));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let edge = edge.expect("an attempt on an empty buffer does not block");
                    self.readiness.drained(interest, edge);
                }
                Err(error) => break Err(error),
            }
        };
        self.leave(interest, place);
        self.has_suspended.store(false, Ordering::Relaxed);
        fairness::done(done)
    }

    /// Stops waiting: removes the waker in `place` from the queue. An operation calls this when it
    /// is done or dropped.
    pub(crate) fn leave(&self, interest: Interest, place: &mut QueuePlace) {
        self.readiness.leave(interest, place);
    }

    /// Notes what the calling leaf waits for.
    fn note(&self, kind: LeafKind, place: &QueuePlace) {
        let number = u32::try_from(self.io().as_fd().as_raw_fd());
        note(kind, Some(place.line()), number.map_or(ObjectNumber::NONE, ObjectNumber::of_index));
    }

    fn suspend<R>(&self, wait: Wait) -> Step<R> {
        self.has_suspended.store(true, Ordering::Relaxed);
        Step::Suspended(wait)
    }

    /// Puts the task's waker into the waiting queue and returns true. Returns false if the
    /// descriptor has become ready since the last attempt.
    fn wait(
        &self,
        interest: Interest,
        place: &mut QueuePlace,
        cx: &Context<'_>,
    ) -> io::Result<bool> {
        // The descriptor is registered first. The reactor then also reports readiness from before
        // the registration.
        self.register()?;
        Ok(self.readiness.wait(interest, place, cx))
    }

    /// Registers the descriptor with the reactor of the host that drives this thread, unless it is
    /// registered there already.
    fn register(&self) -> io::Result<()> {
        let reactor = host::reactor()?;
        let mut registration = self.registration();
        if let Some(former) = &*registration {
            if ptr::addr_eq(Arc::as_ptr(&former.reactor), Arc::as_ptr(&reactor)) {
                return Ok(());
            }
            if self.readiness.has_waiters() {
                return Err(waited_for_elsewhere());
            }
            former.reactor.deregister(self.io().as_fd(), former.key);
            *registration = None;
        }
        // A reactor that reports urgent bytes sets this to true in `register`.
        self.readiness.watch_urgent(false);
        let key = reactor.register(self.io().as_fd(), &self.readiness)?;
        *registration = Some(Registration { reactor, key });
        Ok(())
    }

    fn deregister(&mut self) {
        let registration = self.registration().take();
        if let (Some(Registration { reactor, key }), Some(io)) = (registration, &self.io) {
            reactor.deregister(io.as_fd(), key);
        }
    }

    /// No user code runs under this lock, so a poisoned lock cannot protect half-made changes.
    fn registration(&self) -> MutexGuard<'_, Option<Registration>> {
        self.registration.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns what reports call a leaf that waits until its descriptor is ready.
pub(super) fn kind_of(interest: Interest) -> LeafKind {
    match interest {
        Interest::Readable => LeafKind::Read,
        Interest::Writable => LeafKind::Write,
    }
}

#[cold]
fn waited_for_elsewhere() -> io::Error {
    let remedy = "a task on another host already waits for this descriptor: wait until that task \
                  has ended, or cancel it";
    io::Error::new(io::ErrorKind::ResourceBusy, remedy)
}

#[cold]
fn used_by_others() -> io::Error {
    let remedy = "clones of this socket or pipe, or operations on it, still exist and would block, \
                  too: drop them first";
    io::Error::new(io::ErrorKind::ResourceBusy, remedy)
}

impl<T: AsFd> Drop for Source<T> {
    fn drop(&mut self) {
        // This must happen before the descriptor is closed, because its number may be used again at
        // once.
        self.deregister();
    }
}

impl<T: AsFd + fmt::Debug> fmt::Debug for Source<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io().fmt(f)
    }
}
