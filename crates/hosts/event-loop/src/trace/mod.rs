//! What happened to tasks, in order: [`Trace`] sees it, [`Recorder`] keeps it.
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
mod recorder;

pub use event::{By, Event, EventKind, Waiting};
pub use recorder::Recorder;

/// Sees everything that happens to the tasks of a loop.
///
/// It is called between two steps, never inside a wake. Any `FnMut(&Event)` is one.
pub trait Trace {
    /// One thing has happened.
    fn record(&mut self, event: &Event);
}

impl<F: FnMut(&Event)> Trace for F {
    fn record(&mut self, event: &Event) {
        self(event);
    }
}
