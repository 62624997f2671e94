//! `pipeline` in its four styles, and the tasks that a loop runs.

use std::time::Duration;

use quadrivium::{prelude::*, sync::channel};

use crate::styles::StyleName;

pub mod callback;
pub mod future;
pub mod generator;
pub mod green;

const ITEMS: u32 = 5;
const CAPACITY: usize = 1;
const SLOWNESS: Duration = Duration::from_millis(10);

/// Runs the program to its end.
pub fn run(
    style: StyleName,
    event_loop: &mut EventLoop,
) -> Result<u32, RunError> {
    let (first, doubling) = channel::bounded(CAPACITY);
    let (doubled, last) = channel::bounded(CAPACITY);
    match style {
        StyleName::Callback => {
            drop(event_loop.spawn_named("produce", callback::produce(first)));
            drop(
                event_loop
                    .spawn_named("double", callback::double(doubling, doubled)),
            );
            event_loop.block_on(callback::consume(last))
        }
        StyleName::Generator => {
            drop(event_loop.spawn_named("produce", generator::produce(first)));
            drop(
                event_loop.spawn_named(
                    "double",
                    generator::double(doubling, doubled),
                ),
            );
            event_loop.block_on(generator::consume(last))
        }
        StyleName::Future => {
            drop(event_loop.spawn_named("produce", future::produce(first)));
            drop(
                event_loop
                    .spawn_named("double", future::double(doubling, doubled)),
            );
            event_loop.block_on(future::consume(last))
        }
        StyleName::Green => {
            drop(event_loop.spawn_named("produce", green::produce(first)));
            drop(
                event_loop
                    .spawn_named("double", green::double(doubling, doubled)),
            );
            event_loop.block_on(green::consume(last))
        }
    }
}
