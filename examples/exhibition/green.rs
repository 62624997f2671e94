//! The exhibition as green threads.

use std::rc::Rc;

use quadrivium::{green::perform, prelude::*, time::block_for};

use super::rules::Rules;

/// Plays one board to its end.
fn game(rules: Rc<Rules>, board: usize) -> impl Task<Output = ()> {
    green(move || {
        for number in 0..rules.moves {
            // 1. The master thinks and moves: no other board has the master.
            perform(block_for(rules.master(board, number)));

            // 2. The opponent thinks and replies: the master can be elsewhere.
            perform(sleep(rules.opponent(board, number)));
        }
    })
}

/// Finishes each game before it starts the next.
pub fn one_after_another(rules: Rc<Rules>) -> impl Task<Output = ()> {
    green(move || {
        for board in 0..rules.boards {
            // 3. Start a game.
            let name = format!("board {}", board + 1);
            let game = spawn_named(&name, game(rules.clone(), board));

            // 4. Wait for its end.
            perform(game).expect("a game ends");
        }
    })
}

/// Makes one move on a board and goes on to the next board.
pub fn move_by_move(rules: Rc<Rules>) -> impl Task<Output = ()> {
    green(move || {
        let mut games = Vec::new();
        for board in 0..rules.boards {
            // 3. Start a game.
            let name = format!("board {}", board + 1);
            games.push(spawn_named(&name, game(rules.clone(), board)));
        }
        for game in games {
            // 4. Wait for its end.
            perform(game).expect("a game ends");
        }
    })
}
