//! Programs that nobody wrote: the same script in any style leaves the same record.

use std::env;

use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};

use crate::{
    Subject,
    script::{Cast, Script, agree, scripts, shrink},
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

/// Makes up scripts until one does not hold, and shows the smallest that does not.
fn for_many_scripts(subject: Subject, holds: impl Fn(&Script) -> Result<(), String>) {
    let asked = env::var(SCRIPTS).ok().map(|n| n.parse().expect("QUADRIVIUM_SCRIPTS is a number"));
    let cases = asked.unwrap_or(if subject.is_pair() { 10 } else { 100 });
    // A fixed seed: the same scripts for every style, today and tomorrow.
    let rng_seed = RngSeed::Fixed(7);
    let config = Config { cases, rng_seed, failure_persistence: None, ..Config::default() };
    // Shrunk by ourselves, who know that a script may be replaced by what it contains.
    let config = Config { max_shrink_iters: 0, ..config };
    let ran = TestRunner::new(config)
        .run(&scripts(DEPTH), |script| holds(&script).map_err(TestCaseError::fail));
    match ran {
        Ok(()) => {}
        Err(TestError::Fail(_, script)) => {
            let smallest = shrink(&script, |script| holds(script).is_err());
            panic!("{subject}: {}", holds(&smallest).expect_err("the smallest does not hold"));
        }
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

#[cfg(test)]
mod tests {
    use quadrivium::task::{BoxTask, Step, Wait};

    use super::*;
    use crate::{Body, Style, Value, leaf, quietly};

    /// A style that is always in a hurry: whatever it waits for, it only lets a turn go by.
    struct Hurried;

    impl Style for Hurried {
        fn name(&self) -> &'static str {
            "hurried"
        }

        fn task(&self, body: Body<Value>) -> BoxTask<Value> {
            let mut task = Future.task(body);
            Box::pin(leaf(move |cx| match task.as_mut().resume(cx) {
                Step::Suspended(_) => Step::Suspended(Wait::Turn),
                done => done,
            }))
        }
    }

    #[test]
    fn a_style_that_differs_is_told_by_the_smallest_script() {
        let parted = quietly(|| leave_the_record_of_futures(Subject::of(&Hurried))).unwrap_err();
        println!("{parted}");
        let script = parted.split("the script:\n").nth(1).unwrap();
        assert_eq!(script.lines().count(), 1, "{parted}");
        assert!(parted.contains("suspended for a turn"), "{parted}");
    }
}
