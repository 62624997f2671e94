//! [`Source`]: a descriptor, and where it is registered.
//!
//! ```text
//!   TcpStream ─┐                          reactor of the host
//!   a clone   ─┼─► Source ── key ───────► slot ─┐
//!   operation ─┘     └── Arc<Readiness> ◄───────┘
//! ```
//!
//! It registers when a task waits for it first, so one that is never waited for costs the reactor
//! nothing, and a socket that was made on one thread waits on another.

use std::{
    fmt, io,
    os::fd::AsFd,
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
};

/// How soon something is tried again of which no edge tells.
const AGAIN_AFTER: Duration = Duration::from_millis(1);

pub(crate) struct Source<T: AsFd> {
    /// There until it is taken out to be used without us.
    io: Option<T>,
    readiness: Arc<Readiness>,
    registration: Mutex<Option<Registration>>,
    /// The operation that is tried next has suspended, so it need not give way. Where there are
    /// two, one of them gives way once more or once less.
    has_suspended: AtomicBool,
}

struct Registration {
    reactor: Arc<dyn Reactor>,
    key: DescriptorKey,
}

/// What a try came to that did not fail.
pub(crate) enum Tried<R> {
    /// Done.
    Done(R),
    /// Done, by a read that has filled a part of its buffer.
    Last(R),
    /// Not done, for that reason.
    Short,
    /// Not done, and the others are to run first.
    Turn,
    /// Not done, and no edge will tell when to try again.
    Later,
}

impl<T: AsFd> Source<T> {
    /// A descriptor that does not block.
    pub(crate) fn new(io: T) -> Self {
        Self {
            io: Some(io),
            readiness: Arc::default(),
            registration: Mutex::new(None),
            has_suspended: AtomicBool::new(false),
        }
    }

    /// A stream socket of ours that does not block, which nobody else has used. Its short reads may
    /// be trusted if it is a TCP socket: the system can be set up to make a socket of another
    /// protocol, such as multipath TCP.
    pub(crate) fn own_tcp(io: T) -> Self {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if let Ok(Some(socket2::Protocol::TCP)) = socket2::SockRef::from(&io).protocol() {
            return Self::plain_tcp(io);
        }
        Self::new(io)
    }

    /// A TCP socket that does not block, with nothing above TCP in the kernel, and which nobody
    /// else has used. Only for systems on which the reactor tells of urgent bytes.
    pub(crate) fn plain_tcp(io: T) -> Self {
        let source = Self::new(io);
        source.readiness.trust_short_reads();
        source
    }

    /// Whether it is that still.
    pub(crate) fn is_plain_tcp(&self) -> bool {
        self.readiness.may_trust()
    }

    /// The descriptor, for somebody who may do with it what we know nothing of: take urgent bytes
    /// out, or put TLS into the kernel.
    pub(crate) fn lend(&self) -> &T {
        if self.readiness.may_trust() {
            self.readiness.distrust();
        }
        self.io()
    }

    #[inline]
    pub(crate) fn io(&self) -> &T {
        self.io.as_ref().expect("it is taken out by value")
    }

    /// The descriptor, deregistered, for its last user.
    ///
    /// Whether a descriptor blocks is a property of what it refers to, and another one for the same
    /// thing shares it. So there is nothing to give out while others use it: either they would
    /// block their loop, or the taker would get `EAGAIN` without knowing why.
    pub(crate) fn take_out(source: Arc<Self>) -> io::Result<T> {
        let mut source = Arc::try_unwrap(source).map_err(|_| used_by_others())?;
        source.deregister();
        Ok(source.io.take().expect("it is taken out once"))
    }

    /// Tries until it is done or would block. Then waits, on the host that drives this thread.
    ///
    /// An attempt `at_once` is one on no bytes. It never blocks, so it is made whether or not the
    /// descriptor may be ready.
    pub(crate) fn attempt<R>(
        &self,
        interest: Interest,
        at_once: bool,
        place: &mut QueuePlace,
        cx: &Context<'_>,
        mut attempt: impl FnMut(&T) -> io::Result<Tried<R>>,
    ) -> Step<io::Result<R>> {
        // A peer that is fast enough would keep its reader from ever suspending.
        if fairness::gives_way(self.has_suspended.load(Ordering::Relaxed)) {
            return self.suspend(Wait::Turn);
        }
        let done = loop {
            let edge = self.readiness.maybe_ready(interest);
            if edge.is_none() && !at_once {
                match self.wait(interest, place, cx) {
                    Ok(true) => return self.suspend(Wait::Ready),
                    Ok(false) => continue,
                    Err(error) => break Err(error),
                }
            }
            match attempt(self.io()) {
                Ok(Tried::Done(output)) => break Ok(output),
                Ok(Tried::Last(output)) => {
                    edge.inspect(|edge| self.readiness.short(*edge));
                    break Ok(output);
                }
                Ok(Tried::Short) => {
                    edge.inspect(|edge| self.readiness.short(*edge));
                }
                Ok(Tried::Turn) => return self.suspend(Wait::Turn),
                Ok(Tried::Later) => {
                    // At the end of all time it is tried in each turn.
                    let again = cx.now().checked_add(AGAIN_AFTER);
                    return self.suspend(again.map_or(Wait::Turn, Wait::Until));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let edge = edge.expect("an attempt on no bytes does not block");
                    self.readiness.drained(interest, edge);
                }
                Err(error) => break Err(error),
            }
        };
        self.leave(interest, place);
        self.has_suspended.store(false, Ordering::Relaxed);
        fairness::done(done)
    }

    /// Waits no more. An operation that is dropped takes its waker along.
    pub(crate) fn leave(&self, interest: Interest, place: &mut QueuePlace) {
        self.readiness.leave(interest, place);
    }

    fn suspend<R>(&self, wait: Wait) -> Step<R> {
        self.has_suspended.store(true, Ordering::Relaxed);
        Step::Suspended(wait)
    }

    /// Leaves the task's waker. False when the descriptor has become ready since it was tried.
    fn wait(
        &self,
        interest: Interest,
        place: &mut QueuePlace,
        cx: &Context<'_>,
    ) -> io::Result<bool> {
        // Registered first: the reactor tells of what is ready by then.
        self.register()?;
        Ok(self.readiness.wait(interest, place, cx))
    }

    /// Registers with the reactor of the host that drives this thread, if it is not there already.
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
        // A reactor that tells of them says so.
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

    /// No user code runs under this lock, so a poisoned one holds nothing half done.
    fn registration(&self) -> MutexGuard<'_, Option<Registration>> {
        self.registration.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cold]
fn waited_for_elsewhere() -> io::Error {
    let remedy = "a task on another host waits for this descriptor: let it end first, or cancel it";
    io::Error::new(io::ErrorKind::ResourceBusy, remedy)
}

#[cold]
fn used_by_others() -> io::Error {
    let remedy = "clones of it or operations on it are left, and would block too: drop them first";
    io::Error::new(io::ErrorKind::ResourceBusy, remedy)
}

impl<T: AsFd> Drop for Source<T> {
    fn drop(&mut self) {
        // Before the descriptor is closed: its number may be used again at once.
        self.deregister();
    }
}

impl<T: AsFd + fmt::Debug> fmt::Debug for Source<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io().fmt(f)
    }
}
