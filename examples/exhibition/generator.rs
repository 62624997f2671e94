//! The exhibition as generators.

use std::rc::Rc;

use quadrivium::{prelude::*, time::block_for};

use super::rules::Rules;

/// Plays one board to its end.
fn game(rules: Rc<Rules>, board: usize) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        for number in 0..rules.moves {
            // 1. The master thinks and moves: no other board has the master.
            co.perform(block_for(rules.master(board, number))).await;

            // 2. The opponent thinks and replies: the master can be elsewhere.
            co.perform(sleep(rules.opponent(board, number))).await;
        }
    })
}

/// Finishes each game before it starts the next.
pub fn one_after_another(rules: Rc<Rules>) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        for board in 0..rules.boards {
            // 3. Start a game.
            let name = format!("board {}", board + 1);
            let game = spawn_named(&name, game(rules.clone(), board));

            // 4. Wait for its end.
            co.perform(game).await.expect("a game ends");
        }
    })
}

/// Makes one move on a board and goes on to the next board.
pub fn move_by_move(rules: Rc<Rules>) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        let mut games = Vec::new();
        for board in 0..rules.boards {
            // 3. Start a game.
            let name = format!("board {}", board + 1);
            games.push(spawn_named(&name, game(rules.clone(), board)));
        }
        for game in games {
            // 4. Wait for its end.
            co.perform(game).await.expect("a game ends");
        }
    })
}
