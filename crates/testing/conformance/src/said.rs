//! [`Said`]: what bodies and destructors say, in order.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What bodies and destructors say, in order, on whatever thread. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct Said {
    lines: Arc<Mutex<Vec<String>>>,
}

impl Said {
    /// Adds a line.
    pub fn say(&self, line: impl Into<String>) {
        let line = line.into();
        self.lock().push(line);
    }

    /// A value that says this when it is dropped.
    pub fn when_dropped(&self, line: impl Into<String>) -> WhenDropped {
        WhenDropped { said: self.clone(), line: line.into() }
    }

    /// All lines so far.
    pub fn lines(&self) -> Vec<String> {
        self.lock().clone()
    }

    /// How often this was said.
    pub fn count(&self, line: &str) -> usize {
        self.lock().iter().filter(|said| *said == line).count()
    }

    /// Nothing of a user runs under this lock.
    fn lock(&self) -> MutexGuard<'_, Vec<String>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
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
