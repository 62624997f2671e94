//! The law that is being checked on this thread. A law that runs in a process of its own needs its
//! name.

use std::cell::RefCell;

thread_local! {
    /// The name of the test that checks the law.
    static TEST: RefCell<String> = const { RefCell::new(String::new()) };
    /// The name of the law.
    static LAW: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Returns the name of the law.
pub(crate) fn law() -> String {
    LAW.with_borrow(String::clone)
}

/// Returns the name of the test in the harness.
pub(crate) fn test() -> String {
    TEST.with_borrow(String::clone)
}

/// Sets the law that this thread checks, and the test that checks it.
pub(crate) fn set(test: String, law: String) {
    TEST.set(test);
    LAW.set(law);
}

/// Sets the test that this thread runs. The harness uses names without the name of the crate, so
/// that part is removed.
pub(crate) fn set_test(test: &str) {
    let test = test.split_once("::").map_or(test, |(_, test)| test);
    TEST.set(test.to_string());
}
