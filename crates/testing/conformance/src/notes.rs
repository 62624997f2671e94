//! [`Notes`]: lines that bodies and destructors write down, in order.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Lines that bodies and destructors write down, in order, on any thread. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    lines: Arc<Mutex<Vec<String>>>,
}

impl Notes {
    /// Adds a line.
    pub fn add(&self, line: impl Into<String>) {
        let line = line.into();
        self.lock().push(line);
    }

    /// Returns a value that adds this line when it is dropped.
    pub fn when_dropped(&self, line: impl Into<String>) -> WhenDropped {
        WhenDropped { notes: self.clone(), line: line.into() }
    }

    /// Returns all lines so far.
    pub fn lines(&self) -> Vec<String> {
        self.lock().clone()
    }

    /// Returns how often this line was added.
    pub fn count(&self, line: &str) -> usize {
        self.lock().iter().filter(|notes| *notes == line).count()
    }

    /// No user code runs while this is locked.
    fn lock(&self) -> MutexGuard<'_, Vec<String>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The lines of empty notes, for comparison.
pub(crate) const NO_NOTES: [&str; 0] = [];

/// Adds its line when it is dropped. Made by [`Notes::when_dropped`].
#[derive(Debug)]
pub struct WhenDropped {
    notes: Notes,
    line: String,
}

impl Drop for WhenDropped {
    fn drop(&mut self) {
        self.notes.add(std::mem::take(&mut self.line));
    }
}

/// Prints its line when it is dropped, for a test in a process of its own.
#[derive(Debug)]
pub struct WhenDroppedPrints(pub &'static str);

impl Drop for WhenDroppedPrints {
    fn drop(&mut self) {
        eprintln!("{}", self.0);
    }
}
