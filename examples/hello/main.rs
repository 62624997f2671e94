//! `hello`: the smallest task that is suspended and resumed.
//!
//! New idea: a task is lazy. It does nothing until the loop resumes it. Then it
//! runs to its first suspension, and other tasks run. The next resume continues
//! it where it stopped.
//!
//! There are two tasks, `Ada` and `Bob`. Each of them
//! 1. says hello,
//! 2. lets the others run,
//! 3. says goodbye, and returns the length of its name.
//!
//! Both hellos are printed before the first goodbye.

use quadrivium::prelude::*;
use quadrivium_examples::{hello::run, styles::StyleName};

fn main() -> Result<(), RunError> {
    for style in StyleName::chosen() {
        println!("{style}:");
        let mut event_loop =
            EventLoop::new().expect("the OS lets us make a loop");
        let letters = run(style, &mut event_loop)?;
        println!("  {letters} letters");
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
            assert_eq!(run(style, &mut event_loop).unwrap(), 6);
            assert_eq!(
                recorder.lines(),
                [
                    // Both tasks are spawned, and a third task, which joins
                    // them. Tasks are lazy: none of them runs yet.
                    "0ns task 1 \"ada\" spawned",
                    "0ns task 2 \"bob\" spawned",
                    "0ns task 3 spawned",
                    // The first turn of the loop resumes the tasks in the
                    // order of their spawns. Each runs until it suspends.
                    "0ns task 1 \"ada\" resumed",
                    "0ns task 1 \"ada\" suspended for a turn",
                    "0ns task 2 \"bob\" resumed",
                    "0ns task 2 \"bob\" suspended for a turn",
                    "0ns task 3 resumed",
                    "0ns task 3 suspended until woken",
                    // The second turn resumes both again, in the same order,
                    // and both end. The end of ada wakes the third task.
                    "0ns task 1 \"ada\" resumed",
                    "0ns task 1 \"ada\" done",
                    "0ns task 3 woken by task 1",
                    "0ns task 2 \"bob\" resumed",
                    "0ns task 2 \"bob\" done",
                    // In the third turn, the third task finds both outputs.
                    "0ns task 3 resumed",
                    "0ns task 3 done",
                ],
                "{style}"
            );
        }
    }
}
