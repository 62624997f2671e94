//! `ticker` as callbacks.

use std::time::{Duration, Instant};

use quadrivium::{prelude::*, time};

pub fn ticker(
    name: &'static str,
    period: Duration,
    ticks: u32,
) -> impl Task<Output = ()> {
    callback(move |cb| {
        // 1. Note the time.
        let start = time::now();

        next(cb, name, start, period, 1..=ticks)
    })
}

fn next(
    cb: &mut Callback<()>,
    name: &'static str,
    start: Instant,
    period: Duration,
    mut ticks: impl Iterator<Item = u32> + 'static,
) {
    let Some(tick) = ticks.next() else { return cb.done(()) };

    // 2. Wait for the deadline of this tick.
    cb.perform(time::sleep_until(start + period * tick), move |cb, ()| {
        // 3. Tick.
        println!("  {name}: tick {tick}");
        next(cb, name, start, period, ticks)
    })
}
