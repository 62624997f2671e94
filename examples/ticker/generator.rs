//! `ticker` as a generator.

use std::time::Duration;

use quadrivium::{prelude::*, time};

pub fn ticker(
    name: &'static str,
    period: Duration,
    ticks: u32,
) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        // 1. Note the time.
        let start = time::now();

        for tick in 1..=ticks {
            // 2. Wait for the deadline of this tick.
            co.perform(time::sleep_until(start + period * tick)).await;

            // 3. Tick.
            println!("  {name}: tick {tick}");
        }
    })
}
