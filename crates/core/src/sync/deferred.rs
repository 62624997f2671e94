//! [`update`] changes a state that contains a queue of waiting leaves. [`Deferred`] keeps the
//! wakers that the change takes out of the queue. A *leaf* is a task that waits for something
//! itself and contains no other task.
//!
//! # Another executor's waker is user code
//!
//! Another executor may resume a task, with a waker of its own. Cloning, waking or dropping that
//! waker runs user code. That code may use the very channel in whose queue the waker is, and it may
//! panic. So none of the three may happen while the state of a channel is borrowed or a descriptor
//! is locked. This module ensures that, and its users never handle a waker:
//!
//! * **Clone.** A waker is cloned before the borrow begins, and is passed to [`update_with`].
//!   Cloning may run user code that changes the state. So [`resume`](super::waiter::resume) then
//!   checks the state again.
//! * **Wake and drop.** No function of the queue returns a waker. A waker that is to be woken, or
//!   that is no longer needed, is put into a [`Deferred`]. [`update`] first ends the borrow. Then
//!   it wakes and drops these wakers.
//! * **Panic.** If a waker panics, the others are still woken. The first panic continues in the
//!   caller of [`update`], unless that caller is unwinding already.

use std::{
    cell::Cell,
    collections::VecDeque,
    mem::{self, ManuallyDrop},
    ops::DerefMut,
    task::Waker,
    thread,
};

use crate::{LocalWaker, destructors::contain};

/// Changes a state that is borrowed or locked, ends the borrow or the lock, and then wakes and
/// drops the wakers that `change` has deferred.
#[inline]
pub(crate) fn update<G: DerefMut, R>(
    guard: G,
    change: impl FnOnce(&mut G::Target, &mut Deferred) -> R,
) -> R {
    Deferred::default().run(guard, change)
}

/// Like [`update`], for a leaf that may wait. The leaf then waits with `waker`.
#[inline]
pub(crate) fn update_with<G: DerefMut, R>(
    waker: LocalWaker,
    guard: G,
    change: impl FnOnce(&mut G::Target, &mut Deferred) -> R,
) -> R {
    Deferred { to_drop: Some(waker.into_waker()), ..Deferred::default() }.run(guard, change)
}

/// Wakers that are dropped or woken when nothing is borrowed or locked any more.
///
/// The compiler keeps this struct in registers where no function receives its address. So the
/// functions of the usual case are inlined, and the rare ones receive and return single fields.
#[derive(Default)]
pub(crate) struct Deferred {
    /// At first, this is the calling leaf's own waker. If the leaf waits, `store_own` swaps it with
    /// the leaf's older waker.
    to_drop: Option<Waker>,
    to_wake: Option<Waker>,
    /// Usually absent.
    more: Option<Box<MoreDeferred>>,
}

#[derive(Default)]
struct MoreDeferred {
    /// To be dropped.
    to_drop: Vec<Waker>,
    /// To be woken after the first.
    to_wake: VecDeque<Waker>,
}

impl Deferred {
    /// Stores the leaf's own waker in `waker`. The waker that was there before is dropped later.
    #[inline]
    pub(crate) fn store_own(&mut self, waker: &mut Option<Waker>) {
        mem::swap(waker, &mut self.to_drop);
    }

    /// Wakes this waker later, if there is one, after the wakers that were passed before.
    #[inline]
    pub(crate) fn wake_later(&mut self, waker: Option<Waker>) {
        match (&self.to_wake, waker) {
            (None, waker) => self.to_wake = waker,
            (Some(_), Some(waker)) => self.more = Some(wake_more(self.more.take(), waker)),
            (Some(_), None) => {}
        }
    }

    /// Drops this waker later, if there is one.
    #[inline]
    pub(crate) fn drop_later(&mut self, waker: Option<Waker>) {
        match (&self.to_drop, waker) {
            (None, waker) => self.to_drop = waker,
            (Some(_), Some(waker)) => self.more = Some(drop_more(self.more.take(), waker)),
            (Some(_), None) => {}
        }
    }

    #[inline]
    fn run<G: DerefMut, R>(
        self,
        mut guard: G,
        change: impl FnOnce(&mut G::Target, &mut Deferred) -> R,
    ) -> R {
        // `change` runs no user code, so it does not panic. If it did, the wakers would leak.
        let mut deferred = ManuallyDrop::new(self);
        let output = change(&mut guard, &mut deferred);
        drop(guard);
        let Self { to_drop, to_wake, more } = ManuallyDrop::into_inner(deferred);
        if to_drop.is_some() || more.is_some() || to_wake.is_some() && thread::panicking() {
            drop_and_wake(to_drop, to_wake, more);
            return output;
        }
        // Saves two calls of `drop`, which would find nothing.
        mem::forget((to_drop, more));
        if let Some(waker) = to_wake {
            waker.wake();
        }
        output
    }
}

thread_local! {
    /// A box that was used before. So a wake of many tasks takes no allocation.
    static SPARE: Cell<Option<Box<MoreDeferred>>> = const { Cell::new(None) };
}

/// The number of wakers for which a box that is used again has room.
const SPARE_WAKERS: usize = 1_024;

#[cold]
fn drop_more(more: Option<Box<MoreDeferred>>, waker: Waker) -> Box<MoreDeferred> {
    let mut more = more.unwrap_or_else(spare);
    more.to_drop.push(waker);
    more
}

#[cold]
fn wake_more(more: Option<Box<MoreDeferred>>, waker: Waker) -> Box<MoreDeferred> {
    let mut more = more.unwrap_or_else(spare);
    more.to_wake.push_back(waker);
    more
}

fn spare() -> Box<MoreDeferred> {
    SPARE.try_with(Cell::take).ok().flatten().unwrap_or_default()
}

#[inline(never)]
fn drop_and_wake(to_drop: Option<Waker>, to_wake: Option<Waker>, more: Option<Box<MoreDeferred>>) {
    let mut left = Left(Deferred { to_drop, to_wake, more });
    if thread::panicking() {
        return;
    }
    drop(left.0.to_drop.take());
    if let Some(more) = &mut left.0.more {
        more.to_drop.clear();
    }
    while let Some(waker) = left.next_to_wake() {
        waker.wake();
    }
    if let Some(mut more) = left.0.more.take() {
        more.to_wake.shrink_to(SPARE_WAKERS);
        let _ = SPARE.try_with(|spare| spare.set(Some(more)));
    }
}

/// Wakers that are still to be dropped or woken.
struct Left(Deferred);

impl Left {
    fn next_to_wake(&mut self) -> Option<Waker> {
        self.0.to_wake.take().or_else(|| self.0.more.as_mut()?.to_wake.pop_front())
    }
}

/// Drops and wakes the wakers that are left while this thread unwinds: a waker has panicked, or the
/// caller of [`update`] was unwinding already. A second panic would abort the process, so it is
/// contained.
impl Drop for Left {
    fn drop(&mut self) {
        let first = self.0.to_drop.take();
        contain(|| drop(first));
        for waker in self.0.more.iter_mut().flat_map(|more| mem::take(&mut more.to_drop)) {
            contain(|| drop(waker));
        }
        while let Some(waker) = self.next_to_wake() {
            contain(|| waker.wake());
        }
    }
}
