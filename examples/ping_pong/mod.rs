//! `ping_pong` in its four styles, and the tasks that a loop runs.

use quadrivium::{prelude::*, sync::Notify};

use crate::styles::StyleName;

pub mod callback;
pub mod future;
pub mod generator;
pub mod green;

const HITS: u32 = 2;

/// Runs the program to its end.
pub fn run(
    style: StyleName,
    event_loop: &mut EventLoop,
) -> Result<(), RunError> {
    match style {
        StyleName::Callback => rally(event_loop, callback::player),
        StyleName::Generator => rally(event_loop, generator::player),
        StyleName::Future => rally(event_loop, future::player),
        StyleName::Green => rally(event_loop, green::player),
    }
}

type Player<T> = fn(&'static str, Notify, Notify, u32) -> T;

fn rally<T>(
    event_loop: &mut EventLoop,
    player: Player<T>,
) -> Result<(), RunError>
where
    T: Task<Output = ()> + 'static,
{
    let (to_ping, to_pong) = (Notify::new(), Notify::new());
    let ping = player("ping", to_ping.clone(), to_pong.clone(), HITS);
    let pong = player("pong", to_pong, to_ping.clone(), HITS);
    drop(event_loop.spawn_named("ping", ping));
    drop(event_loop.spawn_named("pong", pong));
    to_ping.notify_one();
    event_loop.run()
}
