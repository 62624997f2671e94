//! Events for the trace: the loop records them first, and passes them to the trace later.
//!
//! A trace is user code, and a wake runs no user code. So an event is recorded when it happens, and
//! passed to the trace between two steps.

use quadrivium_core::{JoinError, Wait, host::Joined};

use super::Loop;
use crate::{
    tasks::slot_key::SlotKey,
    trace::{Event, EventKind, Trace, Waiting},
};

impl Loop {
    pub(crate) fn trace(&self, trace: Box<dyn Trace>) {
        let before = self.trace.replace(Some(trace));
        drop(before);
        self.tracing.set(true);
        self.watch();
    }

    /// Records an event, if there is a trace.
    #[inline]
    pub(super) fn note(&self, slot: u32, kind: EventKind) {
        if self.tracing.get() {
            self.note_event(slot, kind);
        }
    }

    #[cold]
    pub(super) fn note_end(&self, key: SlotKey, joined: &Joined) {
        let kind = match joined {
            Ok(_) => EventKind::Done,
            Err(JoinError::Cancelled) => EventKind::Cancelled,
            Err(JoinError::Panicked(_)) => EventKind::Panicked,
        };
        self.note(key.slot(), kind);
    }

    #[cold]
    fn note_event(&self, slot: u32, kind: EventKind) {
        let mut state = self.state.borrow_mut();
        let (task, name) = (state.slots.id(slot), state.slots.name(slot));
        state.events.push(Event { at: self.clock.elapsed(), task, name, kind });
    }

    /// Passes the events that were recorded since the last call to the trace, and then the reports
    /// to the reporter.
    #[inline]
    pub(super) fn tell(&self) {
        if self.tells.get() {
            self.show_events();
            self.show_reports();
        }
    }

    #[cold]
    fn show_events(&self) {
        // A trace that runs the loop is borrowed already. It gets these events later.
        let Ok(mut trace) = self.trace.try_borrow_mut() else { return };
        let events = std::mem::take(&mut self.state.borrow_mut().events);
        if let Some(trace) = trace.as_mut() {
            events.iter().for_each(|event| trace.record(event));
        }
    }

    pub(super) fn waiting(&self, wait: &Wait) -> Waiting {
        match wait {
            Wait::Turn => Waiting::Turn,
            Wait::Until(deadline) => Waiting::Until(self.clock.since_origin(*deadline)),
            Wait::Ready => Waiting::Ready,
            Wait::Wake => Waiting::Wake,
        }
    }
}
