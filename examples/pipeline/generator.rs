//! `pipeline` as generators.

use quadrivium::{
    prelude::*,
    sync::channel::{Receiver, Sender},
    time::sleep,
};

use super::{ITEMS, SLOWNESS};

pub fn produce(output: Sender<u32>) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        for item in 1..=ITEMS {
            // 1. Send an item, and wait while the channel is full.
            let sent = co.perform(output.send(item)).await;
            sent.expect("the next stage receives all");
            println!("  sent {item}");
        }
    })
}

pub fn double(
    input: Receiver<u32>,
    output: Sender<u32>,
) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        // 2. Receive an item, until the stage before has ended.
        while let Ok(item) = co.perform(input.recv()).await {
            // 3. Send it on, doubled.
            let sent = co.perform(output.send(2 * item)).await;
            sent.expect("the next stage receives all");
        }
    })
}

pub fn consume(input: Receiver<u32>) -> impl Task<Output = u32> {
    generator(move |mut co| async move {
        let mut sum = 0;
        // 2. Receive an item, until the stage before has ended.
        while let Ok(item) = co.perform(input.recv()).await {
            // 4. Work on it for 10 ms.
            co.perform(sleep(SLOWNESS)).await;
            println!("  received {item}");
            sum += item;
        }
        sum
    })
}
