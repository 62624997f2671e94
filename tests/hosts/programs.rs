//! Generated programs, on every host. They must keep the rules. On a host whose clock jumps, they
//! must leave the same record as on our virtual clock.

use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use quadrivium_conformance::{
    HostFeature, LawHost, Real, Style,
    script::{Cast, PlayRecord, Script, check_rules, play, play_on, scripts},
    styles,
};

use crate::{smol::Smol, tokio::Tokio};

/// Number of programs for each style on each host. On a real clock, each takes some milliseconds.
const SCRIPTS: u32 = 100;

fn check(host: &'static dyn LawHost, style: &'static dyn Style) {
    let cast = Cast::all(style);
    let config = Config {
        cases: SCRIPTS,
        rng_seed: RngSeed::Fixed(11),
        failure_persistence: None,
        ..Config::default()
    };
    let ran = TestRunner::new(config)
        .run(&scripts(2), |script| check_script(host, &script, &cast).map_err(TestCaseError::fail));
    ran.unwrap_or_else(|error| panic!("{} on {}: {error}", style.name(), host.name()));
}

fn check_script(host: &dyn LawHost, script: &Script, cast: &Cast) -> Result<(), String> {
    let record = play_here(host, script, cast);
    check_rules(&record, true)?;
    // Work occupies the CPU, and only our own virtual clock goes on meanwhile.
    let is_comparable =
        host.supports(HostFeature::VirtualClock) && !script.to_string().contains("work");
    if is_comparable && record != play(script, cast) {
        return Err(format!("it leaves another record: {:#?}", record.lines()));
    }
    Ok(())
}

fn play_here(host: &dyn LawHost, script: &Script, cast: &Cast) -> PlayRecord {
    let mut record = None;
    host.around(Box::new(|| record = Some(play_on(&mut *host.new_loop(), script, cast))));
    record.expect("`around` runs the law")
}

mod on_the_real_clock {
    use super::*;

    styles! { |style, _| check(&Real, style) }
}
mod in_tokio {
    use super::*;

    styles! { |style, _| check(&Tokio, style) }
}
mod in_smol {
    use super::*;

    styles! { |style, _| check(&Smol, style) }
}
