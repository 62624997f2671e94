//! `pipeline`: stages connected by bounded channels.
//!
//! New idea: backpressure. The channels between the stages hold one item each.
//! So a quick producer waits for a slow consumer, and no items pile up.
//!
//! The three stages are tasks: `produce`, `double` and `consume`. The items are
//! the numbers 1 to 5. The stages
//! 1. send an item, and wait while the channel is full,
//! 2. receive an item, until the stage before has ended,
//! 3. send it on, doubled,
//! 4. work on it for 10 ms.
//!
//! `produce` does step 1, `double` steps 2 and 3, `consume` steps 2 and 4. The
//! output of `consume` is the sum of the items that it received: 30.

use quadrivium::prelude::*;
use quadrivium_examples::{pipeline::run, styles::StyleName};

fn main() -> Result<(), RunError> {
    for style in StyleName::chosen() {
        println!("{style}:");
        let mut event_loop =
            EventLoop::new().expect("the OS lets us make a loop");
        let sum = run(style, &mut event_loop)?;
        println!("  sum: {sum}");
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
            assert_eq!(run(style, &mut event_loop).unwrap(), 30);
            assert_eq!(recorder.lines(), EXPECTED, "{style}");
        }
    }

    /// `task 3` is the consumer: the task that `block_on` runs.
    const EXPECTED: &[&str] = &[
        "0ns task 1 \"produce\" spawned",
        "0ns task 2 \"double\" spawned",
        "0ns task 3 spawned",
        // Item 1 goes into the first channel. For item 2 there is no room.
        "0ns task 1 \"produce\" resumed",
        "0ns task 1 \"produce\" suspended until woken",
        // double takes 1 out and sends it on. Now there is room for 2, which
        // goes into the first channel, and produce is woken.
        "0ns task 2 \"double\" resumed",
        "0ns task 1 \"produce\" woken by task 2",
        "0ns task 2 \"double\" suspended until woken",
        // The consumer takes 1 and works on it for 10 ms.
        "0ns task 3 resumed",
        "0ns task 3 suspended until 10ms",
        // The other two run until both channels are full again. 2 goes into
        // the second channel, ...
        "0ns task 1 \"produce\" resumed",
        "0ns task 2 \"double\" woken by task 1",
        "0ns task 1 \"produce\" suspended until woken",
        "0ns task 2 \"double\" resumed",
        "0ns task 1 \"produce\" woken by task 2",
        "0ns task 2 \"double\" suspended until woken",
        // ... double holds 3, and waits for room in the second channel, ...
        "0ns task 1 \"produce\" resumed",
        "0ns task 2 \"double\" woken by task 1",
        "0ns task 1 \"produce\" suspended until woken",
        "0ns task 2 \"double\" resumed",
        "0ns task 1 \"produce\" woken by task 2",
        "0ns task 2 \"double\" suspended until woken",
        // ... and 4 goes into the first channel. produce waits for room for
        // 5: this is backpressure.
        "0ns task 1 \"produce\" resumed",
        "0ns task 1 \"produce\" suspended until woken",
        // The consumer takes 2, and every item moves up by one. produce has
        // sent 5, and is done.
        "10ms task 3 woken by its deadline",
        "10ms task 3 resumed",
        "10ms task 2 \"double\" woken by task 3",
        "10ms task 3 suspended until 20ms",
        "10ms task 2 \"double\" resumed",
        "10ms task 1 \"produce\" woken by task 2",
        "10ms task 2 \"double\" suspended until woken",
        "10ms task 1 \"produce\" resumed",
        "10ms task 1 \"produce\" done",
        // The consumer takes 3 and 4. double has sent 5 on, finds its input
        // closed, and is done.
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
        // The consumer takes 5. After that it finds its input closed.
        "40ms task 3 woken by its deadline",
        "40ms task 3 resumed",
        "40ms task 3 suspended until 50ms",
        "50ms task 3 woken by its deadline",
        "50ms task 3 resumed",
        "50ms task 3 done",
    ];
}
