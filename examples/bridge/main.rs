//! `bridge`: a synchronous library in the middle of an `async` application.
//!
//! New idea: a green thread suspends anywhere, even while plain functions of a
//! library are on its stack. So code that a library calls can await a future.
//!
//! The application runs on tokio. It uses four libraries that know nothing of
//! `async`. One calls a trait, one an iterator, one a reader, and one is a
//! parser that calls a callback. The application implements all four so that
//! they wait for futures of tokio, in the middle of the library's call.
//!
//! No thread is blocked. Ten thousand such calls wait on one thread at once,
//! and take as long as one of them.

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
    println!("a trait: the sum is {}", invoice(["tea", "milk"]).await);

    let (sender, receiver) = mpsc::channel(1);
    let send = async move {
        for number in 1..=4 {
            time::sleep(Duration::from_millis(10)).await;
            sender.send(number).await.expect("the library takes every number");
        }
    };
    let (largest, ()) = futures::join!(largest(receiver), send);
    println!("an iterator: the largest is {largest:?}");

    let lines = count_lines(&b"one\ntwo\nthree\n"[..]).await?;
    println!("a reader: {lines} lines");

    println!("callbacks: {:?}", translate("hello big world").await);

    let began = Instant::now();
    let calls = (0..CALLS).map(|_| invoice(["tea"]));
    let sum: u32 = futures::future::join_all(calls).await.iter().sum();
    println!(
        "{CALLS} calls on one thread, each waiting {SLEEP:?} in the library, \
         took {:.1?} (their sum is {sum})",
        began.elapsed()
    );
    Ok(())
}

/// Stands for a service on the network, which takes some time to answer.
struct Service;

impl Prices for Service {
    /// A plain function that waits for a future of tokio.
    fn of(&self, item: &str) -> u32 {
        perform(future(async {
            time::sleep(SLEEP).await;
            item.len() as u32
        }))
    }
}

/// The library calls a method of our trait, which waits.
async fn invoice<const N: usize>(items: [&'static str; N]) -> u32 {
    on_tokio(green(move || libraries::invoice(&items, &Service))).await
}

/// The library calls our iterator, which waits for a channel.
async fn largest(mut numbers: mpsc::Receiver<u32>) -> Option<u32> {
    on_tokio(green(move || {
        let next = || perform(future(numbers.recv()));
        libraries::largest(std::iter::from_fn(next))
    }))
    .await
}

/// Makes an asynchronous reader one that implements `std::io::Read`.
struct BlockingReader<R>(R);

impl<R: AsyncRead + Unpin> Read for BlockingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        perform(future(self.0.read(buffer)))
    }
}

/// The library, which is `std`, calls our reader, which waits.
async fn count_lines(
    reader: impl AsyncRead + Unpin + 'static,
) -> io::Result<usize> {
    on_tokio(green(move || {
        let lines = BufReader::new(BlockingReader(reader)).lines();
        lines.map(|line| line.map(|_| 1)).sum()
    }))
    .await
}

/// The library calls our callback, which waits.
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
