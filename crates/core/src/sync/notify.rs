//! [`Notify`]: lets waiting tasks go on when something has happened, without a value.
//!
//! ```
//! use quadrivium_core::sync::notify::Notify;
//!
//! let notify = Notify::new();
//! let waiting = notify.notified();
//! notify.notify_one();
//! # drop(waiting);
//! ```

use std::{cell::RefCell, mem, panic::Location, pin::Pin, rc::Rc};

use crate::{
    Context, LocalWaker, Step, Task,
    inspect::{LeafKind, Object, ObjectKind, ObjectNumber},
    sync::{
        deferred::{Deferred, update, update_with},
        wait_queue::{QueuePlace, WaitQueue},
        waiter::{self, Waiter},
    },
};

/// Lets waiting tasks go on when something has happened, without a value. A clone notifies the same
/// tasks.
#[derive(Clone, Debug)]
pub struct Notify {
    state: Rc<RefCell<State>>,
}

#[derive(Debug)]
struct State {
    /// The leaves that [`Notify::notify_one`] has notified and that have not gone on yet are at the
    /// front.
    waiting: WaitQueue,
    /// A [`Notify::notify_one`] that found no waiting task. It is kept for the next task that
    /// waits.
    has_notification: bool,
    object: Object,
}

impl Notify {
    /// Makes a `Notify` for which no task waits, and without a kept notification.
    #[track_caller]
    pub fn new() -> Self {
        let object = Object::new(ObjectKind::Notify, Location::caller());
        let state = State { waiting: WaitQueue::default(), has_notification: false, object };
        Self { state: Rc::new(RefCell::new(state)) }
    }

    /// Gives the `Notify` a name, which reports show.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        self.state.borrow().object.rename(name);
        self
    }

    /// Waits for a notification. The task takes its place in the queue at its first resume.
    #[track_caller]
    pub fn notified(&self) -> Notified {
        Notified { state: Rc::clone(&self.state), place: QueuePlace::new() }
    }

    /// Lets the first waiting task go on. If no task waits, the next task that comes does not wait.
    pub fn notify_one(&self) {
        update(self.state.borrow_mut(), State::notify_one);
    }

    /// Lets all tasks go on that wait now, in the order in which they came.
    pub fn notify_all(&self) {
        update(self.state.borrow_mut(), |state, deferred| {
            state.waiting.notify_and_remove_from(state.waiting.notified_count(), deferred);
        });
    }
}

impl Default for Notify {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl State {
    fn notify_one(&mut self, deferred: &mut Deferred) {
        if !self.waiting.notify_at(self.waiting.notified_count(), deferred) {
            self.has_notification = true;
        }
    }
}

/// A task that waits to be notified. Made by [`Notify::notified`].
#[derive(Debug)]
#[must_use = "a task is lazy: perform it"]
pub struct Notified {
    state: Rc<RefCell<State>>,
    place: QueuePlace,
}

impl Waiter for Notified {
    type Output = ();

    const KIND: LeafKind = LeafKind::Notified;

    #[inline]
    fn has_waited(&self) -> bool {
        self.place.has_waited()
    }

    #[inline]
    fn line(&self) -> Option<&'static Location<'static>> {
        Some(self.place.line())
    }

    #[inline]
    fn try_now(&mut self) -> Option<()> {
        update(self.state.borrow_mut(), |state, deferred| {
            let is_notified = match self.place.has_waited() {
                false => mem::take(&mut state.has_notification),
                true => state.waiting.is_notified(&self.place),
            };
            is_notified.then(|| _ = state.waiting.leave(&mut self.place, deferred))
        })
    }

    #[inline]
    fn wait(&mut self, waker: LocalWaker) -> ObjectNumber {
        update_with(waker, self.state.borrow_mut(), |state, deferred| {
            // The leaf only gives way. It takes the kept notification nevertheless.
            match mem::take(&mut state.has_notification) {
                true => state.waiting.push(&mut self.place, None),
                false => state.waiting.wait(&mut self.place, deferred),
            }
            state.object.number()
        })
    }
}

impl Task for Notified {
    type Output = ();

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<()> {
        waiter::resume(&mut *self, cx)
    }
}

impl Drop for Notified {
    fn drop(&mut self) {
        if self.place.has_waited() {
            update(self.state.borrow_mut(), |state, deferred| {
                if state.waiting.leave(&mut self.place, deferred) {
                    // It was notified, and dropped before it could go on. So the next leaf is
                    // notified.
                    state.notify_one(deferred);
                }
            });
        }
    }
}
