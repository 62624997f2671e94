//! Programs that nobody wrote: the same script in any style leaves the same record.

use std::env;

use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};

use crate::{
    Subject,
    script::{Cast, Script, agree, scripts},
    styles::{ALL, Future},
};

laws! { ($) scripts:
    /// A script leaves the same record in this style as with async/await, line by line.
    leave_the_record_of_futures;
    /// So it does when its parts are played by several styles, this one among them.
    leave_the_record_of_futures_in_a_mixture;
}

/// How many scripts a law plays: set it to 10000 to be thorough.
const SCRIPTS: &str = "QUADRIVIUM_SCRIPTS";

/// How deep a script contains others.
const DEPTH: u32 = 2;

/// Makes up scripts until one does not hold, shrinks that, and shows it.
fn for_many_scripts(subject: Subject, holds: impl Fn(&Script) -> Result<(), String>) {
    let asked = env::var(SCRIPTS).ok().map(|n| n.parse().expect("QUADRIVIUM_SCRIPTS is a number"));
    let cases = asked.unwrap_or(if subject.is_pair() { 10 } else { 100 });
    // A fixed seed: the same scripts for every style, today and tomorrow.
    let rng_seed = RngSeed::Fixed(7);
    let config = Config { cases, rng_seed, failure_persistence: None, ..Config::default() };
    let ran = TestRunner::new(config)
        .run(&scripts(DEPTH), |script| holds(&script).map_err(TestCaseError::fail));
    match ran {
        Ok(()) => {}
        Err(TestError::Fail(parted, _)) => panic!("{subject}: {parted}"),
        Err(error) => panic!("{subject}: {error}"),
    }
}

fn leave_the_record_of_futures(subject: Subject) {
    let casts = [Cast::all(&Future), Cast::all(subject)];
    for_many_scripts(subject, |script| agree(script, &casts));
}

fn leave_the_record_of_futures_in_a_mixture(subject: Subject) {
    let mixture = Cast::mixed([subject].into_iter().chain(ALL.map(Subject::of)));
    let casts = [Cast::all(&Future), mixture];
    for_many_scripts(subject, |script| agree(script, &casts));
}
