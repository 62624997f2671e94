//! The receiving end of a watch channel.

use std::{
    cell::{Cell, RefCell},
    error::Error,
    fmt,
    panic::Location,
    pin::Pin,
    rc::Rc,
};

use super::State;
use crate::{
    Context, LocalWaker, RESUMED_AFTER_DONE, Step, Task,
    inspect::{LeafKind, ObjectNumber, Side},
    sync::{
        deferred::{update, update_with},
        wait_queue::QueuePlace,
        waiter::{self, Waiter},
    },
};

/// The end that reads the value. A clone is another receiver, which has seen the same values.
pub struct Receiver<T> {
    seen: Rc<SeenVersion<T>>,
}

/// The version that one receiver has seen. The `changed` leaves of that receiver share it until
/// they end.
struct SeenVersion<T> {
    state: Rc<RefCell<State<T>>>,
    version: Cell<u64>,
}

impl<T> SeenVersion<T> {
    fn new(state: Rc<RefCell<State<T>>>, version: u64) -> Rc<Self> {
        state.borrow().object.end(Side::Receiving).add();
        Rc::new(Self { state, version: Cell::new(version) })
    }
}

impl<T> Drop for SeenVersion<T> {
    fn drop(&mut self) {
        update(self.state.borrow_mut(), |state, deferred| {
            if state.object.end(Side::Receiving).remove() == 0 {
                state.awaiting_close.notify_and_remove_from(0, deferred);
            }
        });
    }
}

impl<T> Receiver<T> {
    /// Gives the channel a name, which reports show.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        self.seen.state.borrow().object.rename(name);
        self
    }

    /// Makes a receiver that has seen the latest value.
    pub(super) fn new(state: Rc<RefCell<State<T>>>) -> Self {
        let version = state.borrow().version;
        Self { seen: SeenVersion::new(state, version) }
    }

    /// Returns the latest value, whether this receiver has seen it or not. The `Rc` keeps that
    /// value when another one is sent.
    pub fn borrow(&self) -> Rc<T> {
        Rc::clone(&self.seen.state.borrow().value)
    }

    /// Waits for a value that this receiver has not seen, and returns the latest one. The output is
    /// an error when it has seen the latest value and all senders were dropped.
    ///
    /// If the task is dropped before it is done, it has seen nothing. Until then it counts as the
    /// receiver.
    #[track_caller]
    pub fn changed(&self) -> Changed<T> {
        Changed { seen: Some(Rc::clone(&self.seen)), place: QueuePlace::new() }
    }

    /// Returns whether this receiver has not seen the latest value.
    pub fn has_changed(&self) -> bool {
        self.seen.state.borrow().version != self.seen.version.get()
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        Self { seen: SeenVersion::new(Rc::clone(&self.seen.state), self.seen.version.get()) }
    }
}

/// A task that waits for another value. Made by [`Receiver::changed`].
#[must_use = "a task is lazy: perform it"]
pub struct Changed<T> {
    /// `None` when the leaf is done.
    seen: Option<Rc<SeenVersion<T>>>,
    place: QueuePlace,
}

impl<T> Waiter for Changed<T> {
    type Output = Result<Rc<T>, RecvError>;

    const KIND: LeafKind = LeafKind::Changed;

    #[inline]
    fn has_waited(&self) -> bool {
        self.place.has_waited()
    }

    #[inline]
    fn line(&self) -> Option<&'static Location<'static>> {
        Some(self.place.line())
    }

    #[inline]
    fn try_now(&mut self) -> Option<Self::Output> {
        let seen = self.seen.as_ref().expect(RESUMED_AFTER_DONE);
        let changed = update(seen.state.borrow_mut(), |state, deferred| {
            let changed = if seen.version.replace(state.version) != state.version {
                state.object.end(Side::Receiving).is_used();
                Ok(Rc::clone(&state.value))
            } else if state.object.end(Side::Sending).count() == 0 {
                Err(RecvError)
            } else {
                return None;
            };
            state.awaiting_change.leave(&mut self.place, deferred);
            Some(changed)
        })?;
        self.seen = None;
        Some(changed)
    }

    #[inline]
    fn wait(&mut self, waker: LocalWaker) -> ObjectNumber {
        let seen = self.seen.as_ref().expect(RESUMED_AFTER_DONE);
        update_with(waker, seen.state.borrow_mut(), |state, deferred| {
            state.awaiting_change.wait(&mut self.place, deferred);
            state.object.number()
        })
    }
}

impl<T> Task for Changed<T> {
    type Output = Result<Rc<T>, RecvError>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        waiter::resume(&mut *self, cx)
    }
}

impl<T> Drop for Changed<T> {
    fn drop(&mut self) {
        let Some(seen) = &self.seen else { return };
        update(seen.state.borrow_mut(), |state, deferred| {
            state.awaiting_change.leave(&mut self.place, deferred);
        });
    }
}

/// The error of [`Receiver::changed`]: it has seen the latest value, and the last sender was
/// dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecvError;

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the channel is closed: its last sender was dropped, so no change can come any more",
        )
    }
}

impl Error for RecvError {}
