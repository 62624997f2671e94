//! Code of laws that runs in destructors. A panic in it must not end the process.
//!
//! A destructor may run while a panic unwinds: when a law fails, or when a style cancels by
//! unwinding. A second panic that leaves it ends the process, and with it all other laws. So a
//! destructor of a law does everything that can panic through [`in_destructor`]. The law then fails
//! after the destructor has run.

use std::cell::RefCell;

use crate::catch_panic;

thread_local! {
    /// The messages of the panics in destructors of the law on this thread.
    static FAILED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Runs a function in a destructor. If it panics, the law fails later.
pub(crate) fn in_destructor(something: impl FnOnce()) {
    if let Err(message) = catch_panic(something) {
        // The thread may be ending. Then the law has ended, too.
        let _ = FAILED.try_with(|failed| failed.borrow_mut().push(message));
    }
}

/// Returns a value that calls a function once, when it is dropped.
pub(crate) fn in_drop<F: FnOnce()>(something: F) -> InDrop<F> {
    InDrop(Some(something))
}

/// Calls a function when it is dropped. Made by [`in_drop`].
pub(crate) struct InDrop<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> Drop for InDrop<F> {
    fn drop(&mut self) {
        in_destructor(|| self.0.take().expect("it is dropped once")());
    }
}

/// Fails if a function in a destructor has panicked.
///
/// # Panics
///
/// With the messages of those panics.
pub(crate) fn check() {
    let failed = FAILED.take();
    assert!(failed.is_empty(), "in a destructor: {}", failed.join("; in another: "));
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn a_panic_in_a_destructor_is_reported_later() {
        in_destructor(|| ());
        check();
        in_destructor(|| panic!("the first"));
        in_destructor(|| panic!("the second"));
        let message = catch_panic(check).unwrap_err();
        assert_eq!(message, "in a destructor: the first; in another: the second");
    }

    /// Returns the bodies of `fn drop` in a file.
    fn destructors(source: &str) -> impl Iterator<Item = &str> {
        let bodies = source.split("fn drop(&mut self) {\n").skip(1);
        bodies.map(|rest| rest.split_once("\n    }\n").map_or(rest, |(body, _)| body))
    }

    #[test]
    fn no_destructor_of_a_law_lets_a_panic_out() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/laws");
        let mut seen = 0;
        let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        for file in files.filter(|file| !file.ends_with("law.rs")) {
            let source = fs::read_to_string(&file).unwrap();
            for body in destructors(&source) {
                seen += 1;
                // Destructors that panic on purpose do not do so while another panic unwinds.
                let is_safe = body.trim_start().starts_with("in_destructor(")
                    || body.trim_start().starts_with("if !thread::panicking()");
                assert!(is_safe, "{}: use `in_destructor`:\n{body}", file.display());
            }
        }
        assert!(seen > 5, "there are more destructors than these");
    }
}
