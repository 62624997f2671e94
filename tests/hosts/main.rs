//! Checks the laws on every host: our loop on both clocks, a loop inside tokio and a loop inside
//! smol. Every pair of styles is also checked for all outcomes of a task, on other threads as well.
//!
//! Two tables show how many laws hold on each host. Each test checks its own cell of a table.

/// Makes a test for each style.
macro_rules! styles {
    ($check:expr) => {
        styles! {
            @tests $check,
            callback Callback, generator Generator, future Future, green Green
        }
    };
    (@tests $check:expr, $($style:ident $Style:ident),*) => {$(
        #[test]
        fn $style() {
            $check(&styles::$Style, concat!(module_path!(), "::", stringify!($style)));
        }
    )*};
}

mod elsewhere;
mod matrix;
mod programs;
mod smol;
mod tokio;

use quadrivium_conformance::{LawHost, Real, Style, Subject, Virtual, check_on, laws, styles};

const HOSTS: [&dyn LawHost; 6] =
    [&Virtual, &Real, &tokio::Tokio, &smol::Smol, &elsewhere::TwoThreads, &elsewhere::TwoWorkers];

fn check_all(host: &'static dyn LawHost, style: &'static dyn Style, test: &str) {
    let tally = check_on(host, Subject::of(style), laws(), test);
    assert!(tally.hold > 200, "{tally:?}: most laws must hold");
    let found = format!("{}, {} skipped", tally.hold, tally.skipped);
    matrix::check_cell("host", host.name(), style.name(), &found);
}

/// Checks the laws about the outcomes of a task on every host.
fn check_outcomes(outer: &'static dyn Style, inner: &'static dyn Style, test: &str) {
    let outcomes = || laws().filter(|law| law.topic == "outcomes");
    let subject = Subject::performs(outer, inner);
    for host in HOSTS {
        let tally = check_on(host, subject, outcomes(), test);
        assert_eq!((tally.hold, tally.skipped), (outcomes().count(), 0), "{}", host.name());
    }
    let found = format!("{} on {} hosts", outcomes().count(), HOSTS.len());
    matrix::check_cell("performs", outer.name(), inner.name(), &found);
}

macro_rules! hosts {
    ($($name:ident = $host:expr;)*) => {$(
        mod $name {
            use super::*;

            styles! { |style, test| check_all(&$host, style, test) }
        }
    )*};
}

hosts! {
    virtual_clock = Virtual;
    real_clock = Real;
    in_tokio = tokio::Tokio;
    in_smol = smol::Smol;
}

macro_rules! pairs {
    ($($name:ident = $outer:ident;)*) => {$(
        mod $name {
            use super::*;

            styles! { |inner, test| check_outcomes(&styles::$outer, inner, test) }
        }
    )*};
}

pairs! {
    callback_performs = Callback;
    generator_performs = Generator;
    future_performs = Future;
    green_performs = Green;
}
