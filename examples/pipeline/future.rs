//! `pipeline` with async and await.

use quadrivium::{
    prelude::*,
    sync::channel::{Receiver, Sender},
    time::sleep,
};

use super::{ITEMS, SLOWNESS};

pub fn produce(output: Sender<u32>) -> impl Task<Output = ()> {
    future(async move {
        for item in 1..=ITEMS {
            // 1. Send an item, and wait while the channel is full.
            let sent = output.send(item).await;
            sent.expect("the next stage receives all");
            println!("  sent {item}");
        }
    })
}

pub fn double(
    input: Receiver<u32>,
    output: Sender<u32>,
) -> impl Task<Output = ()> {
    future(async move {
        // 2. Receive an item, until the stage before has ended.
        while let Ok(item) = input.recv().await {
            // 3. Send it on, doubled.
            let sent = output.send(2 * item).await;
            sent.expect("the next stage receives all");
        }
    })
}

pub fn consume(input: Receiver<u32>) -> impl Task<Output = u32> {
    future(async move {
        let mut sum = 0;
        // 2. Receive an item, until the stage before has ended.
        while let Ok(item) = input.recv().await {
            // 4. Work on it for 10 ms.
            sleep(SLOWNESS).await;
            println!("  received {item}");
            sum += item;
        }
        sum
    })
}
