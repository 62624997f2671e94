//! [`OnceEvent`]: the thing that a part of a join or race waits for.

use std::{
    cell::RefCell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

/// An event that one future awaits. It fires once. It has no atomics, so it costs next to nothing.
#[derive(Clone, Debug, Default)]
pub struct OnceEvent(Rc<RefCell<State>>);

#[derive(Debug, Default)]
struct State {
    is_fired: bool,
    waker: Option<Waker>,
}

/// Waits for an [`OnceEvent`].
#[derive(Debug)]
pub struct OnceEventFuture(OnceEvent);

impl OnceEvent {
    /// Returns a future that is ready when the event has fired.
    #[must_use]
    pub fn wait(&self) -> OnceEventFuture {
        OnceEventFuture(self.clone())
    }

    /// Fires, and wakes the future.
    pub fn fire(&self) {
        let waker = {
            let mut state = self.0.borrow_mut();
            state.is_fired = true;
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Future for OnceEventFuture {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.0.borrow_mut();
        if state.is_fired {
            return Poll::Ready(());
        }
        match &mut state.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Poll::Pending
    }
}
