//! The green threads that wait for a futex, by its address.
//!
//! The kernel does the same for OS threads. A green thread may wait for a word that another OS
//! thread changes, so the table belongs to the process.

use std::{
    cell::Cell,
    collections::VecDeque,
    pin::Pin,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering, fence},
    },
    task::Waker,
    time::Instant,
};

use quadrivium_core::{
    Context, RESUMED_AFTER_DONE, Step, Task, Wait,
    inspect::{LeafKind, ObjectNumber, note},
};

use super::super::call::without_suspension;

struct FutexWaiter {
    address: usize,
    id: u64,
    bits: u32,
    waker: Waker,
}

type FutexBucket = Mutex<VecDeque<FutexWaiter>>;

const BUCKETS: usize = 64;
static TABLE: [FutexBucket; BUCKETS] = [const { Mutex::new(VecDeque::new()) }; BUCKETS];
static WAITERS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// Whether this thread changes the table. The table's own locks are futexes, too.
    static IN_TABLE: Cell<bool> = const { Cell::new(false) };
}

/// A bucket, while this thread has it.
struct LockedBucket {
    waiters: MutexGuard<'static, VecDeque<FutexWaiter>>,
    was_in_table: bool,
}

impl LockedBucket {
    fn of(address: usize) -> Self {
        let was_in_table = IN_TABLE.replace(true);
        // A futex is a word, so its address is a multiple of four.
        let bucket = &TABLE[(address >> 2) % BUCKETS];
        // No user code runs under this lock.
        let waiters = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        Self { waiters, was_in_table }
    }

    fn end(self) {
        let Self { waiters, was_in_table } = self;
        drop(waiters);
        IN_TABLE.set(was_in_table);
    }

    fn remove(&mut self, id: u64) -> Option<FutexWaiter> {
        let place = self.waiters.iter().position(|it| it.id == id)?;
        WAITERS.fetch_sub(1, Ordering::SeqCst);
        self.waiters.remove(place)
    }
}

/// Returns whether this thread changes the table, so that it waits for a lock of the table or frees
/// one.
pub(super) fn is_in_use() -> bool {
    IN_TABLE.get()
}

/// Wakes at most `most` green threads that wait for a futex, in the order in which they came.
/// Returns their number.
pub(super) fn wake(address: usize, most: u32, bits: u32) -> u32 {
    // The calling code has changed the word before. A green thread counts itself before it reads
    // the word. So one of the two sees the other.
    fence(Ordering::SeqCst);
    if WAITERS.load(Ordering::SeqCst) == 0 {
        return 0;
    }
    let mut woken = 0;
    while woken < most {
        let mut bucket = LockedBucket::of(address);
        let is_next = |it: &FutexWaiter| it.address == address && it.bits & bits != 0;
        let next = bucket.waiters.iter().find(|it| is_next(it)).map(|it| it.id);
        let waiter = next.and_then(|id| bucket.remove(id));
        bucket.end();
        let Some(waiter) = waiter else { break };
        // The waker may be code of another executor, so nothing is locked.
        without_suspension(|| waiter.waker.wake());
        woken += 1;
    }
    woken
}

/// The way in which a wait has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FutexWaited {
    Woken,
    /// The word has another value already.
    Changed,
    TimedOut,
}

/// A task that waits until a futex is woken.
pub(super) struct FutexWait {
    word: &'static AtomicU32,
    expected: u32,
    bits: u32,
    deadline: Option<Instant>,
    /// The number of the waiter in the table. `None` before the first resume, and at the end.
    id: Option<u64>,
}

impl FutexWait {
    /// Makes a task that waits if the word still has the expected value when it is resumed.
    pub(super) fn new(
        word: &'static AtomicU32,
        expected: u32,
        bits: u32,
        deadline: Option<Instant>,
    ) -> Self {
        Self { word, expected, bits, deadline, id: None }
    }

    fn address(&self) -> usize {
        self.word.as_ptr().addr()
    }

    fn enqueue(&mut self, waker: Waker) -> bool {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut bucket = LockedBucket::of(self.address());
        WAITERS.fetch_add(1, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        let waits = self.word.load(Ordering::SeqCst) == self.expected;
        let refused = if waits {
            let (address, bits) = (self.address(), self.bits);
            bucket.waiters.push_back(FutexWaiter { address, id, bits, waker });
            self.id = Some(id);
            None
        } else {
            WAITERS.fetch_sub(1, Ordering::SeqCst);
            Some(waker)
        };
        bucket.end();
        drop(refused);
        waits
    }

    /// Returns the end of the wait, or puts a new waker into the table.
    fn look(&mut self, id: u64, cx: &Context<'_>) -> Option<FutexWaited> {
        let new = cx.waker().clone();
        let is_late = self.deadline.is_some_and(|deadline| cx.has_come(deadline));
        let mut bucket = LockedBucket::of(self.address());
        let (waited, _former) = match bucket.waiters.iter_mut().find(|it| it.id == id) {
            None => (Some(FutexWaited::Woken), Some(new)),
            Some(_) if is_late => {
                (Some(FutexWaited::TimedOut), bucket.remove(id).map(|waiter| waiter.waker))
            }
            Some(waiter) => (None, Some(std::mem::replace(&mut waiter.waker, new))),
        };
        bucket.end();
        waited
    }
}

impl Task for FutexWait {
    type Output = FutexWaited;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<FutexWaited> {
        match self.id {
            Some(id) => {
                if let Some(waited) = self.look(id, cx) {
                    self.id = None;
                    return Step::Done(waited);
                }
            }
            None if self.bits == 0 => panic!("{RESUMED_AFTER_DONE}"),
            None => {
                if !self.enqueue(cx.waker().clone()) {
                    self.bits = 0;
                    return Step::Done(FutexWaited::Changed);
                }
            }
        }
        note(LeafKind::Lock, None, ObjectNumber::NONE);
        Step::Suspended(self.deadline.map_or(Wait::Wake, Wait::Until))
    }
}

impl Drop for FutexWait {
    fn drop(&mut self) {
        let Some(id) = self.id else { return };
        let mut bucket = LockedBucket::of(self.address());
        let waiter = bucket.remove(id);
        bucket.end();
        // It was woken, and does not use the wake.
        if waiter.is_none() {
            wake(self.address(), 1, self.bits);
        }
    }
}
