//! A crash note: a text that is printed if the process ends on this thread, such as the seed of
//! the simulation that the thread is in.
//!
//! A process that ends by a stack overflow, or by a panic that cannot unwind, runs no destructors.
//! So the text must be there before. It is printed by the panic hook of `quadrivium-test-kit` and
//! by the fault handler of `quadrivium-green`, which may neither allocate nor lock.

use std::cell::Cell;

/// Bytes of a note. A longer text is cut.
const MOST: usize = 1024;

/// The note of a thread: a text in a buffer of fixed size. Written and read in place, as the stack
/// of a signal handler is small.
struct CrashNote {
    text: [Cell<u8>; MOST],
    length: Cell<usize>,
}

thread_local! {
    /// It has no destructor and needs no allocation, so a signal handler may read it at any time.
    static NOTE: CrashNote =
        const { CrashNote { text: [const { Cell::new(0) }; MOST], length: Cell::new(0) } };
}

/// Replaces the note of this thread until the guard is dropped.
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
    let former = NoteGuard { former: with(|text| text.iter().map(Cell::get).collect()) };
    NOTE.with(|note| note.write(text.as_bytes()));
    former
}

/// The note of this thread, empty if there is none.
pub fn text() -> String {
    let bytes: Vec<u8> = with(|text| text.iter().map(Cell::get).collect());
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Hands the bytes of the note of this thread to `read`: none, if there is no note; UTF-8, unless
/// the text was cut. Async-signal-safe if `read` is.
pub fn with<R>(read: impl FnOnce(&[Cell<u8>]) -> R) -> R {
    NOTE.with(|note| read(&note.text[..note.length.get()]))
}

/// The span in which a thread has a note. Made by [`enter`].
#[derive(Debug)]
#[must_use = "the note is gone when this is dropped"]
pub struct NoteGuard {
    former: Vec<u8>,
}

impl Drop for NoteGuard {
    fn drop(&mut self) {
        NOTE.with(|note| note.write(&self.former));
    }
}

impl CrashNote {
    /// A text that is too long for the buffer is cut, which is better than none.
    fn write(&self, text: &[u8]) {
        let length = text.len().min(MOST);
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
    fn the_former_note_comes_back() {
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
        let _noted = enter(&("x".repeat(MOST - 1) + "yz"));
        assert_eq!(text().len(), MOST);
        assert!(text().ends_with("xy"));
    }
}
