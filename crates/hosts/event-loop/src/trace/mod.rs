//! The record of what happens to tasks, in order. A [`Trace`] receives it, a [`Recorder`] keeps it.
//!
//! ```
//! use quadrivium_core::turn;
//! use quadrivium_event_loop::{EventLoop, Recorder};
//!
//! let recorder = Recorder::default();
//! let mut event_loop = EventLoop::with_virtual_clock()?;
//! event_loop.trace(recorder.clone());
//! event_loop.block_on(turn())?;
//! assert_eq!(
//!     recorder.lines(),
//!     [
//!         "0ns task 1 spawned",
//!         "0ns task 1 resumed",
//!         "0ns task 1 suspended for a turn",
//!         "0ns task 1 resumed",
//!         "0ns task 1 done",
//!     ]
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod event;
#[cfg(feature = "trace-files")]
pub(crate) mod file;
mod histogram;
mod loop_times;

use std::{cell::RefCell, rc::Rc};

pub use event::{By, Detailed, Event, EventKind, Suspension, TracedObject, Waiting};
#[cfg(feature = "trace-files")]
pub use file::{EveryLoopTraced, LoopTrace, TraceFile};
pub use histogram::Histogram;
pub use loop_times::LoopTimes;

/// Receives everything that happens to the tasks of a loop.
///
/// It is called between two steps, never inside a wake. Every `FnMut(&Event)` is a trace.
pub trait Trace {
    /// Receives one event.
    fn record(&mut self, event: &Event);

    /// Is called when no more events may come for a while: before the loop sleeps, and at the end
    /// of a run. A trace that keeps events back writes them now.
    fn flush(&mut self) {}
}

impl<F: FnMut(&Event)> Trace for F {
    fn record(&mut self, event: &Event) {
        self(event);
    }
}

/// Keeps every event. Clones share the events: give one to the loop and read the other.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    events: Rc<RefCell<Vec<Event>>>,
}

impl Recorder {
    /// Returns the events that were recorded so far.
    pub fn events(&self) -> Vec<Event> {
        self.events.borrow().clone()
    }

    /// Returns the events as text, one line each. The lines contain no style and no source line, so
    /// the same program leaves the same lines in every style.
    pub fn lines(&self) -> Vec<String> {
        self.events.borrow().iter().map(Event::to_string).collect()
    }
}

impl Trace for Recorder {
    fn record(&mut self, event: &Event) {
        self.events.borrow_mut().push(event.clone());
    }
}
