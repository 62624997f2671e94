//! A law that does not end is named, and the others go on: a lost wake is a test that never
//! returns.

use std::{
    cell::RefCell,
    env,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread,
    time::Duration,
};

use quadrivium::host::refused;

/// How long a law may go on without a sign of life, in seconds. On a busy machine none takes one.
const LIMIT: &str = "QUADRIVIUM_LAW_LIMIT";
const DEFAULT_LIMIT: Duration = Duration::from_secs(20);

thread_local! {
    /// Where the law on this thread says that it is alive.
    static SIGNS: RefCell<Option<Sender<Sign>>> = const { RefCell::new(None) };
}

/// What a law says of itself.
enum Sign {
    /// It goes on.
    Alive,
    /// It has ended, or panicked like this.
    Ended(thread::Result<usize>),
}

/// Checks a law on a thread of its own, with the limit of the environment; how many loops it asked
/// for.
pub(crate) fn watch(law: &str, holds: impl FnOnce() -> usize + Send + 'static) -> usize {
    let limit = env::var(LIMIT).ok().map(|seconds| {
        let seconds = seconds.parse().ok();
        Duration::from_secs(seconds.unwrap_or_else(|| panic!("{LIMIT} is a number of seconds")))
    });
    within(limit.unwrap_or(DEFAULT_LIMIT), law, holds)
}

/// The law on this thread has come further, and may take its time again.
pub(crate) fn is_alive() {
    SIGNS.with_borrow(|signs| {
        // Nobody listens any more when it was given up.
        let _ = signs.as_ref().map(|signs| signs.send(Sign::Alive));
    });
}

/// A thread cannot be ended from outside. So one that is given up is left behind, where it waits or
/// spins until the process ends. Rejected: to end the process, which hides all the other laws.
fn within(limit: Duration, law: &str, holds: impl FnOnce() -> usize + Send + 'static) -> usize {
    let (signs, seen) = mpsc::channel();
    let watched = move || {
        SIGNS.set(Some(signs.clone()));
        let ended = catch_unwind(AssertUnwindSafe(holds));
        let _ = signs.send(Sign::Ended(ended));
    };
    // The name of the test, which a panic shows.
    let name = thread::current().name().unwrap_or(law).to_string();
    let started = thread::Builder::new().name(name).spawn(watched);
    started.unwrap_or_else(|error| panic!("{}", refused("a thread for a law", &error)));
    loop {
        match seen.recv_timeout(limit) {
            Ok(Sign::Alive) => {}
            Ok(Sign::Ended(Ok(loops))) => return loops,
            Ok(Sign::Ended(Err(panic))) => resume_unwind(panic),
            Err(RecvTimeoutError::Timeout) => panic!(
                "{law} has not ended after {limit:?}: look for a wake or a deadline that is lost; if \
                 it only takes long, raise {LIMIT}"
            ),
            Err(RecvTimeoutError::Disconnected) => unreachable!("a law says when it has ended"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quietly;

    const SOON: Duration = Duration::from_millis(20);

    #[test]
    fn a_law_that_does_not_end_is_named() {
        let told = quietly(|| {
            within(SOON, "patience", || {
                thread::park_timeout(Duration::MAX);
                0
            })
        });
        let told = told.unwrap_err();
        assert!(told.contains("patience has not ended after 20ms: look for a wake"), "{told}");
    }

    #[test]
    fn a_law_that_gives_signs_of_life_may_go_on() {
        within(Duration::from_secs(1), "busy", || {
            (0..1000).for_each(|_| is_alive());
            0
        });
    }

    #[test]
    fn a_panic_of_a_law_comes_through() {
        let told = quietly(|| within(SOON * 100, "wrong", || panic!("it does not hold")));
        assert_eq!(told.unwrap_err(), "it does not hold");
    }
}
