//! `exhibition`: a chess master plays many boards at once.
//!
//! New idea: the reason to suspend at all. While an opponent thinks, the master
//! need not wait at that board, but can play on another one.
//!
//! Each board is a task. For each move of its game,
//! 1. the master thinks and moves: no other board can have the master then,
//! 2. the opponent thinks and replies: the master can play elsewhere.
//!
//! Another task, the organiser,
//! 3. starts a game,
//! 4. waits for its end.
//!
//! The organiser plays the games in two ways. `one_after_another` waits for the
//! end of each game before it starts the next. `move_by_move` starts all games
//! before it waits for the first. `cargo run --release` shows both ways in all
//! styles, with a table and a timeline.

use std::{rc::Rc, time::Duration};

use quadrivium::prelude::*;
use quadrivium_examples::{
    exhibition::{Rules, Way, play},
    styles::StyleName,
};

fn main() -> Result<(), RunError> {
    for style in StyleName::chosen() {
        let one_after_another =
            run(style, Way::OneAfterAnother, Rules::default())?;
        let move_by_move = run(style, Way::MoveByMove, Rules::default())?;
        println!("{style}:");
        println!("  {one_after_another:?} one after another");
        println!("  {move_by_move:?} move by move");
    }
    Ok(())
}

/// Returns how long the exhibition takes, on a virtual clock.
fn run(style: StyleName, way: Way, rules: Rules) -> Result<Duration, RunError> {
    let mut event_loop =
        EventLoop::with_virtual_clock().expect("the OS lets us make a loop");
    play(style, way, Rc::new(rules), &mut event_loop)?;
    Ok(event_loop.elapsed())
}

#[cfg(test)]
mod tests {
    use quadrivium::event_loop::Recorder;

    use super::*;

    #[test]
    fn twelve_hours_one_after_another_and_one_hour_move_by_move() {
        for style in StyleName::ALL {
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
        for style in StyleName::ALL {
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
                    // The master moves on board 1. This takes 5 s, in which
                    // no other task runs.
                    "0ns task 2 \"board 1\" resumed",
                    "5s task 2 \"board 1\" suspended until 60s",
                    // The master moves on board 2, while the opponent on
                    // board 1 thinks.
                    "5s task 3 \"board 2\" resumed",
                    "10s task 3 \"board 2\" suspended until 65s",
                    // No task is ready, so the clock jumps to the first reply.
                    "60s task 2 \"board 1\" woken by its deadline",
                    "60s task 2 \"board 1\" resumed",
                    "60s task 2 \"board 1\" done",
                    // The end of board 1 wakes the organiser, which waits for
                    // the end of board 2 next.
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
    fn the_traces_are_the_same_with_seeded_times() {
        for way in [Way::OneAfterAnother, Way::MoveByMove] {
            let rules = Rules { seed: Some(7), ..Rules::default() };
            let traces =
                StyleName::ALL.map(|style| trace(style, way, rules.clone()));
            assert!(traces.iter().all(|trace| *trace == traces[0]));
        }
    }

    fn trace(style: StyleName, way: Way, rules: Rules) -> Vec<String> {
        let recorder = Recorder::default();
        let mut event_loop = EventLoop::with_virtual_clock().unwrap();
        event_loop.trace(recorder.clone());
        play(style, way, Rc::new(rules), &mut event_loop).unwrap();
        recorder.lines()
    }
}
