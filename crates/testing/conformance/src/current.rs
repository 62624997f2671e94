//! The law that is being checked on this thread, for one that needs a process of its own.

use std::cell::RefCell;

thread_local! {
    /// The name of the test that checks it.
    static TEST: RefCell<String> = const { RefCell::new(String::new()) };
    /// Its own name.
    static LAW: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The name of the law.
pub(crate) fn law() -> String {
    LAW.with_borrow(String::clone)
}

/// The name of the test, as the harness knows it.
pub(crate) fn test() -> String {
    TEST.with_borrow(String::clone)
}

/// Says which law this thread checks, and for which test.
pub(crate) fn set(test: String, law: String) {
    TEST.set(test);
    LAW.set(law);
}

/// Says for which test this thread checks laws. The harness knows its tests without the name of the
/// crate.
pub(crate) fn set_test(test: &str) {
    let test = test.split_once("::").map_or(test, |(_, test)| test);
    TEST.set(test.to_string());
}
