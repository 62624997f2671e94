//! [`Sources`]: the descriptors that a loop's tasks may wait for.
//!
//! ```text
//!   63            32 31             0     The kernel returns this token with each event. A slot
//!  ┌────────────────┬────────────────┐    that is used again has a new generation. So a late
//!  │ generation     │ slot           │    event for the former descriptor has no effect.
//!  └────────────────┴────────────────┘
//! ```
//!
//! A socket may be dropped on another thread, so the table is behind a mutex. The loop locks it to
//! look up one slot, never while it sleeps.
//!
//! A forked process gets a copy of the table, but it shares the kernel's list of registered
//! descriptors with the first process. So the copy never changes that list, and the loop of the
//! first process goes on.

use std::{
    io,
    os::fd::{AsRawFd, BorrowedFd},
    process,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use mio::{Interest, Registry, Token, unix::SourceFd};
use quadrivium_core::{
    Readiness,
    host::{DescriptorKey, Reactor},
};

use crate::error::FORKED;

#[derive(Debug)]
pub(crate) struct Sources {
    /// The process in which the loop was made.
    process: u32,
    table: Mutex<SourceTable>,
    /// Number of registered descriptors. A loop that has none never asks the operating system about
    /// them.
    registered: AtomicUsize,
}

#[derive(Debug, Default)]
struct SourceTable {
    /// Present from the first registration until the loop is closed.
    registry: Option<Registry>,
    slots: Vec<SourceSlot>,
    free: Vec<u32>,
}

#[derive(Debug, Default)]
struct SourceSlot {
    generation: u32,
    readiness: Option<Arc<Readiness>>,
}

impl Sources {
    pub(crate) fn new() -> Self {
        Self { process: process::id(), table: Mutex::default(), registered: AtomicUsize::new(0) }
    }

    /// Returns whether this process made the loop. A process that was forked later has a copy of
    /// the loop. The check is a system call.
    pub(crate) fn are_of_this_process(&self) -> bool {
        self.process == process::id()
    }

    /// Returns whether any descriptor is registered.
    #[inline]
    pub(crate) fn has_any(&self) -> bool {
        self.registered.load(Ordering::Relaxed) > 0
    }

    /// Returns whether a task waits for one of the descriptors.
    pub(crate) fn any_is_waited_for(&self) -> bool {
        let table = self.table();
        table.slots.iter().filter_map(|slot| slot.readiness.as_ref()).any(|it| it.has_waiters())
    }

    /// Allows descriptors to be registered from now on, with the registry that `registry` returns.
    pub(crate) fn open(&self, registry: impl FnOnce() -> io::Result<Registry>) -> io::Result<()> {
        let mut table = self.table();
        if table.registry.is_none() {
            table.registry = Some(registry()?);
        }
        Ok(())
    }

    /// Forgets everything when the loop ends. The kernel does the same when the reactor is closed.
    pub(crate) fn close(&self) {
        let left = std::mem::take(&mut *self.table());
        self.registered.store(0, Ordering::Relaxed);
        drop(left);
    }

    /// Returns the readiness of the descriptor that an event is for, unless the event is stale.
    pub(crate) fn at(&self, token: Token) -> Option<Arc<Readiness>> {
        let (slot, generation) = (token.0 as u32, (token.0 >> 32) as u32);
        let table = self.table();
        let slot = table.slots.get(slot as usize)?;
        (slot.generation == generation).then(|| slot.readiness.clone())?
    }

    /// No user code runs under this lock, so the table behind a poisoned lock is still consistent.
    fn table(&self) -> MutexGuard<'_, SourceTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SourceTable {
    fn insert(&mut self, readiness: Arc<Readiness>) -> (u32, Token) {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(SourceSlot::default());
            // A process has fewer descriptors than a `u32` can count.
            self.slots.len() as u32 - 1
        });
        let slot = &mut self.slots[index as usize];
        slot.readiness = Some(readiness);
        (index, Token((slot.generation as usize) << 32 | index as usize))
    }

    fn remove(&mut self, index: u32) -> Option<Arc<Readiness>> {
        let slot = self.slots.get_mut(index as usize)?;
        let readiness = slot.readiness.take()?;
        // An event could be mistaken only if it was delayed for four billion uses of its slot.
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(index);
        Some(readiness)
    }
}

impl Reactor for Sources {
    fn register(
        &self,
        fd: BorrowedFd<'_>,
        readiness: &Arc<Readiness>,
    ) -> io::Result<DescriptorKey> {
        let mut table = self.table();
        if table.registry.is_none() {
            return Err(io::Error::other(
                "the loop of this task is gone: use the socket in a task of a loop that still exists",
            ));
        }
        if !self.are_of_this_process() {
            return Err(io::Error::other(FORKED));
        }
        let (index, token) = table.insert(Arc::clone(readiness));
        let interests = interests(readiness);
        let registry = table.registry.as_ref().expect("the registry was checked above");
        let registered = registry.register(&mut SourceFd(&fd.as_raw_fd()), token, interests);
        if let Err(error) = registered {
            table.remove(index);
            return Err(explain(error));
        }
        self.registered.fetch_add(1, Ordering::Relaxed);
        Ok(DescriptorKey(token.0 as u64))
    }

    fn deregister(&self, fd: BorrowedFd<'_>, key: DescriptorKey) {
        let mut table = self.table();
        let Some(registry) = &table.registry else { return };
        if self.are_of_this_process() {
            // This fails if the caller has closed the descriptor already. Then the kernel has
            // forgotten it.
            let _ = registry.deregister(&mut SourceFd(&fd.as_raw_fd()));
        }
        table.remove(key.0 as u32);
        self.registered.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Returns the events that the kernel is asked to report. Urgent bytes are included only where they
/// matter, because the kernel reports an urgent byte that comes alone as something to read.
fn interests(readiness: &Readiness) -> Interest {
    let both = Interest::READABLE | Interest::WRITABLE;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if readiness.may_trust() {
        readiness.watch_urgent(true);
        return both | Interest::PRIORITY;
    }
    readiness.watch_urgent(false);
    both
}

/// Explains the error that the kernel returns for a descriptor that has no events.
fn explain(error: io::Error) -> io::Error {
    match error.kind() {
        // EPERM
        io::ErrorKind::PermissionDenied => io::Error::new(
            io::ErrorKind::Unsupported,
            "this descriptor cannot be waited for: a regular file or a directory is always ready, \
             so use it without a wait, or through `fs`",
        ),
        _ => error,
    }
}
