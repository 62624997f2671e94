//! [`Law`]: a behaviour every style must show, and what makes tests of it.

use std::cell::RefCell;

use crate::{Feature, Subject, laws::laws, watchdog};

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
    pub(crate) holds: fn(Subject),
}

thread_local! {
    /// The name of the test that is checking a law, for one that needs a process of its own.
    static TEST: RefCell<String> = const { RefCell::new(String::new()) };
}

impl Law {
    /// Runs the law, on a thread of its own. A style that does not support what it needs is spared,
    /// and that is printed.
    ///
    /// # Panics
    ///
    /// Where the law does not hold; its sentence is printed. When it does not end: after twenty
    /// seconds without a sign of life, or as many as the environment variable `QUADRIVIUM_LAW_LIMIT`
    /// says.
    pub fn check(&self, subject: Subject) {
        if let Some(lacks) = self.needs.iter().find(|feature| !subject.supports(**feature)) {
            println!("skipped: {subject} does not support {lacks:?}");
            return;
        }
        let (law, test) = (*self, test());
        watchdog::watch(&format!("law {}::{} for {subject}", self.topic, self.name), move || {
            TEST.set(test);
            // Said when it unwinds, below the message of the panic, which knows no law.
            let named = Named(law, subject);
            (law.holds)(subject);
            std::mem::forget(named);
        });
    }
}

/// Prints the sentence of a law that does not hold.
struct Named(Law, Subject);

impl Drop for Named {
    fn drop(&mut self) {
        let Self(Law { topic, name, specification, .. }, subject) = self;
        eprintln!("law {topic}::{name} does not hold for {subject}:{specification}");
    }
}

/// Checks the law of this topic and name, as the test `test`: what the tests of
/// [`every_law!`](crate::every_law) call.
///
/// # Panics
///
/// Where the law does not hold, and when there is no such law.
pub fn check(subject: Subject, topic: &str, name: &str, test: &str) {
    // The harness knows its tests without the name of the crate.
    let test = test.split_once("::").map_or(test, |(_, test)| test);
    TEST.set(test.to_string());
    let law = laws().find(|law| law.topic == topic && law.name == name);
    law.expect("every test is of a law").check(subject);
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
        $($(#[doc = $specification:literal])+ $law:ident $(needs $need:ident)?;)+
    ) => {
        pub(super) const LAWS: &[$crate::Law] = &[$($crate::Law {
            topic: stringify!($topic),
            name: stringify!($law),
            specification: concat!($($specification),+),
            needs: &[$($crate::Feature::$need)?],
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
