//! Deterministic simulation: a program runs in many orders and with faults, on a virtual clock. A
//! run that fails can be run again, step for step.
//!
//! The program is a function that takes a fresh [`EventLoop`]. [`simulate`] calls it once for each
//! of a hundred seeds. The seed decides which of the ready tasks runs next.
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
//!     assert_eq!(event_loop.block_on(sum).unwrap(), 6, "in every order");
//! });
//! ```
//!
//! A failure names its seed. `QUADRIVIUM_SEED=17 cargo test` then runs that seed alone, and
//! [`replay(17, program)`](replay) returns its trace, which is the same each time.
//!
//! The seed is also printed when a run ends the process. Causes are a panic in a destructor, a
//! panic that cannot unwind, and a stack overflow of a green thread. If the process ends in another
//! way, `QUADRIVIUM_TELL_SEEDS=1` helps: it prints each seed before it is run.
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
//! # Faults
//!
//! [`Faults`] come from the seed too: spurious wakes, late wakes, cancels, and in-memory
//! [connections](mod@connection) that split, delay, reset and half-close. With [`choose`] the
//! program itself asks for a decision from the same source.
//!
//! ```
//! use quadrivium::{prelude::*, test::{Faults, Simulation, connection}};
//!
//! Simulation::new().faults(Faults::mild()).run(|event_loop| {
//!     let (client, server) = connection();
//!     let greeting = event_loop.spawn(future(async move { client.write_all("hello").await }));
//!     let bytes = event_loop.block_on(server.read_exact(5)).unwrap();
//!     assert_eq!(bytes.unwrap(), b"hello", "whole, however late");
//!     event_loop.block_on(greeting).unwrap().unwrap().unwrap();
//! });
//! ```
//!
//! # Checks around tasks
//!
//! [`must_suspend`], [`must_not_suspend`], [`max_step`] and [`no_leaked_tasks`] wrap a task of any
//! style and check what it does, inside a simulation and outside.
//!
//! # Requirements
//!
//! The program must be deterministic, apart from the decisions of the simulation. It takes the time
//! from [`now`](quadrivium_core::now), does not depend on the order of a `HashMap`, and uses no
//! other threads. A failing seed is run twice, and the message reports it when the second run
//! differs.

#![forbid(unsafe_code)]

// In reading order.
mod simulation;
mod faults;
mod verdict;
mod run;
mod choices;
mod path;
mod replayed_orders;
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
pub use replayed_orders::ReplayedOrders;
pub use run::choose;
pub use simulation::{Order, Replay, Simulation, every_order, replay, simulate};
pub use verdict::Verdict;
