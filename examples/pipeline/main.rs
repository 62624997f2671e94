//! `pipeline`: stages connected by bounded channels.
//!
//! New idea: backpressure. A channel that holds one item makes a quick producer
//! wait for a slow consumer, so that nothing piles up in between.
//!
//! Three stages and two channels of capacity 1; the numbers 1 to 5. The stages
//! 1. send an item, waiting while there is no room,
//! 2. receive an item, until the stage before is gone,
//! 3. send it on, doubled,
//! 4. take some time over it: 10 ms.
//!
//! The output of the last stage is the sum of what it received: 30.

use std::time::Duration;

use quadrivium::{prelude::*, sync::channel};
use quadrivium_examples::styles::Style;

mod callback;
mod future;
mod generator;
mod green;

const ITEMS: u32 = 5;
const CAPACITY: usize = 1;
const SLOWNESS: Duration = Duration::from_millis(10);

fn main() -> Result<(), RunError> {
    for style in Style::chosen() {
        println!("{style}:");
        let mut event_loop =
            EventLoop::new().expect("the OS lets us make a loop");
        let sum = run(style, &mut event_loop)?;
        println!("  {sum} in all");
    }
    Ok(())
}

fn run(style: Style, event_loop: &mut EventLoop) -> Result<u32, RunError> {
    let (first, doubling) = channel::bounded(CAPACITY);
    let (doubled, last) = channel::bounded(CAPACITY);
    match style {
        Style::Callback => {
            drop(event_loop.spawn_named("produce", callback::produce(first)));
            drop(
                event_loop
                    .spawn_named("double", callback::double(doubling, doubled)),
            );
            event_loop.block_on(callback::consume(last))
        }
        Style::Generator => {
            drop(event_loop.spawn_named("produce", generator::produce(first)));
            drop(
                event_loop.spawn_named(
                    "double",
                    generator::double(doubling, doubled),
                ),
            );
            event_loop.block_on(generator::consume(last))
        }
        Style::Future => {
            drop(event_loop.spawn_named("produce", future::produce(first)));
            drop(
                event_loop
                    .spawn_named("double", future::double(doubling, doubled)),
            );
            event_loop.block_on(future::consume(last))
        }
        Style::Green => {
            drop(event_loop.spawn_named("produce", green::produce(first)));
            drop(
                event_loop
                    .spawn_named("double", green::double(doubling, doubled)),
            );
            event_loop.block_on(green::consume(last))
        }
    }
}

#[cfg(test)]
mod tests {
    use quadrivium::event_loop::Recorder;

    use super::*;

    #[test]
    fn the_trace_is_the_same_in_every_style() {
        for style in Style::ALL {
            let recorder = Recorder::default();
            let mut event_loop = EventLoop::with_virtual_clock().unwrap();
            event_loop.trace(recorder.clone());
            assert_eq!(run(style, &mut event_loop).unwrap(), 30);
            assert_eq!(recorder.lines(), EXPECTED, "{style}");
        }
    }

    /// `task 3` is the consumer, on which the loop is blocked.
    const EXPECTED: &[&str] = &[
        "0ns task 1 \"produce\" spawned",
        "0ns task 2 \"double\" spawned",
        "0ns task 3 spawned",
        // Item 1 has room in the first channel, item 2 has to wait.
        "0ns task 1 \"produce\" resumed",
        "0ns task 1 \"produce\" suspended until woken",
        // 1 goes on, which makes room for 2: it is in, produce is told.
        "0ns task 2 \"double\" resumed",
        "0ns task 1 \"produce\" woken by task 2",
        "0ns task 2 \"double\" suspended until woken",
        // The consumer takes 1 and is busy with it for 10 ms.
        "0ns task 3 resumed",
        "0ns task 3 suspended until 10ms",
        // The others go on until both channels are full again: 2 waits in
        // the second one, ...
        "0ns task 1 \"produce\" resumed",
        "0ns task 2 \"double\" woken by task 1",
        "0ns task 1 \"produce\" suspended until woken",
        "0ns task 2 \"double\" resumed",
        "0ns task 1 \"produce\" woken by task 2",
        "0ns task 2 \"double\" suspended until woken",
        // ... 3 in the hands of double, which has to wait itself now, ...
        "0ns task 1 \"produce\" resumed",
        "0ns task 2 \"double\" woken by task 1",
        "0ns task 1 \"produce\" suspended until woken",
        "0ns task 2 \"double\" resumed",
        "0ns task 1 \"produce\" woken by task 2",
        "0ns task 2 \"double\" suspended until woken",
        // ... 4 in the first channel, and 5 has no room: this is
        // backpressure.
        "0ns task 1 \"produce\" resumed",
        "0ns task 1 \"produce\" suspended until woken",
        // The consumer takes 2; everything moves up by one, and produce,
        // rid of 5, is done.
        "10ms task 3 woken by its deadline",
        "10ms task 3 resumed",
        "10ms task 2 \"double\" woken by task 3",
        "10ms task 3 suspended until 20ms",
        "10ms task 2 \"double\" resumed",
        "10ms task 1 \"produce\" woken by task 2",
        "10ms task 2 \"double\" suspended until woken",
        "10ms task 1 \"produce\" resumed",
        "10ms task 1 \"produce\" done",
        // It takes 3 and 4; double, rid of 5 and with its input closed, is
        // done.
        "20ms task 3 woken by its deadline",
        "20ms task 3 resumed",
        "20ms task 2 \"double\" woken by task 3",
        "20ms task 3 suspended until 30ms",
        "20ms task 2 \"double\" resumed",
        "20ms task 2 \"double\" suspended until woken",
        "30ms task 3 woken by its deadline",
        "30ms task 3 resumed",
        "30ms task 2 \"double\" woken by task 3",
        "30ms task 3 suspended until 40ms",
        "30ms task 2 \"double\" resumed",
        "30ms task 2 \"double\" done",
        // It takes 5, and finds its input closed after that.
        "40ms task 3 woken by its deadline",
        "40ms task 3 resumed",
        "40ms task 3 suspended until 50ms",
        "50ms task 3 woken by its deadline",
        "50ms task 3 resumed",
        "50ms task 3 done",
    ];
}
