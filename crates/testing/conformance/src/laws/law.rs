//! [`Law`]: a behaviour that every style must show, and the macro that makes tests of laws.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::{
    Feature, HostFeature, LawHost, Subject, Virtual, child, current_law, event_loop, host::Lacks,
    in_destructor, watchdog,
};

/// A behaviour that every style must show: a name, a sentence, and a function that panics if the
/// behaviour differs.
#[derive(Clone, Copy, Debug)]
pub struct Law {
    /// The topic of the law, such as `cancel`.
    pub topic: &'static str,
    /// The name of the law within its topic, such as `removes_the_deadline`.
    pub name: &'static str,
    /// The sentence that states the behaviour.
    pub specification: &'static str,
    /// The features that a style must support for this law.
    pub needs: &'static [Feature],
    /// The features that a host must support for this law.
    pub on: &'static [HostFeature],
    pub(crate) run: fn(Subject),
}

impl Law {
    /// Returns its topic and its name, as in `cancel::removes_the_deadline`.
    pub(crate) fn full_name(&self) -> String {
        format!("{}::{}", self.topic, self.name)
    }

    /// Checks the law on a thread of its own. If the style does not support a feature that the law
    /// needs, the law is skipped, and the reason is printed.
    ///
    /// # Panics
    ///
    /// If the law does not hold, after its sentence was printed. Also if the law takes too long:
    /// twenty seconds without a sign of life, or the number of seconds in the environment variable
    /// `QUADRIVIUM_LAW_LIMIT`.
    pub fn check(&self, subject: Subject) {
        if let Checked::Skipped(why) = self.check_on(&Virtual, subject) {
            println!("skipped: {why}");
        }
    }

    /// Like [`check`](Law::check), on another host. Returns whether the law holds or was skipped.
    ///
    /// # Panics
    ///
    /// As [`check`](Law::check) does.
    pub fn check_on(&self, host: &'static dyn LawHost, subject: Subject) -> Checked {
        if let Some(lacks) = self.needs.iter().find(|feature| !subject.supports(**feature)) {
            return Checked::Skipped(format!("{subject} does not support {lacks:?}"));
        }
        if let Some(lacks) = self.on.iter().find(|feature| !host.supports(**feature)) {
            return Checked::Skipped(format!("{} does not support {lacks:?}", host.name()));
        }
        let (law, test) = (*self, current_law::test());
        let name = law.full_name();
        if child::is_of_another(&name) {
            return Checked::Skipped(format!("this process is not for {name}"));
        }
        let what = format!("law {name} for {subject} on {}", host.name());
        let watched = move || {
            current_law::set(test, name);
            // Printed when it is dropped by a panic, below the message of the panic, which names no
            // law.
            let named = Named(law, subject, host.name());
            let asked = catch_unwind(AssertUnwindSafe(|| {
                let loops = event_loop::on(host, || (law.run)(subject));
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
                Ok(lacks) => Checked::Skipped(format!("{} does not have {}", host.name(), lacks.0)),
                Err(panic) => resume_unwind(panic),
            },
        }
    }
}

/// The result of a law that does not fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// The law holds on this host.
    Holds,
    /// The law holds, and did not use the host: it resumes tasks by hand, or makes a loop of its
    /// own.
    NeedsNoHost,
    /// The law was not checked, for this reason.
    Skipped(String),
}

/// Prints the sentence of a law that does not hold, when it is dropped.
struct Named(Law, Subject, &'static str);

impl Drop for Named {
    fn drop(&mut self) {
        let Self(Law { topic, name, specification, .. }, subject, host) = self;
        eprintln!("law {topic}::{name} does not hold for {subject} ({host}):{specification}");
    }
}

/// Names the laws of a file, each with its sentence, and makes the macro that makes tests of them.
///
/// The macro has the name of the file, and is used by [`every_law!`](crate::every_law) only. Each
/// call of `laws!` begins with `($)`, which hands in a dollar sign as `$d`. A macro that makes a
/// macro cannot write one in any other way.
macro_rules! laws {
    (($d:tt) $topic:ident:
        $(
            $(#[doc = $specification:literal])+
            $law:ident $(needs $($need:ident),+)? $(on $($on:ident)+)?;
        )+
    ) => {
        pub(super) const LAWS: &[$crate::Law] = &[$($crate::Law {
            topic: stringify!($topic),
            name: stringify!($law),
            specification: concat!($($specification),+),
            needs: &[$($($crate::Feature::$need),+)?],
            on: &[$($($crate::HostFeature::$on),+)?],
            run: $law,
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
