//! What the loop remembers for its trace, and when it shows it.
//!
//! A trace is user code, and a wake runs none. So what happens is written down, and shown between
//! two steps.

use quadrivium_core::Wait;

use super::Loop;
use crate::trace::{Event, EventKind, Trace, Waiting};

impl Loop {
    pub(crate) fn trace(&self, trace: Box<dyn Trace>) {
        let before = self.trace.replace(Some(trace));
        drop(before);
        self.tracing.set(true);
    }

    /// Remembers what happened, for the trace.
    #[inline]
    pub(super) fn note(&self, slot: u32, kind: EventKind) {
        if self.tracing.get() {
            self.note_event(slot, kind);
        }
    }

    #[cold]
    fn note_event(&self, slot: u32, kind: EventKind) {
        let mut state = self.state.borrow_mut();
        let (task, name) = (state.slots.id(slot), state.slots.name(slot));
        state.events.push(Event { at: self.clock.elapsed(), task, name, kind });
    }

    /// Shows the trace what has happened since it was last shown something.
    #[inline]
    pub(super) fn show_trace(&self) {
        if self.tracing.get() {
            self.show_events();
        }
    }

    #[cold]
    fn show_events(&self) {
        // A trace that runs the loop would meet itself here: it is shown the rest later.
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
