//! [`Law`]: a behaviour every style must show, and what makes tests of it.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::{
    Feature, HostFeature, LawHost, Subject, Virtual, child, current, event_loop, host::Lacks,
    in_destructor, watchdog,
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
        let (law, test) = (*self, current::test());
        let name = law.full_name();
        if child::is_of_another(&name) {
            return Checked::Spared(format!("this process is not for {name}"));
        }
        let what = format!("law {name} for {subject} on {}", host.name());
        let watched = move || {
            current::set(test, name);
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

/// Names the laws of a file, each with its sentence, and makes the macro that makes tests of them.
///
/// The macro is named as the file, and is for [`every_law!`](crate::every_law) alone. `$d` is a
/// dollar: a macro that makes a macro has no other way to write one.
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
