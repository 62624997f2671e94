//! `ping_pong` as callbacks.

use quadrivium::{prelude::*, sync::Notify};

pub fn player(
    name: &'static str,
    mine: Notify,
    theirs: Notify,
    hits: u32,
) -> impl Task<Output = ()> {
    callback(move |cb| next(cb, name, mine, theirs, 1..=hits))
}

fn next(
    cb: &mut Callback<()>,
    name: &'static str,
    mine: Notify,
    theirs: Notify,
    mut hits: impl Iterator<Item = u32> + 'static,
) {
    let Some(hit) = hits.next() else { return cb.done(()) };

    // 1. Wait for the ball.
    cb.perform(mine.notified(), move |cb, ()| {
        // 2. Hit it back.
        println!("  {name} {hit}");
        theirs.notify_one();

        next(cb, name, mine, theirs, hits)
    })
}
