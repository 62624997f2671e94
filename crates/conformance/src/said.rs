//! [`Said`]: what bodies and destructors say, in order.

use std::{cell::RefCell, rc::Rc};

/// What bodies and destructors say, in order. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct Said {
    lines: Rc<RefCell<Vec<String>>>,
}

impl Said {
    /// Adds a line.
    pub fn say(&self, line: impl Into<String>) {
        self.lines.borrow_mut().push(line.into());
    }

    /// A value that says this when it is dropped.
    pub fn when_dropped(&self, line: impl Into<String>) -> WhenDropped {
        WhenDropped { said: self.clone(), line: line.into() }
    }

    /// All lines so far.
    pub fn lines(&self) -> Vec<String> {
        self.lines.borrow().clone()
    }

    /// How often this was said.
    pub fn count(&self, line: &str) -> usize {
        self.lines.borrow().iter().filter(|said| *said == line).count()
    }
}

/// Says its line when it is dropped. Made by [`Said::when_dropped`].
#[derive(Debug)]
pub struct WhenDropped {
    said: Said,
    line: String,
}

impl Drop for WhenDropped {
    fn drop(&mut self) {
        self.said.say(std::mem::take(&mut self.line));
    }
}

/// Prints its line when it is dropped, for a process of its own.
#[derive(Debug)]
pub struct WhenDroppedPrints(pub &'static str);

impl Drop for WhenDroppedPrints {
    fn drop(&mut self) {
        eprintln!("{}", self.0);
    }
}
