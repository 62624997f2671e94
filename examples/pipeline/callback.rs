//! `pipeline` as callbacks.

use quadrivium::{
    prelude::*,
    sync::channel::{Receiver, Sender},
    time::sleep,
};

use super::{ITEMS, SLOWNESS};

pub fn produce(output: Sender<u32>) -> impl Task<Output = ()> {
    callback(move |cb| produce_next(cb, output, 1..=ITEMS))
}

fn produce_next(
    cb: &mut Callback<()>,
    output: Sender<u32>,
    mut items: impl Iterator<Item = u32> + 'static,
) {
    let Some(item) = items.next() else { return cb.done(()) };

    // 1. Send an item, and wait while the channel is full.
    cb.perform(output.send(item), move |cb, sent| {
        sent.expect("the next stage receives all");
        println!("  sent {item}");

        produce_next(cb, output, items)
    })
}

pub fn double(
    input: Receiver<u32>,
    output: Sender<u32>,
) -> impl Task<Output = ()> {
    callback(move |cb| double_next(cb, input, output))
}

fn double_next(
    cb: &mut Callback<()>,
    input: Receiver<u32>,
    output: Sender<u32>,
) {
    // 2. Receive an item, until the stage before has ended.
    cb.perform(input.recv(), move |cb, item| {
        let Ok(item) = item else { return cb.done(()) };

        // 3. Send it on, doubled.
        cb.perform(output.send(2 * item), move |cb, sent| {
            sent.expect("the next stage receives all");

            double_next(cb, input, output)
        })
    })
}

pub fn consume(input: Receiver<u32>) -> impl Task<Output = u32> {
    callback(move |cb| consume_next(cb, input, 0))
}

fn consume_next(cb: &mut Callback<u32>, input: Receiver<u32>, sum: u32) {
    // 2. Receive an item, until the stage before has ended.
    cb.perform(input.recv(), move |cb, item| {
        let Ok(item) = item else { return cb.done(sum) };

        // 4. Work on it for 10 ms.
        cb.perform(sleep(SLOWNESS), move |cb, ()| {
            println!("  received {item}");

            consume_next(cb, input, sum + item)
        })
    })
}
