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
//! A loop is a value, not a global. It is the same for every style: it sees only tasks, and the
//! waits that they return.

// `unsafe` is used in `wake/integer_waker.rs` only.
#![deny(unsafe_code)]

// In reading order.
mod event_loop;
mod turn;
mod tasks;
mod wake;
mod time;
mod reactor;
mod schedule;
mod watch;
mod watchdog;
mod guest;
mod threads;
#[cfg(all(feature = "inspect", target_os = "linux"))]
mod inspect_socket;
pub mod trace;
mod error;

pub use error::{Deadlock, RunError};
pub use event_loop::EventLoop;
pub use guest::{executor::Executor, guest_loop::GuestLoop, task_future::Guest};
#[cfg(all(feature = "inspect", target_os = "linux"))]
pub use inspect_socket::{SnapshotForm, ask, processes, serve_snapshots};
pub use quadrivium_core::{inspect::Report, remote_task::RemoteHandle};
pub use reactor::MioReactor;
pub use schedule::{Fault, Schedule};
pub use threads::{
    cluster::Cluster,
    inspect_error::{InspectError, Unanswered},
    inspector::LoopInspector,
    last_snapshot::LastSnapshot,
    spawner::Spawner,
    stopper::Stopper,
};
pub use trace::{Recorder, Trace};
pub use turn::Turned;
pub use watchdog::limit::watchdog_for_all_loops;
