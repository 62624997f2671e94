//! The programs of `examples/exhibition`, and how an event loop plays them.

use std::{fmt, rc::Rc};

use clap::ValueEnum;
use quadrivium::{EventLoop, RunError};
pub use quadrivium_examples::exhibition::{Rules, Way};
use quadrivium_examples::{exhibition, styles::StyleName};
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

/// Returns the styles that can play this way. An OS thread or process per board is useful only if
/// all boards are played at the same time.
pub fn styles_of(way: Way) -> &'static [PlayStyle] {
    use PlayStyle::*;
    match way {
        Way::OneAfterAnother => &[Callback, Generator, Future, Green, Sequential],
        Way::MoveByMove => &[Callback, Generator, Future, Green, Threads, Processes],
    }
}

/// Returns a way as a heading.
pub fn heading(way: Way) -> &'static str {
    match way {
        Way::OneAfterAnother => "One game after another",
        Way::MoveByMove => "Move by move",
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

/// Plays the exhibition on a loop, in one of the four styles.
pub fn play(
    style: PlayStyle,
    way: Way,
    rules: Rc<Rules>,
    on: &mut EventLoop,
) -> Result<(), RunError> {
    let style = match style {
        PlayStyle::Callback => StyleName::Callback,
        PlayStyle::Generator => StyleName::Generator,
        PlayStyle::Future => StyleName::Future,
        PlayStyle::Green => StyleName::Green,
        PlayStyle::Sequential | PlayStyle::Threads | PlayStyle::Processes => {
            unreachable!("{style} needs no loop: see `comparison`")
        }
    };
    exhibition::play(style, way, rules, on)
}
