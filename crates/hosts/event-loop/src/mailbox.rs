//! [`Mailbox`]: how other threads reach a loop.
//!
//! ```text
//!  any thread                        mailbox                                 the loop's thread
//!  waker.wake() ──── 1. post ──────► ┌──────────────────────────────┐
//!  canceller.cancel()                │ inbox: Mutex                 │ ── 3. take_mail, once a turn
//!  stopper.stop()                    │ has_mail: a hint, no lock    │
//!        └───── 2. ring, if parked ─►│ bell: the loop's eventfd     │ ◄─ 4. park, unparked
//!                                    └──────────────────────────────┘
//! ```
//!
//! Everything that must not be missed is decided under the lock. `has_mail` only spares a turn the
//! lock; a loop that is about to park looks under it. `tests/mailbox_model.rs` runs this very file
//! through every interleaving of a few threads.

use crate::{
    reactor::Bell,
    sync::{Arc, AtomicBool, Mutex, MutexGuard, Ordering, PoisonError},
    waker::Key,
};

#[derive(Default)]
pub(crate) struct Mailbox {
    has_mail: AtomicBool,
    inbox: Mutex<Inbox>,
}

#[derive(Default)]
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
#[derive(Default)]
pub(crate) struct Mail {
    pub(crate) posts: Vec<Post>,
    pub(crate) stop: bool,
    /// A waker was cloned on another thread.
    pub(crate) escaped: bool,
}

pub(crate) enum Post {
    Wake(Key),
    Cancel(Key),
    Run(Errand),
}

/// What another thread wants done on the loop's.
pub(crate) type Errand = Box<dyn FnOnce() + Send>;

impl Mailbox {
    /// A loop owns the box from now on.
    pub(crate) fn open(&self, bell: Bell, first_generation: u32) {
        let bell = Some(Arc::new(bell));
        *self.lock() = Inbox { bell, first_generation, ..Inbox::default() };
    }

    /// It owns the box no longer, and takes what is left in it. What is posted from now on is
    /// nobody's.
    pub(crate) fn close(&self) -> Mail {
        let left = std::mem::take(&mut *self.lock());
        left.mail
    }

    pub(crate) fn wake(&self, key: Key) {
        self.post(|inbox| {
            if key.generation() < inbox.first_generation {
                return;
            }
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

    pub(crate) fn waker_escapes(&self, key: Key) {
        self.post(|inbox| inbox.mail.escaped |= key.generation() >= inbox.first_generation);
    }

    fn post(&self, put: impl FnOnce(&mut Inbox)) {
        let mut inbox = self.lock();
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
        let mut inbox = self.lock();
        self.has_mail.store(false, Ordering::Release);
        let mail = std::mem::take(&mut inbox.mail);
        for post in &mail.posts {
            if let Post::Wake(key) = post {
                inbox.posted[key.slot() as usize] = 0;
            }
        }
        Some(mail)
    }

    /// Whether nothing has come, for certain: whoever is known to be done has put his mail in.
    pub(crate) fn is_empty_for_certain(&self) -> bool {
        let _inbox = self.lock();
        self.is_empty()
    }

    /// Whether nothing has come since.
    pub(crate) fn is_empty(&self) -> bool {
        !self.has_mail.load(Ordering::Acquire)
    }

    /// Announces that the loop is about to sleep. False when there is mail: then it must not.
    pub(crate) fn park(&self) -> bool {
        let mut inbox = self.lock();
        inbox.parked = !self.has_mail.load(Ordering::Acquire);
        inbox.parked
    }

    /// The loop is awake again: posts need not ring.
    pub(crate) fn unparked(&self) {
        self.lock().parked = false;
    }

    /// Cancels a task of the loop whose generations begin here.
    pub(crate) fn cancel(&self, key: Key, first_generation: u32) {
        self.post(|inbox| {
            if inbox.first_generation == first_generation {
                inbox.mail.posts.push(Post::Cancel(key));
            }
        });
    }

    /// Has the loop whose generations begin here do this in its next turn. It is dropped here when
    /// that loop is gone.
    pub(crate) fn run(&self, errand: Errand, first_generation: u32) {
        let mut errand = Some(errand);
        self.post(|inbox| {
            if inbox.first_generation == first_generation {
                inbox.mail.posts.extend(errand.take().map(Post::Run));
            }
        });
    }

    /// Wakes the loop, which finds nothing in here.
    pub(crate) fn look(&self) {
        self.post(|_| ());
    }

    /// Stops the loop whose generations begin here, and no other that has the box now.
    pub(crate) fn stop(&self, first_generation: u32) {
        self.post(|inbox| inbox.mail.stop |= inbox.first_generation == first_generation);
    }

    /// No user code runs under this lock, so a poisoned one holds nothing half done.
    fn lock(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
