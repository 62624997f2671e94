//! `ticker` as a green thread.

use std::time::Duration;

use quadrivium::{green::perform, prelude::*, time};

pub fn ticker(
    name: &'static str,
    period: Duration,
    ticks: u32,
) -> impl Task<Output = ()> {
    green(move || {
        // 1. Note the time.
        let start = time::now();

        for tick in 1..=ticks {
            // 2. Wait for the deadline of this tick.
            perform(time::sleep_until(start + period * tick));

            // 3. Tick.
            println!("  {name}: tick {tick}");
        }
    })
}
