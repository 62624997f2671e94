//! The watchdog of the laws. A lost wake makes a law wait forever. Such a law is reported by name,
//! and the others continue.

use std::{
    cell::RefCell,
    env,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread,
    time::Duration,
};

use quadrivium::host::refused;

/// The environment variable for the number of seconds that a law may take without a sign of life.
/// Even on a busy machine, no law takes one second.
const LIMIT: &str = "QUADRIVIUM_LAW_LIMIT";
const DEFAULT_LIMIT: Duration = Duration::from_secs(20);

thread_local! {
    /// The channel on which the law on this thread sends signs of life.
    static SIGNS: RefCell<Option<Sender<Sign>>> = const { RefCell::new(None) };
}

/// A message of a law to its watchdog.
enum Sign {
    /// The law has made progress.
    Alive,
    /// The law has ended, or has panicked with this payload.
    Ended(thread::Result<usize>),
}

/// Checks a law on a thread of its own, within the limit of the environment. Returns the number of
/// loops that it made.
pub(crate) fn watch(law: &str, run: impl FnOnce() -> usize + Send + 'static) -> usize {
    let limit = env::var(LIMIT).ok().map(|seconds| {
        let seconds = seconds.parse().ok();
        Duration::from_secs(seconds.unwrap_or_else(|| panic!("{LIMIT} is a number of seconds")))
    });
    within(limit.unwrap_or(DEFAULT_LIMIT), law, run)
}

/// Reports that the law on this thread has made progress, so that its time limit starts again.
pub(crate) fn is_alive() {
    SIGNS.with_borrow(|signs| {
        // The watchdog no longer receives after it has given up the law.
        let _ = signs.as_ref().map(|signs| signs.send(Sign::Alive));
    });
}

/// A thread cannot be ended from outside. So the thread of a law that takes too long is left behind
/// until the process ends. Rejected: ending the process, which would hide all other laws.
fn within(limit: Duration, law: &str, run: impl FnOnce() -> usize + Send + 'static) -> usize {
    let (signs, seen) = mpsc::channel();
    let watched = move || {
        SIGNS.set(Some(signs.clone()));
        let ended = catch_unwind(AssertUnwindSafe(run));
        let _ = signs.send(Sign::Ended(ended));
    };
    // The name of the test, which the message of a panic shows.
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
            Err(RecvTimeoutError::Disconnected) => unreachable!("a law reports its end"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catch_panic;

    const SOON: Duration = Duration::from_millis(20);

    #[test]
    fn a_law_that_does_not_end_is_named() {
        let message = catch_panic(|| {
            within(SOON, "patience", || {
                thread::park_timeout(Duration::MAX);
                0
            })
        });
        let message = message.unwrap_err();
        assert!(
            message.contains("patience has not ended after 20ms: look for a wake"),
            "{message}"
        );
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
        let message = catch_panic(|| within(SOON * 100, "wrong", || panic!("it does not hold")));
        assert_eq!(message.unwrap_err(), "it does not hold");
    }
}
