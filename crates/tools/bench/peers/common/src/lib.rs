//! [`Executor`]: the functions of an executor of futures that a measurement needs. The measurements
//! are written once, for every type that implements it.

mod combinators;
mod measurements;
mod version;

use std::time::Duration;

use quadrivium_bench_protocol::Contender;

pub use combinators::{Combinators, join};
pub use measurements::{suspend_for_ever, timed};
pub use version::version;

/// An executor of futures on one thread.
pub trait Executor: 'static {
    /// A join handle.
    type Handle<T: 'static>: Future + 'static;

    /// Makes an executor and runs a future on it, which may call the other functions.
    fn run<T: 'static>(body: impl Future<Output = T> + 'static) -> T;

    /// Spawns a task from inside [`run`](Self::run).
    fn spawn<T: 'static>(body: impl Future<Output = T> + 'static) -> Self::Handle<T>;

    /// Returns the output of a task from what its handle returned. It is no part of the handle, so
    /// that the handle is not wrapped.
    fn output<T: 'static>(joined: <Self::Handle<T> as Future>::Output) -> T;

    /// Lets the other tasks run first. Most executors have no function of their own for this.
    fn turn() -> impl Future<Output = ()> {
        futures_lite::future::yield_now()
    }
}

/// An executor with timers.
pub trait Timers: Executor {
    /// Sleeps.
    fn sleep(duration: Duration) -> impl Future<Output = ()> + 'static;

    /// Lets a task arm as many timers as it likes without a turn. Only tokio limits their number.
    fn unlimited<T>(body: impl Future<Output = T>) -> impl Future<Output = T> {
        body
    }

    /// Runs the leaf, which is done before the timeout.
    fn timeout(duration: Duration, leaf: impl Future<Output = ()>) -> impl Future<Output = ()>;
}

/// An executor with its own channel, or with the one that its programs use.
pub trait Channel: Executor {
    /// The sender.
    type Sender: 'static;
    /// The receiver.
    type Receiver: 'static;

    /// Makes a channel.
    fn channel(capacity: usize) -> (Self::Sender, Self::Receiver);

    /// Sends a number.
    fn send(sender: &mut Self::Sender, number: u64) -> impl Future<Output = ()>;

    /// Receives a number, or `None` if the sender is gone.
    fn receive(receiver: &mut Self::Receiver) -> impl Future<Output = Option<u64>>;
}

/// Makes a contender of an executor. Its version is the package's.
#[must_use]
pub fn contender<E: Executor>(name: &'static str, package: &str) -> Contender {
    Contender {
        turn: Some(measurements::turn::<E>),
        spawn: Some(measurements::spawn::<E>),
        nested: Some(measurements::nested::<E>),
        bare: Some(measurements::bare::<E>),
        memory: Some(measurements::memory::<E>),
        wake: Some(measurements::wake::<E>),
        ..Contender::new(name, version(package))
    }
}

/// Adds the measurements of timers.
#[must_use]
pub fn with_timers<E: Timers>(contender: Contender) -> Contender {
    Contender {
        timers: Some(measurements::timers::<E>),
        timer_cancel: Some(measurements::timer_cancel::<E>),
        timeout: Some(measurements::timeout::<E>),
        ..contender
    }
}

/// Adds the measurements of a channel.
#[must_use]
pub fn with_channel<E: Channel>(contender: Contender) -> Contender {
    Contender {
        round_trip: Some(measurements::round_trip::<E>),
        stream: Some(measurements::stream::<E>),
        ..contender
    }
}
