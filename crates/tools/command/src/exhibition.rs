//! The programs of `examples/exhibition`, and how an event loop plays them.

use std::{fmt, rc::Rc};

use clap::ValueEnum;
use quadrivium::{EventLoop, RunError};
pub use quadrivium_examples::exhibition::Rules;
use quadrivium_examples::exhibition::{callback, future, generator, green};
use serde::Serialize;

/// How the games are played: in one of the four styles on an event loop, or with the means of the
/// operating system alone. The latter are the comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum PlayStyle {
    /// On the loop: a function for each stage, called with the output of the stage before
    Callback,
    /// On the loop: generators that yield a wait
    Generator,
    /// On the loop: async and await
    Future,
    /// On the loop: plain functions, each game on a stack of its own
    Green,
    /// Without the loop: one OS thread that sleeps
    Sequential,
    /// Without the loop: one OS thread per board
    Threads,
    /// Without the loop: one OS process per board
    Processes,
}

/// The order in which the master plays the boards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Way {
    /// Each game to its end before the next starts.
    #[serde(rename = "one after another")]
    OneAfterAnother,
    /// One move on a board, and on to the next board.
    #[serde(rename = "move by move")]
    MoveByMove,
}

impl Way {
    pub const ALL: [Way; 2] = [Way::OneAfterAnother, Way::MoveByMove];

    /// Returns the styles that can play this way. An OS thread or process per board is useful only
    /// if all boards are played at the same time.
    pub fn styles(self) -> &'static [PlayStyle] {
        use PlayStyle::*;
        match self {
            Way::OneAfterAnother => &[Callback, Generator, Future, Green, Sequential],
            Way::MoveByMove => &[Callback, Generator, Future, Green, Threads, Processes],
        }
    }
}

impl PlayStyle {
    /// Returns whether this is a comparison, which has no event loop and so no virtual clock.
    pub fn is_comparison(self) -> bool {
        matches!(self, PlayStyle::Sequential | PlayStyle::Threads | PlayStyle::Processes)
    }
}

impl fmt::Display for PlayStyle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PlayStyle::Callback => "callback",
            PlayStyle::Generator => "generator",
            PlayStyle::Future => "future",
            PlayStyle::Green => "green thread",
            PlayStyle::Sequential => "plain loop",
            PlayStyle::Threads => "OS threads",
            PlayStyle::Processes => "OS processes",
        })
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Way::OneAfterAnother => "One game after another",
            Way::MoveByMove => "Move by move",
        })
    }
}

/// Plays the exhibition on a loop, in one of the four styles.
pub fn play(
    style: PlayStyle,
    way: Way,
    rules: Rc<Rules>,
    on: &mut EventLoop,
) -> Result<(), RunError> {
    use Way::{MoveByMove, OneAfterAnother};
    match (style, way) {
        (PlayStyle::Callback, OneAfterAnother) => on.block_on(callback::one_after_another(rules)),
        (PlayStyle::Callback, MoveByMove) => on.block_on(callback::move_by_move(rules)),
        (PlayStyle::Generator, OneAfterAnother) => on.block_on(generator::one_after_another(rules)),
        (PlayStyle::Generator, MoveByMove) => on.block_on(generator::move_by_move(rules)),
        (PlayStyle::Future, OneAfterAnother) => on.block_on(future::one_after_another(rules)),
        (PlayStyle::Future, MoveByMove) => on.block_on(future::move_by_move(rules)),
        (PlayStyle::Green, OneAfterAnother) => on.block_on(green::one_after_another(rules)),
        (PlayStyle::Green, MoveByMove) => on.block_on(green::move_by_move(rules)),
        (PlayStyle::Sequential | PlayStyle::Threads | PlayStyle::Processes, _) => {
            unreachable!("{style} needs no loop: see `comparison`")
        }
    }
}
