//! `ticker` in its four styles, and the tasks that a loop runs.

use std::time::Duration;

use quadrivium::prelude::*;

use crate::styles::StyleName;

pub mod callback;
pub mod future;
pub mod generator;
pub mod green;

const QUICK: Duration = Duration::from_millis(200);
const SLOW: Duration = Duration::from_millis(300);

/// Runs the program to its end.
pub fn run(
    style: StyleName,
    event_loop: &mut EventLoop,
) -> Result<(), RunError> {
    match style {
        StyleName::Callback => spawn_both(event_loop, callback::ticker),
        StyleName::Generator => spawn_both(event_loop, generator::ticker),
        StyleName::Future => spawn_both(event_loop, future::ticker),
        StyleName::Green => spawn_both(event_loop, green::ticker),
    }
}

type Ticker<T> = fn(&'static str, Duration, u32) -> T;

fn spawn_both<T>(
    event_loop: &mut EventLoop,
    ticker: Ticker<T>,
) -> Result<(), RunError>
where
    T: Task<Output = ()> + 'static,
{
    drop(event_loop.spawn_named("quick", ticker("quick", QUICK, 3)));
    drop(event_loop.spawn_named("slow", ticker("slow", SLOW, 3)));
    event_loop.run()
}
