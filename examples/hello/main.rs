//! `hello`: the smallest task that is suspended and resumed.
//!
//! New idea: a task is lazy, runs to its first suspension, lets the others
//! run, and goes on where it was.
//!
//! Two tasks, `Ada` and `Bob`. Each
//! 1. says hello,
//! 2. lets the others run,
//! 3. says goodbye, and is worth the length of its name.
//!
//! Both hellos come before the first goodbye.

use quadrivium::prelude::*;
use quadrivium_examples::styles::Style;

mod callback;
mod future;
mod generator;
mod green;

fn main() -> Result<(), RunError> {
    for style in Style::chosen() {
        println!("{style}:");
        let mut event_loop =
            EventLoop::new().expect("the OS lets us make a loop");
        let letters = run(style, &mut event_loop)?;
        println!("  {letters} letters");
    }
    Ok(())
}

fn run(style: Style, event_loop: &mut EventLoop) -> Result<usize, RunError> {
    match style {
        Style::Callback => both(event_loop, callback::hello),
        Style::Generator => both(event_loop, generator::hello),
        Style::Future => both(event_loop, future::hello),
        Style::Green => both(event_loop, green::hello),
    }
}

fn both<T>(
    event_loop: &mut EventLoop,
    hello: fn(&'static str) -> T,
) -> Result<usize, RunError>
where
    T: Task<Output = usize> + 'static,
{
    let ada = event_loop.spawn_named("ada", hello("Ada"));
    let bob = event_loop.spawn_named("bob", hello("Bob"));
    let (ada, bob) = event_loop.block_on(join(ada, bob))?;
    Ok(ada? + bob?)
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
            assert_eq!(run(style, &mut event_loop).unwrap(), 6);
            assert_eq!(
                recorder.lines(),
                [
                    // Both are handed over, and the one that joins them;
                    // nothing runs yet. Tasks are lazy.
                    "0ns task 1 \"ada\" spawned",
                    "0ns task 2 \"bob\" spawned",
                    "0ns task 3 spawned",
                    // The first turn runs each to its suspension,
                    // first come first served.
                    "0ns task 1 \"ada\" resumed",
                    "0ns task 1 \"ada\" suspended for a turn",
                    "0ns task 2 \"bob\" resumed",
                    "0ns task 2 \"bob\" suspended for a turn",
                    "0ns task 3 resumed",
                    "0ns task 3 suspended until woken",
                    // The second turn takes them to their ends, in
                    // the same order; the first end wakes the joiner.
                    "0ns task 1 \"ada\" resumed",
                    "0ns task 1 \"ada\" done",
                    "0ns task 3 woken by task 1",
                    "0ns task 2 \"bob\" resumed",
                    "0ns task 2 \"bob\" done",
                    // The third turn finds both outputs.
                    "0ns task 3 resumed",
                    "0ns task 3 done",
                ],
                "{style}"
            );
        }
    }
}
