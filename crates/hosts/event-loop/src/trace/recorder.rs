//! [`Recorder`]: a trace that keeps what it sees.

use std::{cell::RefCell, rc::Rc};

use super::{Event, Trace};

/// Keeps everything it sees. Clones share what they keep: give one to the loop and read the other.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    events: Rc<RefCell<Vec<Event>>>,
}

impl Recorder {
    /// What it has seen so far.
    pub fn events(&self) -> Vec<Event> {
        self.events.borrow().clone()
    }

    /// The same as text, a line each. It names no style and no source line, so that the same
    /// program in two styles leaves the same lines.
    pub fn lines(&self) -> Vec<String> {
        self.events.borrow().iter().map(Event::to_string).collect()
    }
}

impl Trace for Recorder {
    fn record(&mut self, event: &Event) {
        self.events.borrow_mut().push(event.clone());
    }
}
