//! `exhibition`: a chess master plays many boards at once.
//!
//! New idea: why one would suspend at all. While an opponent thinks, the
//! master need not wait at the board.
//!
//! Each game, for each move,
//! 1. lets the master think and move, which keeps the one CPU there is,
//! 2. lets the opponent think and reply, which does not.
//!
//! Around the games, the organiser
//! 3. starts a game,
//! 4. waits for its end;
//!
//! one after another, or all before the first wait. `cargo run --release`
//! shows the same with a table and a timeline.

use std::{rc::Rc, time::Duration};

use quadrivium::prelude::*;
use quadrivium_examples::{
    exhibition::{Rules, callback, future, generator, green},
    styles::Style,
};

fn main() -> Result<(), RunError> {
    for style in Style::chosen() {
        let one_after_another =
            run(style, Way::OneAfterAnother, Rules::default())?;
        let move_by_move = run(style, Way::MoveByMove, Rules::default())?;
        println!("{style}:");
        println!("  {one_after_another:?} one after another");
        println!("  {move_by_move:?} move by move");
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Way {
    OneAfterAnother,
    MoveByMove,
}

/// How long the exhibition takes, on a virtual clock.
fn run(style: Style, way: Way, rules: Rules) -> Result<Duration, RunError> {
    let mut event_loop =
        EventLoop::with_virtual_clock().expect("the OS lets us make a loop");
    play(style, way, rules, &mut event_loop)?;
    Ok(event_loop.elapsed())
}

fn play(
    style: Style,
    way: Way,
    rules: Rules,
    on: &mut EventLoop,
) -> Result<(), RunError> {
    let rules = Rc::new(rules);
    match (style, way) {
        (Style::Callback, Way::OneAfterAnother) => {
            on.block_on(callback::one_after_another(rules))
        }
        (Style::Callback, Way::MoveByMove) => {
            on.block_on(callback::move_by_move(rules))
        }
        (Style::Generator, Way::OneAfterAnother) => {
            on.block_on(generator::one_after_another(rules))
        }
        (Style::Generator, Way::MoveByMove) => {
            on.block_on(generator::move_by_move(rules))
        }
        (Style::Future, Way::OneAfterAnother) => {
            on.block_on(future::one_after_another(rules))
        }
        (Style::Future, Way::MoveByMove) => {
            on.block_on(future::move_by_move(rules))
        }
        (Style::Green, Way::OneAfterAnother) => {
            on.block_on(green::one_after_another(rules))
        }
        (Style::Green, Way::MoveByMove) => {
            on.block_on(green::move_by_move(rules))
        }
    }
}

#[cfg(test)]
mod tests {
    use quadrivium::event_loop::Recorder;

    use super::*;

    #[test]
    fn twelve_hours_one_after_another_and_one_hour_move_by_move() {
        for style in Style::ALL {
            let took =
                run(style, Way::OneAfterAnother, Rules::default()).unwrap();
            assert_eq!(took, Duration::from_secs(12 * 3600), "{style}");
            // An hour of moves, and the last reply.
            let took = run(style, Way::MoveByMove, Rules::default()).unwrap();
            assert_eq!(took, Duration::from_secs(3600 + 55), "{style}");
        }
    }

    #[test]
    fn the_trace_is_the_same_in_every_style() {
        let rules = Rules { boards: 2, moves: 1, ..Rules::default() };
        for style in Style::ALL {
            assert_eq!(
                trace(style, Way::MoveByMove, rules.clone()),
                [
                    // The organiser starts both games before it waits for
                    // the first.
                    "0ns task 1 spawned",
                    "0ns task 1 resumed",
                    "0ns task 2 \"board 1\" spawned by task 1",
                    "0ns task 3 \"board 2\" spawned by task 1",
                    "0ns task 1 suspended until woken",
                    // The master moves on board 1, keeping the CPU for 5 s ...
                    "0ns task 2 \"board 1\" resumed",
                    "5s task 2 \"board 1\" suspended until 60s",
                    // ... and goes on to board 2 while that opponent thinks.
                    "5s task 3 \"board 2\" resumed",
                    "10s task 3 \"board 2\" suspended until 65s",
                    // Nobody is ready, so time jumps to the first reply.
                    "60s task 2 \"board 1\" woken by its deadline",
                    "60s task 2 \"board 1\" resumed",
                    "60s task 2 \"board 1\" done",
                    // The organiser learns of it in the next turn, and
                    // waits for the second game.
                    "60s task 1 woken by task 2",
                    "60s task 1 resumed",
                    "60s task 1 suspended until woken",
                    "65s task 3 \"board 2\" woken by its deadline",
                    "65s task 3 \"board 2\" resumed",
                    "65s task 3 \"board 2\" done",
                    "65s task 1 woken by task 3",
                    "65s task 1 resumed",
                    "65s task 1 done",
                ],
                "{style}"
            );
        }
    }

    #[test]
    fn with_seeded_times_the_traces_are_still_the_same() {
        for way in [Way::OneAfterAnother, Way::MoveByMove] {
            let rules = Rules { seed: Some(7), ..Rules::default() };
            let traces =
                Style::ALL.map(|style| trace(style, way, rules.clone()));
            assert!(traces.iter().all(|trace| *trace == traces[0]));
        }
    }

    fn trace(style: Style, way: Way, rules: Rules) -> Vec<String> {
        let recorder = Recorder::default();
        let mut event_loop = EventLoop::with_virtual_clock().unwrap();
        event_loop.trace(recorder.clone());
        play(style, way, rules, &mut event_loop).unwrap();
        recorder.lines()
    }
}
