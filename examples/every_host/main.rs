//! `every_host`: the same tasks on every host.
//!
//! New idea: hosts. A host is what drives tasks, such as the event loop. A task
//! never calls its host. It returns what it waits for, and the host reads it.
//! So the host is chosen where a task is started, and nowhere else.
//!
//! A task adds up a range of numbers. It
//! 1. lets the others run now and then,
//! 2. sleeps a while before the end.
//!
//! In every style, the task runs on an event loop, on a cluster, inside tokio,
//! and on one worker thread of may. A cluster is a loop on each of several
//! threads, here two. In the styles whose tasks can be `Send`, the task also
//! moves between the workers of may.

use std::{num::NonZero, time::Duration};

use quadrivium::{
    callback::send as send_callback,
    event_loop::{Cluster, RemoteHandle},
    executor::on_tokio,
    generator::send as send_generator,
    green::perform,
    may,
    prelude::*,
    task::BoxTask,
};
use quadrivium_examples::styles::StyleName;

/// How many numbers are added up without a pause.
const STRIDE: u64 = 10_000;
const STRIDES: u64 = 10;
const SUM: u64 = STRIDE * STRIDES * (STRIDE * STRIDES - 1) / 2;
const PAUSE: Duration = Duration::from_millis(1);
const TWO: NonZero<usize> = NonZero::new(2).unwrap();

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    may::Config::new().workers(TWO).start()?;
    StyleName::chosen().into_iter().try_for_each(everywhere)
}

fn everywhere(style: StyleName) -> Result<(), Error> {
    let sums = [
        ("on a loop", on_a_loop(style)?),
        ("on a cluster", on_a_cluster(style)?),
        ("inside tokio", inside_tokio(style)?),
        ("pinned to a worker of may", pinned_to_may(style)?),
    ];
    for (host, sum) in sums {
        assert_eq!(sum, SUM, "{style} {host}");
        println!("{:9} {host}", style.name());
    }
    match moving_on_may(style) {
        Some(sum) => {
            assert_eq!(sum?, SUM, "{style} moving on may");
            println!("{:9} moving between the workers of may", style.name());
        }
        None => println!(
            "{:9} never moves: its stack stays on one thread",
            style.name()
        ),
    }
    Ok(())
}

fn on_a_loop(style: StyleName) -> Result<u64, Error> {
    Ok(EventLoop::new()?.block_on(sum(style))?)
}

fn on_a_cluster(style: StyleName) -> Result<u64, Error> {
    let cluster = Cluster::new(TWO)?;
    // Only the closure is sent to the other thread. It makes the task there,
    // and the task stays there.
    let handle = cluster.spawn(move || sum(style));
    Ok(EventLoop::new()?.block_on(handle)??)
}

fn inside_tokio(style: StyleName) -> Result<u64, Error> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    Ok(runtime.enable_all().build()?.block_on(on_tokio(sum(style))))
}

fn pinned_to_may(style: StyleName) -> Result<u64, Error> {
    Ok(may::block_on(may::spawn_pinned(1, move || sum(style)))??)
}

/// Returns `None` for green threads, which are never `Send`.
fn moving_on_may(style: StyleName) -> Option<Result<u64, Error>> {
    let handle: RemoteHandle<u64> = match style {
        StyleName::Callback => {
            may::spawn(send_callback::callback(|cb| send_next(cb, 0, 0)))
        }
        StyleName::Generator => {
            may::spawn(send_generator::generator(|mut co| async move {
                let mut sum = 0;
                for stride in 0..STRIDES {
                    sum += add(stride);
                    co.perform(turn()).await;
                }
                co.perform(sleep(PAUSE)).await;
                sum
            }))
        }
        StyleName::Future => may::spawn(future(sum_future())),
        StyleName::Green => return None,
    };
    Some(may::block_on(handle).and_then(|sum| sum).map_err(Error::from))
}

/// Returns the task in this style.
fn sum(style: StyleName) -> BoxTask<u64> {
    match style {
        StyleName::Callback => Box::pin(callback(|cb| next(cb, 0, 0))),
        StyleName::Generator => Box::pin(generator(|mut co| async move {
            let mut sum = 0;
            for stride in 0..STRIDES {
                sum += add(stride);
                // 1. Let the others run.
                co.perform(turn()).await;
            }
            // 2. Sleep a while.
            co.perform(sleep(PAUSE)).await;
            sum
        })),
        StyleName::Future => Box::pin(future(sum_future())),
        StyleName::Green => Box::pin(green(|| {
            let mut sum = 0;
            for stride in 0..STRIDES {
                sum += add(stride);
                // 1. Let the others run.
                perform(turn());
            }
            // 2. Sleep a while.
            perform(sleep(PAUSE));
            sum
        })),
    }
}

fn next(cb: &mut Callback<u64>, sum: u64, stride: u64) {
    if stride == STRIDES {
        // 2. Sleep a while.
        return cb.perform(sleep(PAUSE), move |cb, ()| cb.done(sum));
    }
    let sum = sum + add(stride);
    // 1. Let the others run.
    cb.perform(turn(), move |cb, ()| next(cb, sum, stride + 1))
}

/// The same as `next`, with the type of callbacks whose stages are `Send`.
fn send_next(cb: &mut send_callback::Callback<u64>, sum: u64, stride: u64) {
    if stride == STRIDES {
        return cb.perform(sleep(PAUSE), move |cb, ()| cb.done(sum));
    }
    let sum = sum + add(stride);
    cb.perform(turn(), move |cb, ()| send_next(cb, sum, stride + 1))
}

/// A future is `Send` if the values that it holds are `Send`. So one function
/// serves both uses.
async fn sum_future() -> u64 {
    let mut sum = 0;
    for stride in 0..STRIDES {
        sum += add(stride);
        // 1. Let the others run.
        turn().await;
    }
    // 2. Sleep a while.
    sleep(PAUSE).await;
    sum
}

fn add(stride: u64) -> u64 {
    (stride * STRIDE..(stride + 1) * STRIDE).sum()
}

#[cfg(test)]
mod tests {
    use super::{StyleName, everywhere};

    #[test]
    fn every_host_adds_up_the_same() {
        StyleName::ALL.into_iter().try_for_each(everywhere).unwrap();
    }
}
