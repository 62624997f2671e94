//! The bars: the limits that the styles must keep, most of them relative to a peer of the same run.

use quadrivium_bench_protocol::{Bench, JoinKind, SyncKind};

use crate::{
    measurement::{Measurement, grouped},
    numbers::Metric,
    tables::name,
    verdict::Bar,
};

/// The peers that bars name.
const ASIO: &str = "Asio callbacks";
const GLOMMIO: &str = "glommio";
const LOCAL_POOL: &str = "LocalPool";
const MAY: &str = "may";
const TOKIO: &str = "tokio";
const UNORDERED: &str = "FuturesUnordered";

/// Returns all bars, in the order in which they are printed.
pub(crate) fn all() -> Vec<Bar> {
    let mut bars = Vec::new();
    bars.extend(turn());
    bars.extend(spawn());
    bars.extend(channel());
    bars.extend(sync());
    bars.extend(timeout());
    bars.extend(join());
    bars.extend(timers());
    bars.extend(memory());
    bars.extend(wake());
    bars.extend(nested());
    bars.extend(resources());
    bars
}

fn turn() -> Vec<Bar> {
    let turn = |n| {
        let what = if n == 1 {
            "turn, 1 task".into()
        } else {
            format!("turn, {} tasks", grouped(n as f64))
        };
        Bar::new(Measurement::Turn, what, Bench::Turn, n)
    };
    vec![
        turn(1_000).of(&["generator", "future"]).times(1.0 / 3.0, TOKIO),
        turn(1_000).of(&["future"]).times(0.6, GLOMMIO),
        turn(1_000).of(&["generator"]).times(0.8, GLOMMIO),
        turn(1_000).of(&["callback"]).times(0.8, ASIO),
        turn(1_000).of(&["green"]).times(0.2, MAY),
        turn(1).times(1.0, GLOMMIO),
        turn(1).times(1.0, ASIO),
        turn(100_000).of(&["callback", "generator", "future"]).times(0.8, GLOMMIO),
        turn(100_000).of(&["green"]).times(1.3, "limit, green"),
    ]
}

fn spawn() -> Vec<Bar> {
    let spawn = |style, most| {
        Bar::new(Measurement::Spawn, "spawn, run, join, 100,000", Bench::Spawn, 100_000)
            .of(&[style])
            .times(most, GLOMMIO)
    };
    vec![spawn("future", 1.2), spawn("callback", 1.2), spawn("generator", 1.8), spawn("green", 2.0)]
}

fn channel() -> Vec<Bar> {
    let round_trip = || Bar::new(Measurement::Channel, "channel round trip", Bench::RoundTrip, 1);
    vec![
        round_trip().times(1.0, MAY),
        round_trip().of(&["generator", "future"]).times(0.75, MAY),
        round_trip().instructions(900.0, "channel round trip"),
    ]
}

fn sync() -> impl Iterator<Item = Bar> {
    SyncKind::ALL.into_iter().flat_map(|kind| {
        let bar = |what: &str, bench| {
            let what = format!("{}, {what}", name(kind));
            Bar::new(Measurement::Sync, what, bench, 1).times(1.0, TOKIO)
        };
        [bar("uncontended", Bench::Uncontended(kind)), bar("contended", Bench::Contended(kind))]
    })
}

fn timeout() -> Vec<Bar> {
    let timeout = |what: &str| Bar::new(Measurement::Timeout, what, Bench::Timeout, 1);
    vec![
        timeout("timeout: what it adds").metric(Metric::Added).times(1.0 / 3.0, TOKIO),
        timeout("timeout: allocations").metric(Metric::Allocations).most(0.0),
    ]
}

fn join() -> impl Iterator<Item = Bar> {
    let kinds = [
        (JoinKind::OneByOne, "join_all"),
        (JoinKind::Together, "join_all, woken together"),
        (JoinKind::Select, "select"),
        (JoinKind::Race, "race_all"),
    ];
    kinds.into_iter().flat_map(|(kind, what)| {
        let bar = move |rest: &str| {
            Bar::new(Measurement::Join, format!("{what}{rest}"), Bench::Join(kind), 16_000)
        };
        [
            bar(" of 16,000, per part").times(1.0, UNORDERED),
            // A cache miss is no growth of the algorithm.
            bar(" of 16,000 is linear").times_itself(3.0, 1_600),
        ]
    })
}

fn timers() -> Vec<Bar> {
    let timers = |what: &str| {
        let what = format!("timers, 1,000,000: {what}");
        // A million green threads that sleep need 4 GB, so three styles are measured.
        Bar::new(Measurement::Timers, what, Bench::Timers, 1_000_000).of(&[
            "callback",
            "generator",
            "future",
        ])
    };
    vec![
        timers("processor").metric(Metric::Processor).times(0.5, TOKIO),
        timers("processor").metric(Metric::Processor).times(1.0, ASIO),
        timers("p99 lateness").metric(Metric::P99).times(0.5, TOKIO),
        timers("none early").metric(Metric::Early).most(0.0),
    ]
}

fn memory() -> impl Iterator<Item = Bar> {
    [("future", 120.0), ("callback", 152.0), ("generator", 236.0), ("green", 4.3 * 1024.0)]
        .map(|(style, most)| {
            Bar::new(
                Measurement::Memory,
                "memory, 1,000,000, with handle",
                Bench::Memory,
                1_000_000,
            )
            .of(&[style])
            .metric(Metric::Resident)
            .most(most)
        })
        .into_iter()
}

fn wake() -> Vec<Bar> {
    let wake = || Bar::new(Measurement::Wake, "wake from a thread, median", Bench::Wake, 1);
    vec![
        wake().metric(Metric::P50).times(1.0, ASIO),
        wake().metric(Metric::P50).times(1.0, LOCAL_POOL),
        Bar::new(Measurement::Wake, "storm of wakes: writes", Bench::WakeStorm, 1)
            .metric(Metric::WritesPerSleep)
            .most(1.0),
    ]
}

fn nested() -> Vec<Bar> {
    vec![
        Bar::new(Measurement::Nested, "turn, nested 100 deep", Bench::Nested, 100)
            .of(&["green"])
            .times_itself(1.1, 1),
    ]
}

/// No allocation and no system call per turn, message or timeout.
fn resources() -> impl Iterator<Item = Bar> {
    let counted = [
        (Measurement::Turn, "a turn", Bench::Turn, 1),
        (Measurement::Channel, "a round trip", Bench::RoundTrip, 1),
        (Measurement::Channel, "a message of a stream", Bench::Stream, 64),
        (Measurement::Timeout, "a timeout", Bench::Timeout, 1),
    ];
    let metrics = [(Metric::Allocations, "allocations"), (Metric::SystemCalls, "system calls")];
    counted.into_iter().flat_map(move |(measurement, what, bench, n)| {
        metrics.map(|(metric, resource)| {
            Bar::new(measurement, format!("{resource} of {what}"), bench, n)
                .metric(metric)
                .most(0.0)
        })
    })
}
