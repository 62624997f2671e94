//! The exhibition in its four styles, its rules, which they share, and the
//! two ways to play it.

use std::rc::Rc;

use quadrivium::prelude::*;

use crate::styles::StyleName;

pub mod callback;
pub mod future;
pub mod generator;
pub mod green;
mod rules;

pub use rules::Rules;

/// The order in which the master plays the boards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Each game to its end before the next starts.
    OneAfterAnother,
    /// One move on a board, and on to the next board.
    MoveByMove,
}

impl Way {
    pub const ALL: [Way; 2] = [Way::OneAfterAnother, Way::MoveByMove];
}

/// Plays the exhibition to its end.
pub fn play(
    style: StyleName,
    way: Way,
    rules: Rc<Rules>,
    on: &mut EventLoop,
) -> Result<(), RunError> {
    match (style, way) {
        (StyleName::Callback, Way::OneAfterAnother) => {
            on.block_on(callback::one_after_another(rules))
        }
        (StyleName::Callback, Way::MoveByMove) => {
            on.block_on(callback::move_by_move(rules))
        }
        (StyleName::Generator, Way::OneAfterAnother) => {
            on.block_on(generator::one_after_another(rules))
        }
        (StyleName::Generator, Way::MoveByMove) => {
            on.block_on(generator::move_by_move(rules))
        }
        (StyleName::Future, Way::OneAfterAnother) => {
            on.block_on(future::one_after_another(rules))
        }
        (StyleName::Future, Way::MoveByMove) => {
            on.block_on(future::move_by_move(rules))
        }
        (StyleName::Green, Way::OneAfterAnother) => {
            on.block_on(green::one_after_another(rules))
        }
        (StyleName::Green, Way::MoveByMove) => {
            on.block_on(green::move_by_move(rules))
        }
    }
}
