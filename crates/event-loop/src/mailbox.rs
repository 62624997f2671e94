//! Mailboxes: how other threads reach a loop, also one that is about to go or long gone.
//!
//! ```text
//!  any thread                         mailbox i (static, never freed)            the loop's thread
//!  waker.wake() ─── 1. post ────►  ┌──────────────────────────────┐
//!  canceller.cancel()              │ inbox: Mutex                 │ ── 3. take_mail, once a turn ─►
//!  stopper.stop()                  │ has_mail: a hint, no lock    │
//!        └──── 2. ring, if parked ─►│ bell: the loop's eventfd     │ ◄─ 4. park / unparked
//!                                  └──────────────────────────────┘
//! ```
//!
//! A mailbox belongs to one loop after another and is never freed, so a wake cannot race the end of
//! its loop: it finds an open box, or a closed one and does nothing. Generations go on where the
//! loop before stopped, so a waker of that loop finds nobody in this one.
//!
//! Everything that must not be missed is decided under the lock. `has_mail` only spares a turn the
//! lock; a loop that is about to park looks under it.

use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::{
    reactor::Bell,
    waker::{GENERATIONS, Key, LOOPS},
};

const SEGMENT: usize = 256;
static MAILBOXES: [OnceLock<Box<[Mailbox]>>; LOOPS / SEGMENT] =
    [const { OnceLock::new() }; LOOPS / SEGMENT];
static UNUSED: Mutex<Unused> = Mutex::new(Unused { returned: Vec::new(), fresh: 0 });

/// Mailboxes without a loop.
struct Unused {
    /// Index, and the generation to go on with.
    returned: Vec<(u16, u32)>,
    fresh: u16,
}

#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    has_mail: AtomicBool,
    inbox: Mutex<Inbox>,
}

#[derive(Debug, Default)]
struct Inbox {
    /// There while a loop owns the box.
    bell: Option<Arc<Bell>>,
    first_generation: u32,
    parked: bool,
    mail: Mail,
    /// By slot, one more than the generation whose wake lies in `mail`: a second one adds nothing.
    posted: Vec<u32>,
}

/// What came from other threads.
#[derive(Debug, Default)]
pub(crate) struct Mail {
    pub(crate) posts: Vec<Post>,
    pub(crate) stop: bool,
    /// A waker was cloned on another thread.
    pub(crate) escaped: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Post {
    Wake(Key),
    Cancel(Key),
}

/// The mailbox of the loop with this index.
pub(crate) fn of(index: u16) -> &'static Mailbox {
    let index = usize::from(index);
    let segment = &MAILBOXES[index / SEGMENT];
    &segment.get_or_init(|| (0..SEGMENT).map(|_| Mailbox::default()).collect())[index % SEGMENT]
}

/// Takes an unused mailbox for a new loop: its index, and the generation its slots start with.
///
/// # Errors
///
/// When there are as many loops as can exist.
pub(crate) fn claim(bell: Bell) -> io::Result<(u16, u32)> {
    let (index, generation) = lock(&UNUSED).take().ok_or_else(|| {
        let most = format!("no more than {LOOPS} loops can exist at once: drop some first");
        io::Error::new(io::ErrorKind::QuotaExceeded, most)
    })?;
    *lock(&of(index).inbox) =
        Inbox { bell: Some(Arc::new(bell)), first_generation: generation, ..Inbox::default() };
    Ok((index, generation))
}

impl Unused {
    fn take(&mut self) -> Option<(u16, u32)> {
        let returned = self.returned.pop();
        returned.or_else(|| {
            let fresh = (usize::from(self.fresh) < LOOPS).then_some((self.fresh, 0))?;
            self.fresh += 1;
            Some(fresh)
        })
    }
}

/// Gives a mailbox back. `generation` is one more than the highest its loop has used.
pub(crate) fn release(index: u16, generation: u32) {
    let left = std::mem::take(&mut *lock(&of(index).inbox));
    drop(left);
    // A box that could no longer tell its loops apart is not used again.
    if generation < GENERATIONS / 2 {
        lock(&UNUSED).returned.push((index, generation));
    }
}

impl Mailbox {
    pub(crate) fn wake(&self, key: Key) {
        self.post(|inbox| {
            let slot = key.slot() as usize;
            if slot >= inbox.posted.len() {
                inbox.posted.resize(slot + 1, 0);
            }
            if inbox.posted[slot] != key.generation() + 1 {
                inbox.posted[slot] = key.generation() + 1;
                inbox.mail.posts.push(Post::Wake(key));
            }
        });
    }

    pub(crate) fn waker_escapes(&self) {
        self.post(|inbox| inbox.mail.escaped = true);
    }

    fn post(&self, put: impl FnOnce(&mut Inbox)) {
        let mut inbox = lock(&self.inbox);
        let Some(bell) = inbox.bell.clone() else { return };
        put(&mut inbox);
        self.has_mail.store(true, Ordering::Release);
        let must_ring = std::mem::take(&mut inbox.parked);
        drop(inbox);
        if must_ring {
            bell.ring();
        }
    }

    /// Everything that has come since the last call.
    pub(crate) fn take_mail(&self) -> Option<Mail> {
        if !self.has_mail.load(Ordering::Acquire) {
            return None;
        }
        let mut inbox = lock(&self.inbox);
        self.has_mail.store(false, Ordering::Release);
        let mail = std::mem::take(&mut inbox.mail);
        for post in &mail.posts {
            if let Post::Wake(key) = post {
                inbox.posted[key.slot() as usize] = 0;
            }
        }
        Some(mail)
    }

    /// Whether nothing has come since.
    pub(crate) fn is_empty(&self) -> bool {
        !self.has_mail.load(Ordering::Acquire)
    }

    /// Announces that the loop is about to sleep. False when there is mail: then it must not.
    pub(crate) fn park(&self) -> bool {
        let mut inbox = lock(&self.inbox);
        inbox.parked = !self.has_mail.load(Ordering::Acquire);
        inbox.parked
    }

    /// The loop is awake again: posts need not ring.
    pub(crate) fn unparked(&self) {
        lock(&self.inbox).parked = false;
    }
}

/// No user code runs under these locks, so a poisoned one holds nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reaches a loop from any thread. The loop can count how many of these are about.
#[derive(Clone, Debug)]
pub(crate) struct Remote {
    pub(crate) index: u16,
    /// Where the loop's generations begin: no other loop with this mailbox begins there.
    pub(crate) first_generation: u32,
    pub(crate) count: Arc<()>,
}

impl Remote {
    pub(crate) fn cancel(&self, key: Key) {
        of(self.index).post(|inbox| inbox.mail.posts.push(Post::Cancel(key)));
    }

    pub(crate) fn stop(&self) {
        of(self.index).post(|inbox| {
            inbox.mail.stop |= inbox.first_generation == self.first_generation;
        });
    }
}
