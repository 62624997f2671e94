//! `ping_pong`: tasks that wake each other.
//!
//! New idea: a wake. A suspended task may be made ready by anyone who was told
//! how; it does not run inside the wake, but in a later turn.
//!
//! Two players, `ping` and `pong`, two hits each. A player
//! 1. waits for the ball,
//! 2. hits it back.
//!
//! The referee serves to `ping`.

use quadrivium::{prelude::*, sync::Notify};
use quadrivium_examples::styles::Style;

mod callback;
mod future;
mod generator;
mod green;

const HITS: u32 = 2;

fn main() -> Result<(), RunError> {
    for style in Style::chosen() {
        println!("{style}:");
        let mut event_loop =
            EventLoop::new().expect("the OS lets us make a loop");
        run(style, &mut event_loop)?;
    }
    Ok(())
}

fn run(style: Style, event_loop: &mut EventLoop) -> Result<(), RunError> {
    match style {
        Style::Callback => rally(event_loop, callback::player),
        Style::Generator => rally(event_loop, generator::player),
        Style::Future => rally(event_loop, future::player),
        Style::Green => rally(event_loop, green::player),
    }
}

type Player<T> = fn(&'static str, Notify, Notify, u32) -> T;

fn rally<T>(
    event_loop: &mut EventLoop,
    player: Player<T>,
) -> Result<(), RunError>
where
    T: Task<Output = ()> + 'static,
{
    let (left, right) = (Notify::new(), Notify::new());
    let ping = player("ping", left.clone(), right.clone(), HITS);
    let pong = player("pong", right, left.clone(), HITS);
    drop(event_loop.spawn_named("ping", ping));
    drop(event_loop.spawn_named("pong", pong));
    left.notify_one();
    event_loop.run()
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
            run(style, &mut event_loop).unwrap();
            assert_eq!(
                recorder.lines(),
                [
                    "0ns task 1 \"ping\" spawned",
                    "0ns task 2 \"pong\" spawned",
                    // The serve came before ping waited, so its first wait
                    // does not suspend; it hits, which finds nobody
                    // waiting yet, and waits for the return.
                    "0ns task 1 \"ping\" resumed",
                    "0ns task 1 \"ping\" suspended until woken",
                    // The ball lies there for pong, whose first wait does
                    // not suspend either. Its hit wakes ping, which does
                    // not run inside that wake.
                    "0ns task 2 \"pong\" resumed",
                    "0ns task 1 \"ping\" woken by task 2",
                    "0ns task 2 \"pong\" suspended until woken",
                    // ping hits for the second time and is done.
                    "0ns task 1 \"ping\" resumed",
                    "0ns task 2 \"pong\" woken by task 1",
                    "0ns task 1 \"ping\" done",
                    // So does pong; nobody is there to take its ball.
                    "0ns task 2 \"pong\" resumed",
                    "0ns task 2 \"pong\" done",
                ],
                "{style}"
            );
        }
    }
}
