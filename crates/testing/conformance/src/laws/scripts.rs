//! Generated programs. A script is a small random program, and its record is the trace of the loop
//! with the notes of the bodies. The same script must leave the same record in any style.

use std::{cell::Cell, env, time::Duration};

use proptest::{
    strategy::Strategy,
    test_runner::{Config, TestCaseError, TestError, TestRunner},
};
use quadrivium::test::{Faults, Order, Simulation};

use crate::{
    Subject, catch_panic, random_cases,
    script::{
        Cast, PlayRecord, Script, agree, check_rules, compare, moving_scripts, play, play_on,
        scripts, shrink,
    },
    styles::{ALL, Future},
    watchdog,
};

laws! { ($) scripts:
    /// A script leaves the same record in this style as with async/await, line by line.
    leave_the_same_record_as_futures on VirtualClock;
    /// A script leaves the same record if its parts are played by several styles, this one among
    /// them.
    leave_the_same_record_in_mixed_styles on VirtualClock;
    /// A script leaves the same record as with async/await in any order of the tasks that a seed
    /// chooses.
    leave_the_same_record_in_any_order on VirtualClock;
    /// A script leaves the same record as with async/await under spurious wakes, delayed wakes,
    /// cancels and faulty connections.
    leave_the_same_record_under_faults on VirtualClock;
    /// A script that moves guards, permits and leaves between tasks leaves the same record as with
    /// async/await, with the same reports. A task that is certainly part of a cycle never ends.
    report_no_task_that_goes_on on VirtualClock;
    /// The same seed leaves the same record, bit for bit.
    replay_bit_for_bit on VirtualClock;
}

/// The number of scripts that a law plays for a style. A pair of styles plays a twentieth of them.
/// Use 10000 for a thorough check.
const SCRIPTS: &str = "QUADRIVIUM_SCRIPTS";

/// The number of orders that are tried for each script.
const SEEDS: u64 = 3;

/// The depth to which scripts contain other scripts.
const DEPTH: u32 = 2;

/// Generates scripts until the law fails for one. Then panics with the smallest script for which it
/// fails.
fn for_many_scripts(subject: Subject, holds: impl Fn(&Script) -> Result<(), String>) {
    for_many(subject, scripts(DEPTH), holds);
}

fn for_many(
    subject: Subject,
    scripts: impl Strategy<Value = Script>,
    holds: impl Fn(&Script) -> Result<(), String>,
) {
    let asked = env::var(SCRIPTS).map(|n| n.parse().expect("QUADRIVIUM_SCRIPTS is a number"));
    let alone: u32 = asked.unwrap_or(50);
    let n = if subject.is_pair() { alone.div_ceil(20) } else { alone };
    // We shrink the script ourselves, since we know that it may be replaced by a script in it.
    let config = Config { max_shrink_iters: 0, ..random_cases(n) };
    let holds = |script: &Script| {
        watchdog::is_alive();
        // A style may panic outside of any loop. Then the script is shown all the same.
        let held = catch_panic(|| holds(script));
        held.unwrap_or_else(|panic| Err(format!("a panic: {panic}\n\nthe script:\n{script}")))
    };
    let ran =
        TestRunner::new(config).run(&scripts, |script| holds(&script).map_err(TestCaseError::fail));
    match ran {
        Ok(()) => {}
        Err(TestError::Fail(_, script)) => {
            let smallest = shrink(&script, |script| holds(script).is_err());
            panic!(
                "{subject}: {}",
                holds(&smallest).expect_err("the law fails for the smallest script")
            );
        }
        Err(error) => panic!("{subject}: {error}"),
    }
}

fn leave_the_same_record_as_futures(subject: Subject) {
    let casts = [Cast::all(&Future), Cast::all(subject)];
    for_many_scripts(subject, |script| agree(script, &casts));
}

fn leave_the_same_record_in_mixed_styles(subject: Subject) {
    let mixture = Cast::mixed([subject].into_iter().chain(ALL.map(Subject::of)));
    let casts = [Cast::all(&Future), mixture];
    for_many_scripts(subject, |script| agree(script, &casts));
}

/// The simulations, each with a seed.
fn simulations() -> impl Iterator<Item = (Simulation, u64)> {
    let ms = Duration::from_millis(1);
    let mild = Faults::none().spurious_wakes(0.2, 4 * ms).delayed_wakes(0.2, 4 * ms);
    let rough = mild.clone().cancels(0.05).splits(0.3).slow_writes(0.2, 4 * ms);
    let rough = rough.resets(0.02).half_closes(0.02);
    [mild, rough].into_iter().flat_map(|faults| {
        [Order::Fifo, Order::Any].into_iter().map(move |order| {
            let simulation = Simulation::new().order(order).faults(faults.clone());
            (simulation, 7)
        })
    })
}

