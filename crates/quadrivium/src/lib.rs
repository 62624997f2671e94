//! Four ways to suspend and resume a computation: callbacks, generators, async/await and green
//! threads. All of them implement one trait, [`Task`], and run on one event loop, so each can call
//! the others.
//!
//! # The same program four ways
//!
//! Each of these programs sleeps for one second and returns a number. They differ only in how they
//! are suspended. Each makes a *task*: a computation that can be suspended and resumed. The event
//! loop runs it with [`EventLoop::block_on`] and returns its output.
//!
//! All four *perform* the same task, `sleep(..)`: it runs to its end as a part of the program.
//! While it is suspended, the program is suspended too, and the loop runs other tasks.
//!
//! As a **callback**, the rest of the program is a function. It is called with the output of the
//! performed task:
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
//! As a **generator**, the program yields a value that says what it waits for. Here
//! `co.perform(..).await` yields it. (The block is `async`, because stable Rust has no syntax for
//! generators.)
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
//! As a **future**, the program awaits:
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
//! As a **green thread**, the program is a plain function on a stack of its own:
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
//! `perform` takes any task of any style. Here a green thread performs a future, which performs a
//! generator:
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
//! # The modules
//!
//! | module | contains |
//! |---|---|
//! | [`task`] | the [`Task`] trait; [`spawn`], [`join`], [`race`], [`select`] |
//! | [`callback`](mod@callback), [`generator`](mod@generator), [`future`](mod@future), [`green`](mod@green) | the four styles; each with the helpers for crates that are written in that style |
//! | [`scope`] | child tasks that end before their parent goes on |
//! | [`time`] | sleeping, ticks, time limits, turns (letting other tasks run) |
//! | [`sync`] | channels, locks and notifications between tasks |
//! | [`net`], [`io`] | sockets; pipes, waiting for any descriptor |
//! | [`dns`] | look-up of host names |
//! | [`fs`] | files and folders |
//! | [`process`] | child processes |
//! | [`signal`] | signals that this process receives |
//! | [`thread`] | green threads with the API of `std::thread`; work on other OS threads |
//! | [`event_loop`] | the event loop, its errors, its trace (the record of what happened) |
//! | [`executor`] | loops and tasks inside tokio, smol, or an executor of your own |
//! | `hooks`, with the feature `hooks` | reports of blocking calls, with their task and their line |
//! | `may`, with the feature `may` | tasks on several threads, on a work-stealing scheduler |
//! | [`test`](mod@test) | deterministic simulation of a program, and checks for your tests |
//! | [`host`] | for authors of a host (a driver of tasks), a style, or a leaf (a task that waits for something itself) of their own |

#![forbid(unsafe_code)]

pub use quadrivium_core::{
    JoinError, JoinHandle, Task, join, join_all, race, race_all, select, spawn, spawn_named,
    timeout, try_join, try_join_all,
};
#[doc(inline)]
pub use quadrivium_core::{scope, sync};
pub use quadrivium_event_loop::{EventLoop, RunError};
pub use quadrivium_future as future;
pub use quadrivium_generator as generator;
#[cfg(feature = "hooks")]
pub use quadrivium_hooks as hooks;
#[cfg(feature = "may")]
pub use quadrivium_may as may;

/// The event loop, its errors and its trace; a [`Cluster`](event_loop::Cluster) of loops on several
/// threads.
pub mod event_loop {
    pub use quadrivium_core::remote_task::Attached;
    pub use quadrivium_event_loop::{
        Cluster, Deadlock, EventLoop, Fault, Recorder, RemoteHandle, Report, RunError, Schedule,
        Spawner, Stopper, Trace, Turned, trace, watchdog_for_all_loops,
    };
}

/// The [`Task`] trait, how a task is spawned, and how one task is made of several.
pub mod task {
    pub use quadrivium_core::{
        BoxTask, Canceller, Context, Either, InheritedValue, InheritedValues, Join, JoinAll,
        JoinError, JoinHandle, LocalValue, LocalValues, LocalWaker, PanicPayload, Perform,
        PerformWaits, Provided, RESUMED_AFTER_DONE, Race, RaceAll, Select, Selected, Step, Task,
        TryJoin, TryJoinAll, Values, Wait, fairness, join, join_all, race, race_all, select, spawn,
        spawn_named, try_join, try_join_all,
    };
}

/// What the tasks of a loop do, and what they wait for: [`EventLoop::tasks`] returns it, and the
/// report of a deadlock contains it. `docs/tasks.md` explains the reports.
pub mod inspect {
    pub use quadrivium_core::{
        host::{Label, TaskId},
        inspect::{
            Activity, BlockingSystemCall, LeafKind, LongStep, ObjectKind, ObjectNumber, Style,
            snapshot::*,
        },
    };
    pub use quadrivium_event_loop::{InspectError, LastSnapshot, LoopInspector, Unanswered};
    #[cfg(all(feature = "inspect", target_os = "linux"))]
    pub use quadrivium_event_loop::{SnapshotForm, ask, processes, serve_snapshots};
}

/// Clocks, sleeping, time limits and turns: the counterpart of `std::time` and `std::thread::sleep`
/// for tasks.
pub mod time {
    pub use quadrivium_core::{
        BlockFor, Elapsed, Every, Hold, MissedTicks, SendHold, Sleep, Tick, Timeout, TimeoutAt,
        Turn, block_for, every, hold, now, send_hold, sleep, sleep_until, timeout, timeout_at,
        turn,
    };
}

/// TCP, UDP and Unix sockets: the counterpart of `std::net` and `std::os::unix::net` for tasks.
pub mod net {
    pub use quadrivium_io::net::*;
}

/// Look-up of host names and addresses.
pub mod dns {
    pub use quadrivium_io::dns::*;
}

/// Files and folders: the counterpart of `std::fs` for tasks.
pub mod fs {
    pub use quadrivium_io::fs::*;
}

/// Child processes: the counterpart of `std::process` for tasks.
pub mod process {
    pub use quadrivium_io::process::*;
}

/// Signals that this process receives.
pub mod signal {
    pub use quadrivium_io::signal::*;
}

/// Pipes, waiting for any descriptor, the traits of readers and writers, and streams for crates
/// that are written for futures.
pub mod io {
    pub use quadrivium_io::{
        AttemptRead, AttemptWrite, Attempts, BufReader, ByteReader, ByteWriter, Interest, Leaf,
        PipeReader, PipeWriter, Polled, Ready, ReadyOwned, copy, copy_both, pipe, ready,
        ready_owned,
    };
}

/// Tasks and loops as futures inside another executor: tokio, smol, or one of your own.
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
pub mod test;
pub mod thread;
#[cfg(feature = "tracing")]
pub mod tracing;

/// The items that most programs use. `perform` is not among them, because each style has its own.
pub mod prelude {
    pub use quadrivium_callback::{Callback, callback};
    pub use quadrivium_core::{
        JoinError, JoinHandle, Task, join, join_all, race, race_all, select, sleep, spawn,
        spawn_named, timeout, try_join, try_join_all, turn,
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

/// The examples of the chapter on traces run as tests.
#[doc = include_str!("../../../docs/traces.md")]
#[cfg(doctest)]
struct TraceExamples;

/// The examples of the chapter on scopes run as tests.
#[doc = include_str!("../../../docs/scopes.md")]
#[cfg(doctest)]
struct ScopeExamples;

/// The examples of the README run as tests.
#[doc = include_str!("../../../README.md")]
#[cfg(doctest)]
struct ReadmeExamples;
