//! [`Law`]: a behaviour every style must show, and what makes tests of it.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Mutex, PoisonError},
};

use crate::{
    Feature, HostFeature, LawHost, Subject, Virtual, child, event_loop, host::Lacks, in_destructor,
    laws::laws, quietly, watchdog,
};

/// A behaviour every style must show: a name, a sentence, and a function that panics where it does
/// not hold.
#[derive(Clone, Copy, Debug)]
pub struct Law {
    /// What it is about, such as `cancel`.
    pub topic: &'static str,
    /// Which of them, such as `before_start`.
    pub name: &'static str,
    /// The sentence.
    pub specification: &'static str,
    /// What a style must support for it.
    pub needs: &'static [Feature],
    /// What a host must support for it.
    pub on: &'static [HostFeature],
    pub(crate) holds: fn(Subject),
}

thread_local! {
    /// The name of the test that is checking a law, for one that needs a process of its own.
    static TEST: RefCell<String> = const { RefCell::new(String::new()) };
    /// The law that is being checked, for the same.
    static NAME: RefCell<String> = const { RefCell::new(String::new()) };
}

impl Law {
    /// Its topic and its name, as in `cancel::before_start`.
    pub(crate) fn full_name(&self) -> String {
        format!("{}::{}", self.topic, self.name)
    }

    /// Runs the law, on a thread of its own. A style that does not support what it needs is spared,
    /// and that is printed.
    ///
    /// # Panics
    ///
    /// Where the law does not hold; its sentence is printed. When it does not end: after twenty
    /// seconds without a sign of life, or as many as the environment variable
    /// `QUADRIVIUM_LAW_LIMIT` says.
    pub fn check(&self, subject: Subject) {
        if let Checked::Spared(why) = self.check_on(&Virtual, subject) {
            println!("skipped: {why}");
        }
    }

    /// The same on another host; whether it was spared.
    ///
    /// # Panics
    ///
    /// As [`check`](Law::check).
    pub fn check_on(&self, host: &'static dyn LawHost, subject: Subject) -> Checked {
        if let Some(lacks) = self.needs.iter().find(|feature| !subject.supports(**feature)) {
            return Checked::Spared(format!("{subject} does not support {lacks:?}"));
        }
        if let Some(lacks) = self.on.iter().find(|feature| !host.supports(**feature)) {
            return Checked::Spared(format!("{} does not support {lacks:?}", host.name()));
        }
        let (law, test) = (*self, test());
        let name = law.full_name();
        if child::is_of_another(&name) {
            return Checked::Spared(format!("this process is not for {name}"));
        }
        let what = format!("law {name} for {subject} on {}", host.name());
        let watched = move || {
            TEST.set(test);
            NAME.set(name);
            // Said when it unwinds, below the message of the panic, which knows no law.
            let named = Named(law, subject, host.name());
            let asked = catch_unwind(AssertUnwindSafe(|| {
                let loops = event_loop::on(host, || (law.holds)(subject));
                in_destructor::check();
                loops
            }));
            if asked.as_ref().map_or_else(|payload| payload.is::<Lacks>(), |_| true) {
                std::mem::forget(named);
            }
            asked.unwrap_or_else(|payload| resume_unwind(payload))
        };
        match catch_unwind(AssertUnwindSafe(|| watchdog::watch(&what, watched))) {
            Ok(0) => Checked::NeedsNoHost,
            Ok(_) => Checked::Holds,
            Err(payload) => match payload.downcast::<Lacks>() {
                Ok(lacks) => Checked::Spared(format!("{} does not have {}", host.name(), lacks.0)),
                Err(panic) => resume_unwind(panic),
            },
        }
    }
}

/// What came of a law that does not fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// It holds on this host.
    Holds,
    /// It holds, and has asked the host for nothing: it resumes tasks by hand, or makes a loop of
    /// its own.
    NeedsNoHost,
    /// It was not checked, for this reason.
    Spared(String),
}

/// Prints the sentence of a law that does not hold.
struct Named(Law, Subject, &'static str);

impl Drop for Named {
    fn drop(&mut self) {
        let Self(Law { topic, name, specification, .. }, subject, host) = self;
        eprintln!("law {topic}::{name} does not hold for {subject} ({host}):{specification}");
    }
}

/// Checks the law of this topic and name, as the test `test`: what the tests of
/// [`every_law!`](crate::every_law) call.
///
/// # Panics
///
/// Where the law does not hold, and when there is no such law. The first law of `lifecycle` that
/// does not hold either is printed.
pub fn check(subject: Subject, topic: &str, name: &str, test: &str) {
    name_test(test);
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
    name_test(test);
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

/// The name of the law that is checked on this thread.
pub(crate) fn name() -> String {
    NAME.with_borrow(String::clone)
}

/// The harness knows its tests without the name of the crate.
fn name_test(test: &str) {
    let test = test.split_once("::").map_or(test, |(_, test)| test);
    TEST.set(test.to_string());
}

/// The name of the test that runs on this thread.
pub(crate) fn test() -> String {
    TEST.with_borrow(String::clone)
}

/// Names the laws of a file, each with its sentence, and makes the macro that makes tests of them.
///
/// The macro is named as the file, and is for [`every_law!`](crate::every_law) alone. `$d` is a
/// dollar: a macro that makes a macro has no other way to write one.
macro_rules! laws {
    (($d:tt) $topic:ident:
        $($(#[doc = $specification:literal])+ $law:ident $(needs $($need:ident),+)? $(on $($on:ident)+)?;)+
    ) => {
        pub(super) const LAWS: &[$crate::Law] = &[$($crate::Law {
            topic: stringify!($topic),
            name: stringify!($law),
            specification: concat!($($specification),+),
            needs: &[$($($crate::Feature::$need),+)?],
            on: &[$($($crate::HostFeature::$on),+)?],
            holds: $law,
        }),+];

        #[doc(hidden)]
        #[macro_export]
        macro_rules! $topic {
            () => {
                mod $topic {
                    $(
                        #[test]
                        fn $law() {
                            let (topic, law) = (stringify!($topic), stringify!($law));
                            let test = concat!(module_path!(), "::", stringify!($law));
                            $d crate::check(super::subject(), topic, law, test);
                        }
                    )+
                }
            };
        }
    };
}
