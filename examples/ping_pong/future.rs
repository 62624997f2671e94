//! `ping_pong` with async and await.

use quadrivium::{prelude::*, sync::Notify};

pub fn player(
    name: &'static str,
    mine: Notify,
    theirs: Notify,
    hits: u32,
) -> impl Task<Output = ()> {
    future(async move {
        for hit in 1..=hits {
            // 1. Wait for the ball.
            mine.notified().await;

            // 2. Hit it back.
            println!("  {name} {hit}");
            theirs.notify_one();
        }
    })
}
