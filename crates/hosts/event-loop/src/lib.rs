//! The event loop: it resumes ready tasks, keeps their deadlines, and sleeps when there is nothing
//! to do.
//!
//! ```
//! use quadrivium_core::sleep;
//! use quadrivium_event_loop::EventLoop;
//! use std::time::Duration;
//!
//! // On a virtual clock a day takes no time.
//! let mut event_loop = EventLoop::with_virtual_clock()?;
//! event_loop.block_on(sleep(Duration::from_secs(86_400)))?;
//! assert_eq!(event_loop.elapsed(), Duration::from_secs(86_400));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A loop is a value, not a global. It knows no style: it sees tasks and what they wait for.

// `unsafe` stands in `waker` alone.
#![deny(unsafe_code)]

// In reading order.
mod event_loop;
mod guest_loop;
mod guest;
mod spawner;
mod cluster;
mod error;
mod shared;
mod step;
mod wake;
mod ready;
mod slots;
mod timers;
mod clock;
mod reactor;
mod sources;
mod schedule;
mod scheduling;
mod late;
mod waker;
mod active;
mod mailbox;
mod mailboxes;
mod shares;
mod sync;
mod hosting;
mod tracing;
pub mod trace;

pub use cluster::Cluster;
pub use error::{Deadlock, RunError};
pub use event_loop::{EventLoop, Stopper, Turned};
pub use guest::Guest;
pub use guest_loop::{Executor, GuestLoop};
pub use quadrivium_core::remote::RemoteHandle;
pub use reactor::Reactor;
pub use schedule::{Fault, Schedule};
pub use spawner::Spawner;
pub use trace::{Recorder, Trace};
