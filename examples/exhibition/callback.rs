//! The exhibition as callbacks.

use std::rc::Rc;

use quadrivium::{prelude::*, time::block_for};

use super::rules::Rules;

/// Plays one board to its end.
fn game(rules: Rc<Rules>, board: usize) -> impl Task<Output = ()> {
    callback(move |cb| play(cb, rules, board, 0))
}

fn play(cb: &mut Callback<()>, rules: Rc<Rules>, board: usize, number: usize) {
    if number == rules.moves {
        return cb.done(());
    }
    // 1. The master thinks and moves: no other board has the master.
    cb.perform(block_for(rules.master(board, number)), move |cb, ()| {
        // 2. The opponent thinks and replies: the master can be elsewhere.
        cb.perform(sleep(rules.opponent(board, number)), move |cb, ()| {
            play(cb, rules, board, number + 1)
        })
    })
}

/// Finishes each game before it starts the next.
pub fn one_after_another(rules: Rc<Rules>) -> impl Task<Output = ()> {
    callback(move |cb| next_game(cb, rules, 0))
}

fn next_game(cb: &mut Callback<()>, rules: Rc<Rules>, board: usize) {
    if board == rules.boards {
        return cb.done(());
    }
    // 3. Start a game.
    let name = format!("board {}", board + 1);
    let game = spawn_named(&name, game(rules.clone(), board));

    // 4. Wait for its end.
    cb.perform(game, move |cb, result| {
        result.expect("a game ends");
        next_game(cb, rules, board + 1)
    })
}

/// Makes one move on a board and goes on to the next board.
pub fn move_by_move(rules: Rc<Rules>) -> impl Task<Output = ()> {
    callback(move |cb| {
        let mut games = Vec::new();
        for board in 0..rules.boards {
            // 3. Start a game.
            let name = format!("board {}", board + 1);
            games.push(spawn_named(&name, game(rules.clone(), board)));
        }
        wait_for_all(cb, games.into_iter())
    })
}

fn wait_for_all(
    cb: &mut Callback<()>,
    mut games: impl Iterator<Item = JoinHandle<()>> + 'static,
) {
    match games.next() {
        // 4. Wait for its end.
        Some(game) => cb.perform(game, move |cb, result| {
            result.expect("a game ends");
            wait_for_all(cb, games)
        }),
        None => cb.done(()),
    }
}
