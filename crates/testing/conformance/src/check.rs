//! Checks of laws: of one by its name, and of many on a host.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Mutex, PoisonError},
};

use crate::{Checked, Law, LawHost, Subject, Virtual, current, laws, quietly};

/// Checks the law of this topic and name, as the test `test`: what the tests of
/// [`every_law!`](crate::every_law) call.
///
/// # Panics
///
/// Where the law does not hold, and when there is no such law. The first law of `lifecycle` that
/// does not hold either is printed.
pub fn check(subject: Subject, topic: &str, name: &str, test: &str) {
    current::set_test(test);
    let law = laws().find(|law| law.topic == topic && law.name == name);
    let law = law.expect("every test is of a law");
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| law.check(subject))) {
        if let Some(first) = first_that_fails(subject).filter(|first| *first != law.full_name()) {
            eprintln!("look at {first} first: it does not hold for {subject} either");
        }
        resume_unwind(panic);
    }
}

/// The first law of the life of a task that does not hold, if there is one. It explains most of the
/// others, which the harness runs in the order of their names.
pub(crate) fn first_that_fails(subject: Subject) -> Option<String> {
    static KNOWN: Mutex<BTreeMap<String, Option<String>>> = Mutex::new(BTreeMap::new());
    // Held meanwhile, so that the laws that fail at the same time look only once.
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known
        .entry(subject.to_string())
        .or_insert_with(|| {
            let fails = |law: &&Law| quietly(|| law.check_on(&Virtual, subject)).is_err();
            laws().take_while(|law| law.topic == FIRST_TOPIC).find(fails).map(Law::full_name)
        })
        .clone()
}

/// What breaks these laws breaks many others.
const FIRST_TOPIC: &str = "lifecycle";

/// Checks all these laws on a host, as the test `test`; how many hold there.
///
/// # Panics
///
/// Where one does not hold, with the names of all those, after the others have been checked.
pub fn check_on(
    host: &'static dyn LawHost,
    subject: Subject,
    laws: impl IntoIterator<Item = &'static Law>,
    test: &str,
) -> Tally {
    current::set_test(test);
    let (mut tally, mut broken) = (Tally::default(), Vec::new());
    for law in laws {
        match quietly(|| law.check_on(host, subject)) {
            Ok(Checked::Holds) => tally.hold += 1,
            Ok(Checked::NeedsNoHost) => tally.need_no_host += 1,
            Ok(Checked::Spared(why)) => {
                println!("skipped {}: {why}", law.full_name());
                tally.spared += 1;
            }
            Err(_) => broken.push(law.full_name()),
        }
    }
    assert!(broken.is_empty(), "not for {subject} on {}: {}", host.name(), broken.join(", "));
    tally
}

/// What came of many laws.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// So many hold on the host.
    pub hold: usize,
    /// So many hold, and have asked the host for nothing.
    pub need_no_host: usize,
    /// So many were not checked, as the host or the style lacks what they need.
    pub spared: usize,
}
