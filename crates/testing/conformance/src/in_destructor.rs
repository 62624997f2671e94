//! What the destructors of laws do: a panic in one must not end the process.
//!
//! A destructor may run while a panic unwinds: when a law fails, or when a style cancels by
//! unwinding. A second panic that leaves it ends the process, and with it all other laws. So a law
//! does what can fail in a destructor through [`in_destructor`], and fails after it has run.

use std::cell::RefCell;

use crate::quietly;

thread_local! {
    /// What has failed in the destructors of the law on this thread.
    static FAILED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Does something that may panic in a destructor. The law fails, but not here.
pub(crate) fn in_destructor(something: impl FnOnce()) {
    if let Err(message) = quietly(something) {
        // The thread may be ending; then the law has ended, too.
        let _ = FAILED.try_with(|failed| failed.borrow_mut().push(message));
    }
}

/// A value that does this, once, when it is dropped.
pub(crate) fn in_drop<F: FnOnce()>(something: F) -> InDrop<F> {
    InDrop(Some(something))
}

/// Does something when it is dropped. Made by [`in_drop`].
pub(crate) struct InDrop<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> Drop for InDrop<F> {
    fn drop(&mut self) {
        in_destructor(|| self.0.take().expect("it is dropped once")());
    }
}

/// Fails if something has failed in a destructor.
///
/// # Panics
///
/// With what the destructors have said.
pub(crate) fn check() {
    let failed = FAILED.take();
    assert!(failed.is_empty(), "in a destructor: {}", failed.join("; in another: "));
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn what_fails_in_a_destructor_is_told_later() {
        in_destructor(|| ());
        check();
        in_destructor(|| panic!("the first"));
        in_destructor(|| panic!("the second"));
        let told = quietly(check).unwrap_err();
        assert_eq!(told, "in a destructor: the first; in another: the second");
    }

    /// The bodies of `fn drop` in a file.
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
                // Those that panic on purpose do not while another panic is under way.
                let is_safe = body.trim_start().starts_with("in_destructor(")
                    || body.trim_start().starts_with("if !thread::panicking()");
                assert!(is_safe, "{}: use `in_destructor`:\n{body}", file.display());
            }
        }
        assert!(seen > 5, "these are all destructors");
    }
}
