//! `ping_pong` as green threads.

use quadrivium::{green::perform, prelude::*, sync::Notify};

pub fn player(
    name: &'static str,
    mine: Notify,
    theirs: Notify,
    hits: u32,
) -> impl Task<Output = ()> {
    green(move || {
        for hit in 1..=hits {
            // 1. Wait for the ball.
            perform(mine.notified());

            // 2. Hit it back.
            println!("  {name} {hit}");
            theirs.notify_one();
        }
    })
}
