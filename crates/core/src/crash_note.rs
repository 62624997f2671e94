//! [`CrashNote`]: what is printed if the process ends while this thread does something that can be
//! repeated, such as a run of a simulation.
//!
//! A process that ends by a stack overflow or by a panic that cannot unwind runs no more destructors, so
//! the text must be there before. Whoever ends the process prints it: the panic hook of
//! `quadrivium-test`, and the handler of faults in `quadrivium-green`, which may neither allocate nor
//! lock.

use std::{
    cell::Cell,
    fmt::{self, Write},
};

/// Bytes of a note. A longer text is cut.
const MOST: usize = 1024;

/// The note of a thread: a text in a buffer of fixed size.
#[derive(Clone, Copy)]
pub struct CrashNote {
    text: [u8; MOST],
    length: usize,
}

thread_local! {
    /// It has no destructor and needs no allocation, so a signal handler may read it at any time.
    static NOTE: Cell<CrashNote> = const { Cell::new(CrashNote::EMPTY) };
}

/// Replaces the note of this thread until the guard is dropped.
///
/// ```
/// use quadrivium_core::crash_note;
///
/// let noted = crash_note::enter(format_args!("seed {}\n", 17));
/// assert_eq!(crash_note::current().bytes(), b"seed 17\n");
/// drop(noted);
/// assert_eq!(crash_note::current().bytes(), b"");
/// ```
pub fn enter(text: fmt::Arguments<'_>) -> Noted {
    let mut note = CrashNote::EMPTY;
    // A text that is too long for the buffer is cut, which is better than none.
    let _ = note.write_fmt(text);
    Noted { former: NOTE.replace(note) }
}

/// The note of this thread, empty if there is none. Async-signal-safe.
pub fn current() -> CrashNote {
    NOTE.get()
}

/// The span in which a thread has a note. Made by [`enter`].
#[derive(Debug)]
#[must_use = "the note is gone when this is dropped"]
pub struct Noted {
    former: CrashNote,
}

impl Drop for Noted {
    fn drop(&mut self) {
        NOTE.set(self.former);
    }
}

impl CrashNote {
    const EMPTY: Self = Self { text: [0; MOST], length: 0 };

    /// The text, UTF-8 unless it was cut. Empty if the thread has no note.
    pub fn bytes(&self) -> &[u8] {
        &self.text[..self.length]
    }
}

impl Write for CrashNote {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        let room = &mut self.text[self.length..];
        let fits = piece.len().min(room.len());
        room[..fits].copy_from_slice(&piece.as_bytes()[..fits]);
        self.length += fits;
        Ok(())
    }
}

impl fmt::Debug for CrashNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CrashNote({:?})", String::from_utf8_lossy(self.bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_former_note_comes_back() {
        let outer = enter(format_args!("outer"));
        let inner = enter(format_args!("inner"));
        assert_eq!(current().bytes(), b"inner");
        drop(inner);
        assert_eq!(current().bytes(), b"outer");
        drop(outer);
        assert!(current().bytes().is_empty());
    }

    #[test]
    fn a_text_that_is_too_long_is_cut() {
        let _noted = enter(format_args!("{}{}", "x".repeat(MOST - 1), "yz"));
        assert_eq!(current().bytes().len(), MOST);
        assert!(current().bytes().ends_with(b"xy"));
    }
}
