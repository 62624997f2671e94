//! `pipeline` as green threads.

use quadrivium::{
    green::perform,
    prelude::*,
    sync::channel::{Receiver, Sender},
    time::sleep,
};

use super::{ITEMS, SLOWNESS};

pub fn produce(output: Sender<u32>) -> impl Task<Output = ()> {
    green(move || {
        for item in 1..=ITEMS {
            // 1. Send an item, and wait while the channel is full.
            let sent = perform(output.send(item));
            sent.expect("the next stage receives all");
            println!("  sent {item}");
        }
    })
}

pub fn double(
    input: Receiver<u32>,
    output: Sender<u32>,
) -> impl Task<Output = ()> {
    green(move || {
        // 2. Receive an item, until the stage before has ended.
        while let Ok(item) = perform(input.recv()) {
            // 3. Send it on, doubled.
            let sent = perform(output.send(2 * item));
            sent.expect("the next stage receives all");
        }
    })
}

pub fn consume(input: Receiver<u32>) -> impl Task<Output = u32> {
    green(move || {
        let mut sum = 0;
        // 2. Receive an item, until the stage before has ended.
        while let Ok(item) = perform(input.recv()) {
            // 4. Work on it for 10 ms.
            perform(sleep(SLOWNESS));
            println!("  received {item}");
            sum += item;
        }
        sum
    })
}
