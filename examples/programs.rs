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
    /// Its sources, as a page shows them.
    pub text: ProgramText,
}

/// The sources of a program.
#[derive(Clone, Copy, Debug)]
pub struct ProgramText {
    /// The file with `main`. Its first comment describes the program.
    pub main: &'static str,
    /// The code that the styles share.
    pub shared: &'static str,
    /// The styles, in the order of [`StyleName::ALL`].
    pub styles: [&'static str; 4],
}

/// Returns the sources in the folder of this name.
macro_rules! text {
    ($name:literal) => {
        ProgramText {
            main: include_str!(concat!($name, "/main.rs")),
            shared: include_str!(concat!($name, "/mod.rs")),
            styles: [
                include_str!(concat!($name, "/callback.rs")),
                include_str!(concat!($name, "/generator.rs")),
                include_str!(concat!($name, "/future.rs")),
                include_str!(concat!($name, "/green.rs")),
            ],
        }
    };
}

impl Program {
    /// The programs, from the simplest on.
    pub const ALL: [Program; 5] = [
        Program {
            name: "hello",
            run: |style, on| hello::run(style, on).map(drop),
            text: text!("hello"),
        },
        Program { name: "ticker", run: ticker::run, text: text!("ticker") },
        Program {
            name: "ping_pong",
            run: ping_pong::run,
            text: text!("ping_pong"),
        },
        Program {
            name: "pipeline",
            run: |style, on| pipeline::run(style, on).map(drop),
            text: text!("pipeline"),
        },
        Program {
            name: "exhibition",
            run: play_small,
            text: text!("exhibition"),
        },
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
