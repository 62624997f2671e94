//! The trace of one loop, as a part of a file.

use super::{LoopTrace, TraceFile};
use crate::event_loop::EventLoop;

impl TraceFile {
    /// Returns the trace that writes the events of this loop into the file, for
    /// [`EventLoop::trace`]. The name tells the loops of a file apart.
    pub fn of_loop(&self, event_loop: &EventLoop, name: &str) -> LoopTrace {
        self.of_loop_from(event_loop.inner.clock.origin(), name)
    }
}
