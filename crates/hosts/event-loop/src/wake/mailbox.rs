//! [`Mailbox`]: how other threads reach a loop.
//!
//! ```text
//!  any thread                        mailbox                                 the loop's thread
//!  waker.wake() ──── 1. post ──────► ┌──────────────────────────────┐
//!  canceller.cancel()                │ state: Mutex                 │ ── 3. take_unread, each turn
//!  stopper.stop()                    │ has_unread: AtomicBool       │
//!       └─── 2. unpark, if parked ──►│ unparker: the loop's eventfd │ ◄─ 4. prepare_to_park,
//!                                    └──────────────────────────────┘       note_awake
//! ```
//!
//! `has_unread` is written only under the lock. It is true if something was posted after the last
//! `take_unread`. A reader that holds the lock sees every post. A reader without the lock may see
//! an old value. A turn reads it without the lock: a post that this read misses is found in the
//! next turn. A decision that must not miss a post is made under the lock, such as the decision to
//! park.
//!
//! `tests/mailbox_model.rs` runs this file through every interleaving of a few threads.

use std::{collections::HashSet, mem};

use super::{
    sync::{Arc, AtomicBool, Mutex, MutexGuard, Ordering, PoisonError},
    unparker::Unparker,
};
use crate::{tasks::slot_key::SlotKey, threads::loop_record::LoopRecord};

#[derive(Default)]
pub(crate) struct Mailbox {
    /// Something was posted after the last `take_unread`. The top of this file has the rules for
    /// reading it.
    has_unread: AtomicBool,
    /// The loop sleeps, or is about to: the next post must unpark it. Set only under the lock. The
    /// loop clears it without the lock: a post that misses this unparks a loop that is awake, which
    /// is harmless.
    parked: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Present while a loop owns the mailbox.
    unparker: Option<Arc<Unparker>>,
    /// What other threads know about that loop.
    record: Option<std::sync::Arc<LoopRecord>>,
    /// The lowest generation of the loop that owns the mailbox. One loop after another owns it, and
    /// each starts with a higher generation than the loops before have used. So a key with a lower
    /// generation belongs to a task of an earlier loop.
    first_generation: u32,
    unread: Unread,
    /// For each slot: one more than the generation of the task whose wake is in `unread`, or 0. A
    /// second wake of the same task adds nothing.
    posted: Vec<u32>,
    /// The slots and generations of the parts whose wakes are in `unread`.
    posted_parts: HashSet<(u32, u32)>,
}

/// Requests from other threads that the loop has not read yet.
#[derive(Default)]
pub(crate) struct Unread {
    pub(crate) requests: Vec<RemoteRequest>,
    /// A waker was cloned on another thread.
    pub(crate) escaped: bool,
}

/// A request from another thread to a loop.
pub(crate) enum RemoteRequest {
    Wake(SlotKey),
    /// Wake a part of a combinator.
    WakePart(SlotKey),
    Cancel(SlotKey),
    /// Call this closure.
    Run(Box<dyn FnOnce() + Send>),
    Stop,
}

impl Mailbox {
    /// Opens the mailbox for a new loop.
    pub(crate) fn open(
        &self,
        unparker: Unparker,
        first_generation: u32,
        record: std::sync::Arc<LoopRecord>,
    ) {
        let (unparker, record) = (Some(Arc::new(unparker)), Some(record));
        self.parked.store(false, Ordering::Relaxed);
        *self.lock() = State { unparker, record, first_generation, ..State::default() };
    }

    /// Returns what other threads know about the loop, if a loop owns the mailbox.
    pub(crate) fn record(&self) -> Option<std::sync::Arc<LoopRecord>> {
        self.lock().record.clone()
    }

    /// Closes the mailbox when its loop ends, and returns the requests that are left in it.
    /// Requests that are posted from now on are dropped.
    pub(crate) fn close(&self) -> Unread {
        let left = mem::take(&mut *self.lock());
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

    /// Wakes a part of a combinator, from any thread.
    pub(crate) fn wake_part(&self, key: SlotKey) {
        self.post(|state| {
            if key.generation() >= state.first_generation
                && state.posted_parts.insert((key.slot(), key.generation()))
            {
                state.unread.requests.push(RemoteRequest::WakePart(key));
            }
        });
    }

    /// Records that a waker of this task, or of a part, was cloned on another thread.
    pub(crate) fn waker_escapes(&self, key: SlotKey) {
        self.post(|state| state.unread.escaped |= key.generation() >= state.first_generation);
    }

    /// Changes the state, and then unparks the loop if it is parked. Does nothing without a loop.
    fn post(&self, put: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        if state.unparker.is_none() {
            return;
        }
        put(&mut state);
        self.has_unread.store(true, Ordering::Release);
        let must_unpark = self.parked.load(Ordering::Relaxed);
        if must_unpark {
            self.parked.store(false, Ordering::Relaxed);
            let unparker = state.unparker.clone();
            drop(state);
            unparker.inspect(|unparker| unparker.unpark());
        }
    }

    /// Exchanges the requests that have come since the last call for those in `read`, which must be
    /// none. So the memory of both lists is used again. Returns false if nothing was posted.
    pub(crate) fn take_unread(&self, read: &mut Unread) -> bool {
        if self.is_empty() {
            return false;
        }
        let mut state = self.lock();
        self.has_unread.store(false, Ordering::Release);
        mem::swap(&mut state.unread, read);
        state.posted_parts.clear();
        for request in &read.requests {
            if let RemoteRequest::Wake(key) = request {
                state.posted[key.slot() as usize] = 0;
            }
        }
        true
    }

    /// Returns whether nothing was posted since the last `take_unread`. It takes the lock, so it
    /// sees every post that finished before this call.
    pub(crate) fn is_empty_for_certain(&self) -> bool {
        let _state = self.lock();
        self.is_empty()
    }

    /// Returns whether nothing was posted since the last `take_unread`. It does not take the lock,
    /// so it may miss a request that is just being posted.
    pub(crate) fn is_empty(&self) -> bool {
        !self.has_unread.load(Ordering::Acquire)
    }

    /// Records that the loop is about to sleep, so that the next post unparks it. Returns false if
    /// something was posted: then the loop must not sleep.
    pub(crate) fn prepare_to_park(&self) -> bool {
        let _state = self.lock();
        let is_empty = self.is_empty();
        self.parked.store(is_empty, Ordering::Relaxed);
        is_empty
    }

    /// Records that the loop is awake again, so that a post need not unpark it.
    pub(crate) fn note_awake(&self) {
        self.parked.store(false, Ordering::Relaxed);
    }

    /// Posts a request to the loop whose generations begin with `first_generation`.
    ///
    /// If that loop has ended, another loop or none owns the mailbox. Then the request is dropped
    /// on this thread, after the lock is released, because dropping a closure runs user code.
    pub(crate) fn request(&self, request: RemoteRequest, first_generation: u32) {
        let mut request = Some(request);
        self.post(|state| {
            if state.first_generation == first_generation {
                state.unread.requests.extend(request.take());
            }
        });
    }

    /// Ends the sleep of the loop without a request, so that it checks its state again.
    pub(crate) fn unpark_loop(&self) {
        self.post(|_| ());
    }

    /// No user code runs under this lock, so the state behind a poisoned lock is still consistent.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
