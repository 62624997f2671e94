//! `ticker`: tasks that wait for deadlines.
//!
//! New idea: time. A deadline is an instant, not a duration. So a ticker that
//! is late once is on time again at the next tick. On a virtual clock the
//! program takes no time at all: the clock jumps from deadline to deadline.
//!
//! There are two tickers. `quick` ticks every 200 ms, `slow` every 300 ms. Each
//! of them
//! 1. notes the time,
//! 2. waits for the deadline of its tick,
//! 3. ticks, and goes back to step 2, until it has ticked three times.
//!
//! At 600 ms both are due. On a virtual clock, both start at the same instant.
//! Then `slow` ticks first at 600 ms, because its timer was armed first: `slow`
//! began to wait at 300 ms, `quick` at 400 ms.

use quadrivium::prelude::*;
use quadrivium_examples::{styles::StyleName, ticker::run};

fn main() -> Result<(), RunError> {
    for style in StyleName::chosen() {
        println!("{style}:");
        let mut event_loop =
            EventLoop::new().expect("the OS lets us make a loop");
        run(style, &mut event_loop)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use quadrivium::event_loop::Recorder;

    use super::*;

    #[test]
    fn the_trace_is_the_same_in_every_style() {
        for style in StyleName::ALL {
            let recorder = Recorder::default();
            let mut event_loop = EventLoop::with_virtual_clock().unwrap();
            event_loop.trace(recorder.clone());
            run(style, &mut event_loop).unwrap();
            assert_eq!(
                recorder.lines(),
                [
                    "0ns task 1 \"quick\" spawned",
                    "0ns task 2 \"slow\" spawned",
                    // Each notes the time and waits for its first deadline.
                    "0ns task 1 \"quick\" resumed",
                    "0ns task 1 \"quick\" suspended until 200ms",
                    "0ns task 2 \"slow\" resumed",
                    "0ns task 2 \"slow\" suspended until 300ms",
                    // The clock jumps from deadline to deadline.
                    "200ms task 1 \"quick\" woken by its deadline",
                    "200ms task 1 \"quick\" resumed",
                    "200ms task 1 \"quick\" suspended until 400ms",
                    "300ms task 2 \"slow\" woken by its deadline",
                    "300ms task 2 \"slow\" resumed",
                    "300ms task 2 \"slow\" suspended until 600ms",
                    "400ms task 1 \"quick\" woken by its deadline",
                    "400ms task 1 \"quick\" resumed",
                    "400ms task 1 \"quick\" suspended until 600ms",
                    // The deadlines are equal. slow has waited for its own
                    // since 300 ms, quick since 400 ms, so slow comes first.
                    "600ms task 2 \"slow\" woken by its deadline",
                    "600ms task 1 \"quick\" woken by its deadline",
                    "600ms task 2 \"slow\" resumed",
                    "600ms task 2 \"slow\" suspended until 900ms",
                    "600ms task 1 \"quick\" resumed",
                    "600ms task 1 \"quick\" done",
                    "900ms task 2 \"slow\" woken by its deadline",
                    "900ms task 2 \"slow\" resumed",
                    "900ms task 2 \"slow\" done",
                ],
                "{style}"
            );
        }
    }
}
