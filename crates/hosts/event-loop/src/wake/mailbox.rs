//! [`Mailbox`]: how other threads reach a loop.
//!
//! ```text
//!  any thread                        mailbox                                 the loop's thread
//!  waker.wake() ──── 1. post ──────► ┌──────────────────────────────┐
//!  canceller.cancel()                │ state: Mutex                 │ ── 3. take_unread, each turn
//!  stopper.stop()                    │ has_unread: a hint, no lock  │
//!       └─── 2. unpark, if parked ──►│ unparker: the loop's eventfd │ ◄─ 4. park, unparked
//!                                    └──────────────────────────────┘
//! ```
//!
//! Everything that must not be missed is decided under the lock. `has_unread` only spares a turn
//! the lock; a loop that is about to park looks under it. `tests/mailbox_model.rs` runs this very
//! file through every interleaving of a few threads.

use super::{
    sync::{Arc, AtomicBool, Mutex, MutexGuard, Ordering, PoisonError},
    unparker::Unparker,
};
use crate::tasks::slot_key::SlotKey;

#[derive(Default)]
pub(crate) struct Mailbox {
    has_unread: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// There while a loop owns the mailbox.
    unparker: Option<Arc<Unparker>>,
    first_generation: u32,
    parked: bool,
    unread: Unread,
    /// By slot, one more than the generation whose wake is in `unread`: a second one adds nothing.
    posted: Vec<u32>,
}

/// What came from other threads and was not read yet.
#[derive(Default)]
pub(crate) struct Unread {
    pub(crate) requests: Vec<RemoteRequest>,
    /// A waker was cloned on another thread.
    pub(crate) escaped: bool,
}

/// What another thread asks of a loop.
pub(crate) enum RemoteRequest {
    Wake(SlotKey),
    Cancel(SlotKey),
    /// Call this.
    Run(Box<dyn FnOnce() + Send>),
    Stop,
}

impl Mailbox {
    /// A loop owns the mailbox from now on.
    pub(crate) fn open(&self, unparker: Unparker, first_generation: u32) {
        let unparker = Some(Arc::new(unparker));
        *self.lock() = State { unparker, first_generation, ..State::default() };
    }

    /// The loop no longer owns the mailbox, and takes what is left in it. What is posted from now
    /// on is dropped.
    pub(crate) fn close(&self) -> Unread {
        let left = std::mem::take(&mut *self.lock());
        left.unread
    }

    /// Wakes a task, from any thread.
    pub(crate) fn wake(&self, key: SlotKey) {
        self.post(|state| {
            if key.generation() < state.first_generation {
                return;
            }
            let slot = key.slot() as usize;
            if slot >= state.posted.len() {
                state.posted.resize(slot + 1, 0);
            }
            if state.posted[slot] != key.generation() + 1 {
                state.posted[slot] = key.generation() + 1;
                state.unread.requests.push(RemoteRequest::Wake(key));
            }
        });
    }

    pub(crate) fn waker_escapes(&self, key: SlotKey) {
        self.post(|state| state.unread.escaped |= key.generation() >= state.first_generation);
    }

    fn post(&self, put: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        let Some(unparker) = state.unparker.clone() else { return };
        put(&mut state);
        self.has_unread.store(true, Ordering::Release);
        let must_unpark = std::mem::take(&mut state.parked);
        drop(state);
        if must_unpark {
            unparker.unpark();
        }
    }

    /// Everything that has come since the last call.
    pub(crate) fn take_unread(&self) -> Option<Unread> {
        if !self.has_unread.load(Ordering::Acquire) {
            return None;
        }
        let mut state = self.lock();
        self.has_unread.store(false, Ordering::Release);
        let unread = std::mem::take(&mut state.unread);
        for request in &unread.requests {
            if let RemoteRequest::Wake(key) = request {
                state.posted[key.slot() as usize] = 0;
            }
        }
        Some(unread)
    }

    /// Whether nothing has come, for certain: a thread that is known to be done has posted.
    pub(crate) fn is_empty_for_certain(&self) -> bool {
        let _state = self.lock();
        self.is_empty()
    }

    /// Whether nothing has come since.
    pub(crate) fn is_empty(&self) -> bool {
        !self.has_unread.load(Ordering::Acquire)
    }

    /// Announces that the loop is about to sleep. False when something has come: then it must not.
    pub(crate) fn park(&self) -> bool {
        let mut state = self.lock();
        state.parked = !self.has_unread.load(Ordering::Acquire);
        state.parked
    }

    /// The loop is awake again: a post need not unpark it.
    pub(crate) fn unparked(&self) {
        self.lock().parked = false;
    }

    /// Has the loop whose generations begin here do this in its next turn. It is dropped here when
    /// another loop has the mailbox by now, or none.
    pub(crate) fn request(&self, request: RemoteRequest, first_generation: u32) {
        let mut request = Some(request);
        self.post(|state| {
            if state.first_generation == first_generation {
                state.unread.requests.extend(request.take());
            }
        });
    }

    /// Wakes the loop, which finds nothing in here.
    pub(crate) fn look(&self) {
        self.post(|_| ());
    }

    /// No user code runs under this lock, so a poisoned one holds nothing half done.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
