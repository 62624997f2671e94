//! Four ways to suspend and resume a computation, on one event loop: callbacks, generators,
//! async/await and green threads, each behind one [`Task`] trait, so that each can call the others.
//!
//! # The same program four ways
//!
//! It waits a while and is worth a number. Only how it is suspended differs.
//!
//! As a **callback**, the rest of the program is a function that is called with what came:
//!
//! ```
//! use quadrivium::prelude::*;
//! use std::time::Duration;
//!
//! fn answer() -> impl Task<Output = u32> {
//!     callback(|cb| {
//!         cb.perform(sleep(Duration::from_secs(1)), |cb, ()| cb.done(42));
//!     })
//! }
//! # assert_eq!(EventLoop::with_virtual_clock()?.block_on(answer())?, 42);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! As a **generator**, it yields to the loop what it waits for:
//!
//! ```
//! use quadrivium::prelude::*;
//! use std::time::Duration;
//!
//! fn answer() -> impl Task<Output = u32> {
//!     generator(|mut co| async move {
//!         co.perform(sleep(Duration::from_secs(1))).await;
//!         42
//!     })
//! }
//! # assert_eq!(EventLoop::with_virtual_clock()?.block_on(answer())?, 42);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! As a **future**, it awaits:
//!
//! ```
//! use quadrivium::prelude::*;
//! use std::time::Duration;
//!
//! fn answer() -> impl Task<Output = u32> {
//!     future(async {
//!         sleep(Duration::from_secs(1)).await;
//!         42
//!     })
//! }
//! # assert_eq!(EventLoop::with_virtual_clock()?.block_on(answer())?, 42);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! As a **green thread**, it is a plain function on a stack of its own:
//!
//! ```
//! use quadrivium::{green::perform, prelude::*};
//! use std::time::Duration;
//!
//! fn answer() -> impl Task<Output = u32> {
//!     green(|| {
//!         perform(sleep(Duration::from_secs(1)));
//!         42
//!     })
//! }
//! # assert_eq!(EventLoop::with_virtual_clock()?.block_on(answer())?, 42);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Any style calls any other
//!
//! `perform` takes any task. Here a green thread performs a future, which performs a generator:
//!
//! ```
//! use quadrivium::{future, green, prelude::*};
//!
//! let inner = || generator(|mut co| async move { co.perform(turn()).await });
//! let middle = move || future(async move { future::perform(inner()).await });
//! let outer = green(move || green::perform(middle()));
//! EventLoop::new()?.block_on(outer)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is where
//!
//! | module | has |
//! |---|---|
//! | [`task`] | what a task is; [`spawn`], join, race |
//! | [`callback`](mod@callback), [`generator`](mod@generator), [`future`](mod@future), [`green`](mod@green) | the four styles, and what each has for the crates and habits of its own world |
//! | [`time`] | sleeping, deadlines, giving way |
//! | [`sync`] | channels, locks and notifications between tasks |
//! | [`net`], [`io`] | sockets; pipes, waiting for any descriptor |
//! | [`dns`] | names of hosts |
//! | [`fs`] | files and folders |
//! | [`process`] | child processes |
//! | [`signal`] | signals to this process |
//! | [`thread`] | green threads under the names of `std::thread`; work on other OS threads |
//! | [`event_loop`] | the loop, its errors, its trace |
//! | [`executor`] | loops and tasks inside tokio, inside smol, inside an executor of yours |
//! | `may`, with the feature of that name | tasks on the threads of a work-stealing scheduler |
//! | [`test`](mod@test) | deterministic simulation, and checks around code |
//! | [`host`] | for those who write a host or a style of their own |

#![forbid(unsafe_code)]

#[doc(inline)]
pub use quadrivium_core::sync;
pub use quadrivium_core::{
    JoinError, JoinHandle, Task, join, join_all, race, spawn, spawn_named, timeout,
};
pub use quadrivium_event_loop::{EventLoop, RunError};
pub use quadrivium_future as future;
pub use quadrivium_generator as generator;
#[cfg(feature = "may")]
pub use quadrivium_may as may;
pub use quadrivium_test_kit as test;

/// The loop, its errors and its trace; a loop on each of several threads.
pub mod event_loop {
    pub use quadrivium_core::remote::Attached;
    pub use quadrivium_event_loop::{
        Cluster, Deadlock, EventLoop, Fault, Recorder, RemoteHandle, RunError, Schedule, Spawner,
        Stopper, Trace, Turned, trace,
    };
}

