//! Events for the trace: the loop records them first, and passes them to the trace later.
//!
//! A trace is user code, and a wake runs no user code. So an event is recorded when it happens, and
//! passed to the trace between two steps.

use quadrivium_core::{
    JoinError, Wait,
    host::{HostedTask, Joined},
    inspect::{LeafKind, Note, record_of, take_note, take_turn_line},
};

use super::{Loop, LoopState};
use crate::{
    tasks::slot_key::SlotKey,
    trace::{Event, EventKind, Suspension, Trace, TracedObject, Waiting},
};

impl Loop {
    pub(crate) fn trace(&self, trace: Box<dyn Trace>) {
        let before = self.trace.replace(Some(trace));
        drop(before);
        self.begin_tracing();
    }

    pub(super) fn begin_tracing(&self) {
        self.tracing.set(true);
        self.watch();
    }

    /// Records an event, if there is a trace.
    #[inline]
    pub(super) fn note(&self, slot: u32, kind: EventKind) {
        if self.tracing.get() {
            self.note_event(slot, kind, None);
        }
    }

    /// Records that a task has suspended, if there is a trace.
    #[inline]
    pub(super) fn note_suspended(&self, slot: u32, body: &HostedTask, wait: &Wait) {
        if self.tracing.get() {
            let suspension = self.suspension(body, wait);
            let kind = EventKind::Suspended(self.waiting(wait));
            self.note_event(slot, kind, Some(suspension));
        }
    }

    #[cold]
    fn suspension(&self, body: &HostedTask, wait: &Wait) -> Suspension {
        let bytes = size_of_val(&**body);
        match wait {
            // A task that lets other tasks run waits for no leaf.
            Wait::Turn => Suspension { leaf: None, line: take_turn_line(), object: None, bytes },
            Wait::Until(_) | Wait::Ready | Wait::Wake => {
                let note = take_note();
                Suspension {
                    leaf: Some(note.kind()),
                    line: note.line(),
                    object: self.traced_object(note),
                    bytes,
                }
            }
        }
    }

    fn traced_object(&self, note: Note) -> Option<TracedObject> {
        let number = note.object();
        match note.kind() {
            LeafKind::Join => {
                number.index().map(|slot| TracedObject::Task(self.state.borrow().slots.id(slot)))
            }
            LeafKind::Read | LeafKind::Write => number.index().map(TracedObject::Descriptor),
            _ => record_of(number).map(|record| TracedObject::Shared {
                kind: record.kind(),
                number,
                name: record.name().map(|name| (&*name).into()),
                made_at: record.made_at(),
            }),
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
    fn note_event(&self, slot: u32, kind: EventKind, suspension: Option<Suspension>) {
        let at = self.clock.elapsed();
        let mut state = self.state.borrow_mut();
        let LoopState { slots, events, .. } = &mut *state;
        let (task, name, style) = (slots.id(slot), slots.name(slot), slots.style(slot));
        events.push(Event { at, task, name, style, kind, suspension });
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
        if !events.is_empty() {
            self.has_unflushed_events.set(true);
        }
        #[cfg(feature = "trace-files")]
        if let Some(file) = &mut *self.every_loop_trace.borrow_mut() {
            events.iter().for_each(|event| file.record(event));
        }
        if let Some(trace) = trace.as_mut() {
            events.iter().for_each(|event| trace.record(event));
        }
    }

    /// Lets the trace write its events, because no task runs for a while. Returns false if it has
    /// received none since the last call.
    #[inline]
    pub(crate) fn flush_trace(&self) -> bool {
        let has_events = self.has_unflushed_events.take();
        if has_events {
            self.flush_events();
        }
        has_events
    }

    #[cold]
    fn flush_events(&self) {
        #[cfg(feature = "trace-files")]
        if let Some(file) = &mut *self.every_loop_trace.borrow_mut() {
            file.flush();
        }
        if let Ok(mut trace) = self.trace.try_borrow_mut()
            && let Some(trace) = &mut *trace
        {
            trace.flush();
        }
    }

    fn waiting(&self, wait: &Wait) -> Waiting {
        match wait {
            Wait::Turn => Waiting::Turn,
            Wait::Until(deadline) => Waiting::Until(self.clock.since_origin(*deadline)),
            Wait::Ready => Waiting::Ready,
            Wait::Wake => Waiting::Wake,
        }
    }
}
