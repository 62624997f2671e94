//! A crash note: a text that is printed if the process crashes while this thread runs. An example
//! is the seed of a simulation.
//!
//! A process may end by a stack overflow, or by a panic that cannot unwind. Then it runs no
//! destructors, and it can no longer put a text together. So the text is stored in advance. It is
//! printed by the panic hook of `quadrivium-test-kit`, and by the fault handler of
//! `quadrivium-green`, which may neither allocate nor lock.

use std::cell::Cell;

/// The maximum size of a note in bytes. A longer text is cut.
const MAX_LENGTH: usize = 1024;

/// The note of a thread, in a buffer of fixed size. It is written and read in place, because the
/// stack of a signal handler is small.
struct CrashNote {
    text: [Cell<u8>; MAX_LENGTH],
    length: Cell<usize>,
}

thread_local! {
    /// The note has no destructor and needs no allocation, so a signal handler may read it at any
    /// time.
    static NOTE: CrashNote =
        const { CrashNote { text: [const { Cell::new(0) }; MAX_LENGTH], length: Cell::new(0) } };
}

/// Sets the note of this thread, until the guard is dropped. Then the former note comes back.
///
/// ```
/// use quadrivium_core::crash_note;
///
/// let noted = crash_note::enter("seed 17\n");
/// assert_eq!(crash_note::text(), "seed 17\n");
/// drop(noted);
/// assert_eq!(crash_note::text(), "");
/// ```
pub fn enter(text: &str) -> NoteGuard {
    let guard = NoteGuard { former: with(|text| text.iter().map(Cell::get).collect()) };
    NOTE.with(|note| note.write(text.as_bytes()));
    guard
}

/// Returns the note of this thread. It is empty if there is none.
pub fn text() -> String {
    let bytes: Vec<u8> = with(|text| text.iter().map(Cell::get).collect());
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Calls `read` with the bytes of this thread's note, and returns its result. There are no bytes if
/// there is no note. They are UTF-8, unless the text was cut. The function is async-signal-safe if
/// `read` is.
pub fn with<R>(read: impl FnOnce(&[Cell<u8>]) -> R) -> R {
    NOTE.with(|note| read(&note.text[..note.length.get()]))
}

/// A guard: while it exists, this thread has a note. Made by [`enter`].
#[derive(Debug)]
#[must_use = "the note is removed when this is dropped"]
pub struct NoteGuard {
    former: Vec<u8>,
}

impl Drop for NoteGuard {
    fn drop(&mut self) {
        NOTE.with(|note| note.write(&self.former));
    }
}

impl CrashNote {
    /// Stores a text. If it is too long for the buffer it is cut, which is better than no text.
    fn write(&self, text: &[u8]) {
        let length = text.len().min(MAX_LENGTH);
        for (place, byte) in self.text.iter().zip(text) {
            place.set(*byte);
        }
        self.length.set(length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_former_note_returns() {
        let outer = enter("the outer one");
        let inner = enter("inner");
        assert_eq!(text(), "inner");
        drop(inner);
        assert_eq!(text(), "the outer one");
        drop(outer);
        assert_eq!(text(), "");
    }

    #[test]
    fn a_text_that_is_too_long_is_cut() {
        let _noted = enter(&("x".repeat(MAX_LENGTH - 1) + "yz"));
        assert_eq!(text().len(), MAX_LENGTH);
        assert!(text().ends_with("xy"));
    }
}
