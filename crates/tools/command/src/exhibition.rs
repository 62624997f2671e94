//! The exhibition itself: the programs of `examples/exhibition`, and how a loop plays them.

use std::{fmt, rc::Rc};

use clap::ValueEnum;
use quadrivium::{EventLoop, RunError};
pub use quadrivium_examples::exhibition::Rules;
use quadrivium_examples::exhibition::{callback, future, generator, green};
use serde::Serialize;

/// Who plays: one of the four styles, or one of the operating system's answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum PlayStyle {
    /// Functions that are called with what came, on the loop
    Callback,
    /// Generators that yield what they wait for, on the loop
    Generator,
    /// async and await, on the loop
    Future,
    /// Plain functions on stacks of their own, on the loop
    Green,
    /// A plain loop that sleeps: no suspending at all
    Sequential,
    /// One OS thread per board
    Threads,
    /// One OS process per board
    Processes,
}

/// In which order the master plays his boards.
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

    /// Who can play this way. An OS thread or process per board is of use only if all play at once.
    pub fn styles(self) -> &'static [PlayStyle] {
        use PlayStyle::*;
        match self {
            Way::OneAfterAnother => &[Callback, Generator, Future, Green, Sequential],
            Way::MoveByMove => &[Callback, Generator, Future, Green, Threads, Processes],
        }
    }
}

impl PlayStyle {
    /// Whether it needs no loop, and so has no virtual clock either.
    pub fn is_left_to_the_os(self) -> bool {
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
            unreachable!("{style} needs no loop: see `answer`")
        }
    }
}
