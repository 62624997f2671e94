//! For authors of a host, a style or a leaf of their own: the traits that a host implements, and
//! the tools to implement them. A leaf is a task that waits for something itself.
//!
//! A host drives tasks. It does the following:
//!
//! 1. It takes tasks: [`Host::spawn`] stores a [`HostedTask`] and makes it ready.
//! 2. It resumes each ready task. Before each resume it calls [`fairness::begin_step`]. During the
//!    resume it is [entered](enter), so that the task can reach it. It catches panics.
//! 3. It reads the [`Wait`](crate::task::Wait) that the task returns, and makes the task ready when
//!    the wait is over. A wake of the task's waker, from any thread, ends every wait.
//! 4. It keeps a task that is done, because the task contains its output. The join handle fetches
//!    it through [`SpawnedTasks`]. It drops tasks that have panicked or are cancelled. Their
//!    destructors run in [`run_destructors`].
//! 5. It sleeps while no task is ready, until a deadline, a wake, or a report of the operating
//!    system about a descriptor. A [`Reactor`] receives these reports. [`MioReactor`] is one for
//!    hosts that have none of their own.
//!
//! The smallest host takes no second task, and treats every wait as a wait for the next turn:
//!
//! ```
//! use quadrivium::{
//!     host::{self, Host, HostedTask, Label, TaskKey, fairness},
//!     prelude::*,
//!     task::{Context, Step},
//!     time::now,
//! };
//! use std::{
//!     panic::Location,
//!     pin::pin,
//!     rc::Rc,
//!     task::Waker,
//!     thread,
//!     time::{Duration, Instant},
//! };
//!
//! /// Drives one task, and never sleeps.
//! struct SpinningHost;
//!
//! impl Host for SpinningHost {
//!     fn now(&self) -> Instant {
//!         Instant::now()
//!     }
//!
//!     fn block_for(&self, duration: Duration) {
//!         thread::sleep(duration);
//!     }
//!
//!     fn label(&self) -> Option<Label> {
//!         None
//!     }
//!
//!     fn spawn(
//!         &self,
//!         _: HostedTask,
//!         _: Option<&str>,
//!         spawned_at: &'static Location<'static>,
//!     ) -> TaskKey {
//!         panic!("this host drives only one task, but {spawned_at} spawns another")
//!     }
//! }
//!
//! fn block_on<T: Task>(task: T) -> T::Output {
//!     let _entered = host::enter(Rc::new(SpinningHost));
//!     let mut task = pin!(task);
//!     loop {
//!         fairness::begin_step();
//!         if let Step::Done(output) = task.as_mut().resume(&mut Context::new(Waker::noop())) {
//!             return output;
//!         }
//!     }
//! }
//!
//! let slept = block_on(green(|| {
//!     let start = now();
//!     quadrivium::green::perform(sleep(Duration::from_millis(1)));
//!     now() - start
//! }));
//! assert!(slept >= Duration::from_millis(1));
//! ```
//!
//! A complete host, with timers, sockets, cancels and panics, is in `examples/host/host.rs`. The
//! crate `quadrivium-conformance` checks that a host keeps the laws.

pub use quadrivium_core::{
    Edge, Interest, QueuePlace, Readiness, crash_note, fairness,
    host::{
        DescriptorKey, Entered, Host, Hosted, HostedTask, Joined, Label, NESTED, ObservedStep,
        Observer, Observing, OwnWakers, PartWakers, Reactor, Rotation, SpawnedTasks, TaskId,
        TaskKey, WokenParts, Wrapper, contain, current, enter, hosted, is_observed, label, observe,
        observe_all_threads, observed_step, reactor, refused, run_destructors,
    },
    inspect::{RunningTask, Style},
    remote_task::{Promise, RemoteHandle},
};
pub use quadrivium_event_loop::MioReactor;
