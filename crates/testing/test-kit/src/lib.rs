//! Deterministic simulation: a program runs under many orders and with faults, on a virtual clock,
//! and whatever fails can be run again, step for step.
//!
//! A program that is tested is a function that is handed a fresh [`EventLoop`]. [`simulate`] runs
//! it once for each of a hundred seeds; the seed decides which of the ready tasks runs next.
//!
//! ```
//! use quadrivium::{prelude::*, sync::channel, test::simulate};
//!
//! simulate(|event_loop| {
//!     let (sender, receiver) = channel::bounded(1);
//!     let count = future(async move {
//!         for n in 1..=3 {
//!             sender.send(n).await.unwrap();
//!         }
//!     });
//!     let sum = future(async move {
//!         let mut sum = 0;
//!         while let Ok(n) = receiver.recv().await {
//!             sum += n;
//!         }
//!         sum
//!     });
//!     let _count = event_loop.spawn(count);
//!     assert_eq!(event_loop.block_on(sum).unwrap(), 6, "in whatever order they run");
//! });
//! ```
//!
//! A failure names its seed. `QUADRIVIUM_SEED=17 cargo test` then runs that seed alone, and
//! [`replay(17, program)`](replay) returns the trace, the same one each time.
//!
//! The seed is also printed when a run ends the process: by a panic in a destructor, a stack
//! overflow of a green thread, a panic that cannot unwind. `QUADRIVIUM_TELL_SEEDS=1` prints each
//! seed before it is run, for what ends the process without a warning.
//!
//! A small program can be run in *every* order:
//!
//! ```
//! use quadrivium::{prelude::*, test::every_order};
//!
//! let orders = every_order(|event_loop| {
//!     let _a = event_loop.spawn(turn());
//!     let _b = event_loop.spawn(turn());
//!     event_loop.run()
//! });
//! assert_eq!(orders, 6, "two tasks of two steps each: 4 choose 2");
//! ```
//!
//! # What goes wrong on demand
//!
//! [`Faults`] come from the seed too: spurious wakes, late wakes, cancels, and in-memory
//! [connections](mod@connection) that split, delay, reset and half-close. [`choose`] gives the
//! program itself a choice from the same source.
//!
//! ```
//! use quadrivium::{prelude::*, test::{Faults, Simulation, connection}};
//!
//! Simulation::new().faults(Faults::mild()).run(|event_loop| {
//!     let (client, server) = connection();
//!     let greeting = event_loop.spawn(future(async move { client.write_all("hello").await }));
//!     let bytes = event_loop.block_on(server.read_exact(5)).unwrap();
//!     assert_eq!(bytes.unwrap(), b"hello", "however it was split, and however late");
//!     event_loop.block_on(greeting).unwrap().unwrap().unwrap();
//! });
//! ```
//!
//! # Checks around code
//!
//! [`must_suspend`], [`must_not_suspend`], [`max_step`] and [`no_leaked_tasks`] are tasks around
//! tasks, for every style, inside a simulation and outside.
//!
//! # What it needs of the program
//!
//! That it is deterministic but for what the simulation decides: the time comes from
//! [`now`](quadrivium_core::now), nothing depends on the order of a `HashMap`, and there are no
//! other threads. A failing seed is run twice, and the message says so when the second run differs.

#![forbid(unsafe_code)]

// In reading order.
mod simulation;
mod faults;
mod verdict;
mod run;
mod choices;
mod path;
mod record;
mod failure;
mod ending;
mod leaf;
pub mod connection;
pub mod checks;

pub use checks::{max_step, must_not_suspend, must_suspend, no_leaked_tasks};
pub use connection::{Connection, connection};
pub use faults::Faults;
#[cfg(doc)]
use quadrivium_event_loop::EventLoop;
pub use run::choose;
pub use simulation::{Order, Replay, Simulation, every_order, replay, simulate};
pub use verdict::Verdict;