fn simulate(simulation: &Simulation, seed: u64, script: &Script, cast: &Cast) -> PlayRecord {
    let replay = simulation.replay(seed, |event_loop| play_on(event_loop, script, cast));
    replay.result.unwrap_or_else(|panic| panic!("playing the script panicked: {panic}"))
}

fn leave_the_same_record_in_any_order(subject: Subject) {
    let casts = [Cast::all(&Future), Cast::all(subject)];
    for_many_scripts(subject, |script| {
        (0..SEEDS).try_for_each(|seed| {
            let play = |script: &_, cast: &_| simulate(&Simulation::new(), seed, script, cast);
            compare(script, &casts, play, |record| check_rules(record, false))
        })
    });
}

fn leave_the_same_record_under_faults(subject: Subject) {
    let casts = [Cast::all(&Future), Cast::all(subject)];
    for_many_scripts(subject, |script| {
        simulations().try_for_each(|(simulation, seed)| {
            let play = |script: &_, cast: &_| simulate(&simulation, seed, script, cast);
            compare(script, &casts, play, |record| check_rules(record, false))
        })
    });
}

/// How often the loop has reported tasks, in many scripts.
#[derive(Default)]
struct Reports {
    scripts: Cell<usize>,
    /// The scripts in which every task ends.
    ending: Cell<usize>,
    certain: Cell<usize>,
    suspected: Cell<usize>,
    /// The suspected cycles in which a task has ended by itself.
    wrongly_suspected: Cell<usize>,
}

impl Reports {
    fn count(&self, record: &PlayRecord) {
        let add = |cell: &Cell<usize>, is: bool| cell.set(cell.get() + usize::from(is));
        add(&self.scripts, true);
        add(&self.ending, record.end == "done");
        for report in &record.reports {
            let is_wrong = report.tasks.iter().any(|task| record.went_on(*task));
            add(&self.certain, report.is_certain);
            add(&self.suspected, !report.is_certain);
            add(&self.wrongly_suspected, !report.is_certain && is_wrong);
        }
    }
}

fn report_no_task_that_goes_on(subject: Subject) {
    let casts = [Cast::all(&Future), Cast::all(subject)];
    let reports = Reports::default();
    // Each style plays other scripts, so that together they play more of them.
    let name = subject.to_string();
    let seed = name.bytes().fold(0_u64, |seed, byte| seed.rotate_left(5) ^ u64::from(byte));
    for_many(subject, moving_scripts(DEPTH, seed), |script| {
        let play = |script: &_, cast: &_| {
            let record = play(script, cast);
            reports.count(&record);
            record
        };
        compare(script, &casts, play, |record| {
            let is_wrong = record.end == "done" && record.reports.iter().any(|it| it.is_certain);
            match is_wrong {
                true => Err("every task has ended in spite of a certain report".to_string()),
                false => check_rules(record, true),
            }
        })
    });
    println!(
        "{} plays, and {} of them end: {} certain reports, {} suspected ones, {} of these wrongly",
        reports.scripts.get(),
        reports.ending.get(),
        reports.certain.get(),
        reports.suspected.get(),
        reports.wrongly_suspected.get(),
    );
}

fn replay_bit_for_bit(subject: Subject) {
    let twice = [Cast::all(subject), Cast::all(subject)];
    for_many_scripts(subject, |script| {
        simulations().try_for_each(|(simulation, seed)| {
            let play = |script: &_, cast: &_| simulate(&simulation, seed, script, cast);
            compare(script, &twice, play, |_| Ok(()))
        })
    });
}

#[cfg(test)]
mod tests {
    use quadrivium::task::{BoxTask, Step, Wait};

    use super::*;
    use crate::{Body, Style, Value, leaf};

    /// A broken style: it waits for a single turn, whatever its body waits for.
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
    fn a_style_that_differs_is_shown_with_the_smallest_script() {
        let parted =
            catch_panic(|| leave_the_same_record_as_futures(Subject::of(&Hurried))).unwrap_err();
        println!("{parted}");
        let script = parted.split("the script:\n").nth(1).unwrap();
        assert_eq!(script.lines().count(), 1, "{parted}");
        assert!(parted.contains("suspended for a turn"), "{parted}");
    }
}
