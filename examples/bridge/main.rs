//! `bridge`: a synchronous library in the middle of an `async` application.
//!
//! New idea: a green thread suspends anywhere, so also at the bottom of somebody
//! else's plain functions. There are four libraries here, none of which has ever
//! heard of `async`: one calls a trait, one an iterator, one reads, one is a
//! parser with callbacks. The application is tokio's. What it gives to the
//! libraries waits, in the middle of their calls, for tokio's own futures.
//!
//! No thread is blocked meanwhile: ten thousand such calls wait at once on one
//! thread, for as long as one of them.

use std::{
    io::{self, BufRead, BufReader, Read},
    time::{Duration, Instant},
};

use quadrivium::{executor::on_tokio, green::perform, prelude::*};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    sync::mpsc,
    time,
};

mod libraries;
#[cfg(test)]
mod tests;

use crate::libraries::{Prices, Word};

const CALLS: u32 = 10_000;
const SLEEP: Duration = Duration::from_secs(1);

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    println!("a trait:    {} in all", invoice(["tea", "milk"]).await);

    let (sender, receiver) = mpsc::channel(1);
    let send = async move {
        for number in 1..=4 {
            time::sleep(Duration::from_millis(10)).await;
            sender.send(number).await.expect("the library takes all");
        }
    };
    let (largest, ()) = futures::join!(largest(receiver), send);
    println!("an iterator: the largest is {largest:?}");

    let lines = count_lines(&b"one\ntwo\nthree\n"[..]).await?;
    println!("a reader:   {lines} lines");

    println!("callbacks:  {:?}", translate("hello big world").await);

    let began = Instant::now();
    let calls = (0..CALLS).map(|_| invoice(["tea"]));
    let sum: u32 = futures::future::join_all(calls).await.iter().sum();
    println!(
        "{CALLS} calls, each waiting {SLEEP:?} in its middle, on one thread: \
         {:.1?} ({sum})",
        began.elapsed()
    );
    Ok(())
}

/// What a service on the network would say, in its own time.
struct Service;

impl Prices for Service {
    /// A plain function. It waits for a future of tokio.
    fn of(&self, item: &str) -> u32 {
        perform(future(async {
            time::sleep(SLEEP).await;
            item.len() as u32
        }))
    }
}

/// The library calls our trait.
async fn invoice<const N: usize>(items: [&'static str; N]) -> u32 {
    on_tokio(green(move || libraries::invoice(&items, &Service))).await
}

/// The library takes an iterator: ours waits for a channel.
async fn largest(mut numbers: mpsc::Receiver<u32>) -> Option<u32> {
    on_tokio(green(move || {
        let next = || perform(future(numbers.recv()));
        libraries::largest(std::iter::from_fn(next))
    }))
    .await
}

/// A reader for whoever wants one that blocks.
struct Blocking<R>(R);

impl<R: AsyncRead + Unpin> Read for Blocking<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        perform(future(self.0.read(buffer)))
    }
}

/// The library (the standard one) reads.
async fn count_lines(
    reader: impl AsyncRead + Unpin + 'static,
) -> io::Result<usize> {
    on_tokio(green(move || {
        let lines = BufReader::new(Blocking(reader)).lines();
        lines.map(|line| line.map(|_| 1)).sum()
    }))
    .await
}

/// The library calls us back.
async fn translate(text: &'static str) -> Vec<String> {
    on_tokio(green(move || {
        let mut words = Vec::new();
        libraries::parse(text, &mut |word: Word<'_>| {
            perform(future(time::sleep(Duration::from_millis(10))));
            words.push(word.0.to_uppercase());
        });
        words
    }))
    .await
}
