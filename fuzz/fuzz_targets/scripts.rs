//! A script made of any bytes, run in four styles and in a mixture of them. It runs first in the
//! order of an ordinary loop, and then in the order of a seed, with faults.

#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use quadrivium::test::{Faults, Simulation};
use quadrivium_conformance::{
    Subject,
    script::{Cast, Script, agree, check_rules, compare, play_on},
    styles,
};

/// A larger script would take longer and find nothing more.
const SIZE: usize = 150;
/// Each level is a task that performs another one. Dropping them uses stack for each level.
const DEPTH: usize = 30;

fuzz_target!(|input: (u64, Script)| {
    let (seed, script) = input;
    if script.size() > SIZE || script.depth() > DEPTH {
        return;
    }
    let mixture = Cast::mixed(styles::ALL.map(Subject::of));
    let casts: Vec<_> = styles::ALL.map(Cast::all).into_iter().chain([mixture]).collect();
    if let Err(parted) = agree(&script, &casts) {
        panic!("{parted}");
    }
    let ms = Duration::from_millis(1);
    let faults = Faults::mild().spurious_wakes(0.2, 4 * ms).cancels(0.05).resets(0.02);
    let simulation = Simulation::new().faults(faults);
    let play = |script: &_, cast: &_| {
        let replay = simulation.replay(seed, |event_loop| play_on(event_loop, script, cast));
        replay.result.expect("a play does not panic")
    };
    if let Err(parted) = compare(&script, &casts, play, |record| check_rules(record, false)) {
        panic!("seed {seed}: {parted}");
    }
});
