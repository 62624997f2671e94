//! `ping_pong` as generators.

use quadrivium::{prelude::*, sync::Notify};

pub fn player(
    name: &'static str,
    mine: Notify,
    theirs: Notify,
    hits: u32,
) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        for hit in 1..=hits {
            // 1. Wait for the ball.
            co.perform(mine.notified()).await;

            // 2. Hit it back.
            println!("  {name} {hit}");
            theirs.notify_one();
        }
    })
}
