//! `hello` in its four styles, and the tasks that a loop runs.

use quadrivium::prelude::*;

use crate::styles::StyleName;

pub mod callback;
pub mod future;
pub mod generator;
pub mod green;

/// Runs the program to its end.
pub fn run(
    style: StyleName,
    event_loop: &mut EventLoop,
) -> Result<usize, RunError> {
    match style {
        StyleName::Callback => spawn_both(event_loop, callback::hello),
        StyleName::Generator => spawn_both(event_loop, generator::hello),
        StyleName::Future => spawn_both(event_loop, future::hello),
        StyleName::Green => spawn_both(event_loop, green::hello),
    }
}

fn spawn_both<T>(
    event_loop: &mut EventLoop,
    hello: fn(&'static str) -> T,
) -> Result<usize, RunError>
where
    T: Task<Output = usize> + 'static,
{
    let ada = event_loop.spawn_named("ada", hello("Ada"));
    let bob = event_loop.spawn_named("bob", hello("Bob"));
    let (ada, bob) = event_loop.block_on(join(ada, bob))?;
    Ok(ada? + bob?)
}