/// What a task is, how tasks are handed to a loop, and how one is made of several.
pub mod task {
    pub use quadrivium_core::{
        BoxTask, Canceller, Context, Either, Join, JoinAll, JoinError, JoinHandle, LocalWaker,
        PanicPayload, Perform, PerformWaits, RESUMED_AFTER_DONE, Race, Step, Task, Wait, fairness,
        join, join_all, race, spawn, spawn_named,
    };
}

/// Sleeping, deadlines, giving way: what `std::time` and `std::thread::sleep` are to threads.
pub mod time {
    pub use quadrivium_core::{
        BlockFor, Elapsed, Hold, SendHold, Sleep, Timeout, Turn, block_for, hold, now, send_hold,
        sleep, sleep_until, timeout, turn,
    };
}

/// TCP, UDP and Unix sockets: what `std::net` and `std::os::unix::net` are to threads.
pub mod net {
    pub use quadrivium_io::net::*;
}

/// Names of hosts.
pub mod dns {
    pub use quadrivium_io::dns::*;
}

/// Files and folders: what `std::fs` is to threads.
pub mod fs {
    pub use quadrivium_io::fs::*;
}

/// Child processes: what `std::process` is to threads.
pub mod process {
    pub use quadrivium_io::process::*;
}

/// Signals to this process.
pub mod signal {
    pub use quadrivium_io::signal::*;
}

/// Pipes; waiting for any descriptor; what the operations of streams have in common; streams for
/// crates written for futures.
pub mod io {
    pub use quadrivium_io::{
        AttemptRead, AttemptWrite, Attempts, ByteReader, ByteWriter, Interest, Leaf, PipeReader,
        PipeWriter, Polled, Ready, pipe, ready,
    };
}

/// Tasks as futures of another executor: of tokio, of smol, of yours.
pub mod executor {
    pub use quadrivium_event_loop::{Executor, Guest, GuestLoop};
    #[cfg(any(feature = "smol", feature = "tokio"))]
    pub use quadrivium_guests::*;
}

pub mod callback;
pub mod green;
pub mod host;
#[cfg(feature = "hyper")]
pub mod hyper;
pub mod thread;

/// What most programs use. `perform` is not among them, as each style has its own.
pub mod prelude {
    pub use quadrivium_callback::{Callback, callback};
    pub use quadrivium_core::{
        JoinError, JoinHandle, Task, join, join_all, race, sleep, spawn, spawn_named, timeout, turn,
    };
    pub use quadrivium_event_loop::{EventLoop, RunError};
    pub use quadrivium_future::future;
    pub use quadrivium_generator::{Co, generator};
    pub use quadrivium_green::green;
}

/// The examples of the first chapter run as tests.
#[doc = include_str!("../../../docs/suspending.md")]
#[cfg(doctest)]
struct SuspendingExamples;

/// The examples of the chapter on callbacks run as tests.
#[doc = include_str!("../../../docs/callback.md")]
#[cfg(doctest)]
struct CallbackExamples;

/// The examples of the chapter on generators run as tests.
#[doc = include_str!("../../../docs/generator.md")]
#[cfg(doctest)]
struct GeneratorExamples;

/// The examples of the chapter on futures run as tests.
#[doc = include_str!("../../../docs/future.md")]
#[cfg(doctest)]
struct FutureExamples;

/// The examples of the chapter on green threads run as tests.
#[doc = include_str!("../../../docs/green.md")]
#[cfg(doctest)]
struct GreenExamples;

/// The examples of the chapter on sockets run as tests.
#[doc = include_str!("../../../docs/io.md")]
#[cfg(doctest)]
struct SocketExamples;

/// The examples of the chapter on blocking calls run as tests.
#[doc = include_str!("../../../docs/blocking.md")]
#[cfg(doctest)]
struct BlockingExamples;

/// The examples of the chapter on synchronisation run as tests.
#[doc = include_str!("../../../docs/sync.md")]
#[cfg(doctest)]
struct SyncExamples;

/// The examples of the README run as tests.
#[doc = include_str!("../../../README.md")]
#[cfg(doctest)]
struct ReadmeExamples;
