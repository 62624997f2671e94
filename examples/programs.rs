//! The list of programs in four styles that need nothing but a loop, and that
//! end by themselves. The command runs and shows them.

use std::rc::Rc;

use quadrivium::prelude::*;

use crate::{
    exhibition::{self, Rules, Way},
    hello, ping_pong, pipeline,
    styles::StyleName,
    ticker,
};

/// A program that is in four styles.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// Its name, which is also the name of its folder in `examples/`.
    pub name: &'static str,
    /// Runs the program in this style on this loop, to its end.
    pub run: fn(StyleName, &mut EventLoop) -> Result<(), RunError>,
}

impl Program {
    /// The programs, from the simplest on.
    pub const ALL: [Program; 5] = [
        Program {
            name: "hello",
            run: |style, on| hello::run(style, on).map(drop),
        },
        Program { name: "ticker", run: ticker::run },
        Program { name: "ping_pong", run: ping_pong::run },
        Program {
            name: "pipeline",
            run: |style, on| pipeline::run(style, on).map(drop),
        },
        Program { name: "exhibition", run: play_small },
    ];

    /// Returns the program with this name.
    pub fn named(name: &str) -> Option<Program> {
        Program::ALL.into_iter().find(|it| it.name == name)
    }
}

/// Plays an exhibition that is small enough to be read step by step.
fn play_small(style: StyleName, on: &mut EventLoop) -> Result<(), RunError> {
    let rules = Rules { boards: 3, moves: 2, ..Rules::default() };
    exhibition::play(style, Way::MoveByMove, Rc::new(rules), on)
}
