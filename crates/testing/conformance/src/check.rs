//! Checks laws: one by its name, or many on a host.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Mutex, PoisonError},
};

use crate::{Checked, Law, LawHost, Subject, Virtual, catch_panic, current_law, laws};

/// Checks the law of this topic and name. The tests that [`every_law!`](crate::every_law) makes
/// call this, with their own name as `test`.
///
/// # Panics
///
/// If the law does not hold, or there is no such law. If a law of `lifecycle` does not hold either,
/// the first one is printed.
pub fn check(subject: Subject, topic: &str, name: &str, test: &str) {
    current_law::set_test(test);
    let law = laws().find(|law| law.topic == topic && law.name == name);
    let law = law.expect("every test is of a law");
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| law.check(subject))) {
        if let Some(first) = first_that_fails(subject).filter(|first| *first != law.full_name()) {
            eprintln!("look at {first} first: it does not hold for {subject} either");
        }
        resume_unwind(panic);
    }
}

/// Returns the first law of `lifecycle` that does not hold, if there is one. It explains most other
/// failures. The test harness runs the laws by name, so it does not show this one first.
pub(crate) fn first_that_fails(subject: Subject) -> Option<String> {
    static KNOWN: Mutex<BTreeMap<String, Option<String>>> = Mutex::new(BTreeMap::new());
    // Locked meanwhile, so that laws that fail at the same time search only once.
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known
        .entry(subject.to_string())
        .or_insert_with(|| {
            let fails = |law: &&Law| catch_panic(|| law.check_on(&Virtual, subject)).is_err();
            laws().take_while(|law| law.topic == FIRST_TOPIC).find(fails).map(Law::full_name)
        })
        .clone()
}

/// The topic to look at first: a style that breaks these laws breaks many others.
const FIRST_TOPIC: &str = "lifecycle";

/// Checks all these laws on a host, and counts how many hold there. `test` is the name of the
/// calling test.
///
/// # Panics
///
/// If a law does not hold. All laws are checked first, and the message lists those that failed.
pub fn check_on(
    host: &'static dyn LawHost,
    subject: Subject,
    laws: impl IntoIterator<Item = &'static Law>,
    test: &str,
) -> Tally {
    current_law::set_test(test);
    let (mut tally, mut broken) = (Tally::default(), Vec::new());
    for law in laws {
        match catch_panic(|| law.check_on(host, subject)) {
            Ok(Checked::Holds) => tally.hold += 1,
            Ok(Checked::NeedsNoHost) => tally.need_no_host += 1,
            Ok(Checked::Skipped(why)) => {
                println!("skipped {}: {why}", law.full_name());
                tally.skipped += 1;
            }
            Err(_) => broken.push(law.full_name()),
        }
    }
    assert!(
        broken.is_empty(),
        "these laws do not hold for {subject} on {}: {}",
        host.name(),
        broken.join(", ")
    );
    tally
}

/// The results of many laws.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// The number of laws that hold on the host.
    pub hold: usize,
    /// The number of laws that hold and did not use the host.
    pub need_no_host: usize,
    /// The number of laws that were skipped, since the host or the style lacks a feature they need.
    pub skipped: usize,
}
