//! Spans of the crate [`tracing`](https://docs.rs/tracing) stay with their tasks. Needs the feature
//! `tracing`.
//!
//! A task may enter a span and suspend before it leaves the span. A green thread does so whenever
//! it suspends in a function that is instrumented. A subscriber keeps the entered spans for each OS
//! thread, so the lines of the next task would seem to be in that span, too.
//!
//! ```text
//!   a step of task 1 ─► leaves the spans of task 1 ─► a step of task 2 ─► enters them again
//! ```
//!
//! [`across_suspensions`] leaves the spans of a task when its step ends, and enters them again when
//! the next one begins. This works in every style, on our loop and on its guests.
//!
//! It is a [`Layer`], so it works with every subscriber to which a layer of `tracing-subscriber`
//! can be added. Add it last. Layers that count or print the entering of spans see each
//! suspension, as they do for instrumented futures. A subscriber without the layer keeps a span
//! entered while the task is suspended.
//!
//! ```
//! use quadrivium::{green, prelude::*, tracing::across_suspensions};
//! use tracing_subscriber::prelude::*;
//!
//! let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
//! tracing_subscriber::registry().with(lines).with(across_suspensions()).init();
//! EventLoop::new()?.block_on(green(|| {
//!     let _entered = tracing::info_span!("request", number = 1).entered();
//!     // The other green threads are not in this span.
//!     green::perform(turn());
//!     tracing::info!("in the span again");
//! }))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
    sync::{Once, OnceLock},
};

use quadrivium_core::{
    host::{Observer, observe_all_threads},
    inspect::{RunningTask, Style},
};
use tracing_core::{Dispatch, Subscriber, dispatcher::WeakDispatch, span::Id};
use tracing_subscriber::layer::{Context, Layer};

/// Returns a layer that keeps entered spans with their tasks.
///
/// It holds for all threads whose loops begin a run after this call.
pub fn across_suspensions() -> AcrossSuspensions {
    static OBSERVED: Once = Once::new();
    OBSERVED.call_once(|| observe_all_threads(|| Rc::new(SpanObserver)));
    AcrossSuspensions { dispatch: OnceLock::new() }
}

/// A layer that keeps entered spans with their tasks. Made by [`across_suspensions`].
#[derive(Debug)]
pub struct AcrossSuspensions {
    /// The subscriber that this layer is a part of.
    dispatch: OnceLock<WeakDispatch>,
}

/// A span that is entered on this thread, or whose task is suspended in it.
struct EnteredSpan {
    dispatch: WeakDispatch,
    id: Id,
}

thread_local! {
    /// The spans that the running task has entered, or the code outside of tasks, in order.
    static ENTERED: RefCell<Vec<EnteredSpan>> = const { RefCell::new(Vec::new()) };
    /// The spans of the tasks and of the code around the running task, in the order of the steps. A
    /// destructor of one task may run in a step of another.
    static OUTER: RefCell<Vec<Vec<EnteredSpan>>> = const { RefCell::new(Vec::new()) };
    /// The spans of the suspended tasks that have any.
    static SUSPENDED: RefCell<HashMap<RunningTask, Vec<EnteredSpan>>> = RefCell::default();
    /// Spans are being left or entered by the observer, and not by a task.
    static IS_SWITCHING: Cell<bool> = const { Cell::new(false) };
}

impl<S: Subscriber> Layer<S> for AcrossSuspensions {
    fn on_register_dispatch(&self, subscriber: &Dispatch) {
        _ = self.dispatch.set(subscriber.downgrade());
    }

    fn on_enter(&self, id: &Id, _: Context<'_, S>) {
        if let Some(dispatch) = self.dispatch.get()
            && !IS_SWITCHING.get()
        {
            let span = EnteredSpan { dispatch: dispatch.clone(), id: id.clone() };
            // It fails at the end of the thread, when no task runs any more.
            _ = ENTERED.try_with(|entered| entered.borrow_mut().push(span));
        }
    }

    fn on_exit(&self, id: &Id, _: Context<'_, S>) {
        if IS_SWITCHING.get() {
            return;
        }
        _ = ENTERED.try_with(|entered| {
            let mut entered = entered.borrow_mut();
            let last = entered.iter().rposition(|span| span.id == *id);
            _ = last.map(|index| entered.remove(index));
        });
    }
}

/// Leaves and enters the spans at the ends and the beginnings of steps.
struct SpanObserver;

impl Observer for SpanObserver {
    fn resumed(&self, task: RunningTask, _: Style) {
        let outer = ENTERED.take();
        // Spans that the code around the loop has entered stay: they are around all tasks.
        let is_in_a_step = OUTER.with_borrow(|steps| !steps.is_empty());
        if is_in_a_step {
            leave(&outer);
        }
        OUTER.with_borrow_mut(|steps| steps.push(outer));
        let own = SUSPENDED.with_borrow_mut(|all| all.remove(&task)).unwrap_or_default();
        enter(&own);
        ENTERED.set(own);
    }

    fn suspended(&self, task: RunningTask) {
        let own = ENTERED.take();
        leave(&own);
        if !own.is_empty() {
            SUSPENDED.with_borrow_mut(|all| all.insert(task, own));
        }
        let outer = OUTER.with_borrow_mut(Vec::pop).unwrap_or_default();
        let is_in_a_step = OUTER.with_borrow(|steps| !steps.is_empty());
        if is_in_a_step {
            enter(&outer);
        }
        ENTERED.set(outer);
    }

    fn ended(&self, task: RunningTask) {
        // A task may have leaked the guard of a span.
        let leaked = SUSPENDED.with_borrow_mut(|all| all.remove(&task));
        leaked.iter().flatten().for_each(EnteredSpan::close);
    }
}

/// Leaves these spans, the last one first. Keeps them open until they are entered again, even if
/// their tasks have dropped their handles.
fn leave(spans: &[EnteredSpan]) {
    switch(|| {
        for span in spans.iter().rev() {
            if let Some(dispatch) = span.dispatch.upgrade() {
                dispatch.clone_span(&span.id);
                dispatch.exit(&span.id);
            }
        }
    });
}

/// Enters these spans again.
fn enter(spans: &[EnteredSpan]) {
    switch(|| {
        for span in spans {
            if let Some(dispatch) = span.dispatch.upgrade() {
                dispatch.enter(&span.id);
                span.close();
            }
        }
    });
}

/// Leaves or enters spans of tasks, which the layer must not take for a change by the running task.
/// A subscriber that panics does not prevent the next switch.
fn switch(spans: impl FnOnce()) {
    struct End;
    impl Drop for End {
        fn drop(&mut self) {
            IS_SWITCHING.set(false);
        }
    }
    IS_SWITCHING.set(true);
    let _end = End;
    spans();
}

impl EnteredSpan {
    /// Drops the reference to the span that `leave` has made.
    fn close(&self) {
        if let Some(dispatch) = self.dispatch.upgrade() {
            dispatch.try_close(self.id.clone());
        }
    }
}
