//! [`WokenParts`] and [`PartWakers`]: wakers of their own for the parts of a combinator of many
//! tasks. A wake of one part resumes this part alone.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Wake, Waker},
};

use super::part_set::PartSet;
use crate::{Context, host};

/// The parts of a combinator that were woken, and the waker of the combinator itself.
///
/// ```text
///   waker of a part ── wake ──► WokenParts ── the first wake since the last resume ──► combinator
///                                   ▲                                                      │
///                                   └───────────── takes the parts in its next resume ─────┘
/// ```
///
/// A host needs it if its wakers can express that a part was woken, see
/// [`Host::part_wakers`](super::Host::part_wakers). It belongs to the wakers of the parts and not
/// to the combinator. So if no waker of a part is left, the waker of the combinator is dropped as
/// well. A host may learn in this way that nothing can wake its task any more.
pub struct WokenParts {
    parts: Arc<PartSet>,
    len: usize,
    /// The combinator was woken after its last resume began. Only the first wake wakes it.
    is_woken: AtomicBool,
    /// A part's waker was cloned, so code outside the host may wake the combinator.
    has_escaped: AtomicBool,
    /// Shared, so that it can be woken while nothing is locked.
    combinator: Mutex<Option<Arc<Waker>>>,
}

impl WokenParts {
    pub(crate) fn new(parts: Arc<PartSet>, len: usize) -> Self {
        Self {
            parts,
            len,
            is_woken: AtomicBool::new(true),
            has_escaped: AtomicBool::new(false),
            combinator: Mutex::new(None),
        }
    }

    /// Returns the parts that were woken and not resumed since.
    #[inline]
    pub(crate) fn parts(&self) -> &PartSet {
        &self.parts
    }

    /// Returns the number of parts.
    #[allow(clippy::len_without_is_empty)] // A combinator without parts needs no wakers.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Records that a part was woken. Returns the waker of the combinator if it has to be woken.
    /// The caller wakes it while nothing is borrowed, because it may be another executor's.
    #[inline]
    #[must_use = "the combinator is resumed only if its waker is woken"]
    pub fn wake(&self, part: usize) -> Option<Arc<Waker>> {
        self.parts.insert(part);
        match self.is_woken.load(SeqCst) || self.is_woken.swap(true, SeqCst) {
            true => None,
            false => self.lock().clone(),
        }
    }

    /// Records that a part's waker was cloned. The first time, calls `note` with the waker of the
    /// combinator, which counts as cloned from now on. Later wakers of the combinator are cloned
    /// for real.
    ///
    /// `note` must not run code of users, because the waker is locked meanwhile.
    pub fn escape(&self, note: impl FnOnce(&Waker)) {
        if self.has_escaped.load(SeqCst) || self.has_escaped.swap(true, SeqCst) {
            return;
        }
        if let Some(combinator) = &*self.lock() {
            note(combinator);
        }
    }

    /// Returns whether the combinator had this waker in its last resume.
    pub(crate) fn wakes(&self, waker: &Waker) -> bool {
        self.lock().as_ref().is_some_and(|former| former.will_wake(waker))
    }

    /// Begins a resume of the combinator with this context: the next wake of a part wakes the waker
    /// in it. `are_local` says whether the host notices when a part's waker is cloned.
    pub(crate) fn begin_resume(&self, cx: &Context<'_>, are_local: bool) {
        if !self.wakes(cx.waker()) {
            let combinator = match are_local && !self.has_escaped.load(SeqCst) {
                true => cx.local_waker().into_waker(),
                false => cx.waker().clone(),
            };
            self.replace_combinator(Some(Arc::new(combinator)));
        }
        // From here on a wake may need the waker, so it has been stored before.
        self.is_woken.store(false, SeqCst);
    }

    /// Forgets the waker of a combinator that is gone.
    pub(crate) fn forget_combinator(&self) {
        self.replace_combinator(None);
    }

    fn replace_combinator(&self, combinator: Option<Arc<Waker>>) {
        let former = std::mem::replace(&mut *self.lock(), combinator);
        // Another executor's waker runs code of users when it is dropped, so the lock comes first.
        drop(former);
    }

    /// No code of users runs under this lock, so the value behind a poisoned lock is consistent.
    fn lock(&self) -> MutexGuard<'_, Option<Arc<Waker>>> {
        self.combinator.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for WokenParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WokenParts").field("len", &self.len).finish_non_exhaustive()
    }
}

/// The wakers of the parts of one combinator. Made by
/// [`Host::part_wakers`](super::Host::part_wakers). When it is dropped, its wakers wake nothing any
/// more.
pub trait PartWakers: Send + Sync {
    /// Returns the waker of a part, for one resume.
    fn waker(&self, part: usize) -> Waker;

    /// Returns whether these wakers belong to the host that drives this thread. If not, the
    /// combinator asks the present host for new ones.
    fn are_of_this_host(&self) -> bool;
}

/// Returns the wakers of the host that drives this thread, if there is one and it makes such
/// wakers.
pub(crate) fn of_current_host(woken: &Arc<WokenParts>) -> Option<Box<dyn PartWakers>> {
    host::current()?.part_wakers(woken)
}

/// Wakers of parts that every host and executor can use. A waker takes an allocation. While a part
/// keeps its waker, it gets the same waker in each resume. So a combinator inside the part sees a
/// new waker only after a move, and recognises the move by it.
#[derive(Default)]
pub(crate) struct ForeignPartWakers {
    /// Empty until there is a waker.
    parts: Vec<Weak<ForeignPart>>,
}

impl ForeignPartWakers {
    pub(crate) fn waker(&mut self, woken: &Arc<WokenParts>, part: usize) -> Waker {
        self.parts.resize(woken.len(), Weak::new());
        let waker = self.parts[part].upgrade().unwrap_or_else(|| {
            let waker = Arc::new(ForeignPart { woken: Arc::clone(woken), part });
            self.parts[part] = Arc::downgrade(&waker);
            waker
        });
        waker.into()
    }
}

struct ForeignPart {
    woken: Arc<WokenParts>,
    part: usize,
}

impl Wake for ForeignPart {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if let Some(combinator) = self.woken.wake(self.part) {
            combinator.wake_by_ref();
        }
    }
}
