//! What the bench and its contenders share: the orders, the answers, and the code that measures.
//!
//! ```text
//! quadrivium-bench ── ContenderOrder, a line of JSON ──► a process with one Contender
//!                  ◄─ ContenderAnswer, a line of JSON ──
//! ```
//!
//! A program with contenders calls [`main`](fn@main) with the list of them. All contenders use the
//! stopwatch, the sleepers, the gate and the allocator of this crate, so all are measured alike.
#![deny(unsafe_code)]

mod contender;
mod order;
mod serve;
mod stopwatch;
mod sleeper;
mod event;
mod gate;
mod allocator;
pub mod memory;
pub mod random;
mod resources;

pub use allocator::CountingAllocator;
pub use contender::{Contender, Special};
pub use event::{OnceEvent, OnceEventFuture};
pub use gate::{Gate, GateFuture};
pub use order::{
    Bench, Card, ContenderAnswer, ContenderOrder, JoinKind, Percentiles, Sample, SyncKind,
};
pub use serve::{list, main, serve};
pub use sleeper::Sleeper;
pub use stopwatch::{Counter, Stopwatch, bump};
