//! `ping_pong`: tasks that wake each other.
//!
//! New idea: a wake. A task makes a suspended task ready to run. The woken task
//! does not run inside the wake, but later, when the loop resumes it.
//!
//! The two players, `ping` and `pong`, hit the ball twice each. A player
//! 1. waits for the ball,
//! 2. hits it back.
//!
//! Before the loop runs, the program serves the first ball to `ping`.

use quadrivium::prelude::*;
use quadrivium_examples::{ping_pong::run, styles::StyleName};

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
                    "0ns task 1 \"ping\" spawned",
                    "0ns task 2 \"pong\" spawned",
                    // The ball was served before ping waited for it, so the
                    // first wait does not suspend. ping hits the ball, for
                    // which pong does not wait yet. Then ping waits.
                    "0ns task 1 \"ping\" resumed",
                    "0ns task 1 \"ping\" suspended until woken",
                    // The ball is there for pong, so its first wait does not
                    // suspend either. The hit of pong wakes ping, but ping
                    // does not run inside that wake.
                    "0ns task 2 \"pong\" resumed",
                    "0ns task 1 \"ping\" woken by task 2",
                    "0ns task 2 \"pong\" suspended until woken",
                    // ping hits for the second time, and is done.
                    "0ns task 1 \"ping\" resumed",
                    "0ns task 2 \"pong\" woken by task 1",
                    "0ns task 1 \"ping\" done",
                    // pong does the same. No task waits for its last ball.
                    "0ns task 2 \"pong\" resumed",
                    "0ns task 2 \"pong\" done",
                ],
                "{style}"
            );
        }
    }
}
