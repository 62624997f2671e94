//! [`LawHost`]: where laws are checked, and what it supports.

use std::{any::Any, panic::resume_unwind, rc::Rc, thread, time::Duration};

use quadrivium::{
    EventLoop, RunError,
    event_loop::{RemoteHandle, Trace, Turned, trace::Event},
    host::Host,
    task::BoxTask,
};

use crate::Value;

/// Where laws are checked: a loop with a thread of its own, a loop inside another executor, threads
/// elsewhere.
///
/// [`Virtual`] and [`Real`] are here; `tests/hosts` has the others. On a host whose tasks run on
/// other threads only the topic `outcomes` says anything, as all other laws hold the loop in their
/// hands.
pub trait LawHost: Sync {
    /// What it is called, such as `tokio`.
    fn name(&self) -> &'static str;

    /// Whether it supports what only some laws need. Those that need what it lacks are skipped, and
    /// say so.
    fn supports(&self, feature: HostFeature) -> bool;

    /// Runs a law with what its loops need around them.
    fn around(&self, law: Box<dyn FnOnce() + '_>) {
        law();
    }

    /// A loop for a law, on a virtual clock if this host has one.
    fn new_loop(&self) -> Box<dyn HostLoop>;

    /// A loop for a law that waits for other threads, processes and sockets, whose time is real.
    fn real_loop(&self) -> Box<dyn HostLoop>;
}

/// What a host may support or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostFeature {
    /// Time jumps when nothing else can happen: sleeps take no time, and exactly as long as they
    /// say.
    VirtualClock,
    /// That clock is the loop's own: it goes on by as much as a task keeps the CPU for, and stands
    /// still while other threads work for one.
    OwnClock,
    /// It reports a deadlock once no task can go on.
    Deadlocks,
    /// A loop that is run inside a task of another is an error. Executors may panic.
    Nesting,
    /// It opens no descriptors of its own but those of a new loop, and closes these with it.
    Descriptors,
}

/// A loop that a host has made for a law, on the law's thread.
///
/// A host that has no [`EventLoop`] inside has the first three methods. A law that asks for one of
/// the others is [spared](spare) there.
pub trait HostLoop {
    /// What drives the tasks.
    fn host(&self) -> Rc<dyn Host>;

    /// As [`EventLoop::block_on`].
    ///
    /// # Errors
    ///
    /// As there.
    fn block_on(&mut self, task: BoxTask<Value>) -> Result<Value, RunError>;

    /// As [`EventLoop::run`].
    ///
    /// # Errors
    ///
    /// As there.
    fn run(&mut self) -> Result<(), RunError>;

    /// The loop inside, for what does not wait.
    fn event_loop(&self) -> &EventLoop {
        spare("an event loop")
    }

    /// As [`EventLoop::turn`].
    ///
    /// # Errors
    ///
    /// As there.
    fn turn(&mut self) -> Result<Turned, RunError> {
        spare("single turns")
    }

    /// As [`EventLoop::advance`].
    fn advance(&mut self, duration: Duration) {
        thread::sleep(duration);
    }

    /// As [`EventLoop::trace`].
    fn trace(&mut self, _trace: Box<dyn Trace>) {
        spare("a trace")
    }

    /// Hands the host the task that `make` makes: to this loop, or to wherever its tasks run.
    fn hand(&mut self, make: Make) -> RemoteHandle<Output> {
        self.event_loop().spawner().spawn(make)
    }
}

/// Ends the law that runs on this thread, which needs what its host does not have. The law counts
/// as spared.
pub fn spare(lacks: &'static str) -> ! {
    resume_unwind(Box::new(Lacks(lacks)))
}

/// What the host of a law does not have: the payload of [`spare`].
pub(crate) struct Lacks(pub(crate) &'static str);

/// Makes a task on the thread where it runs.
pub type Make = Box<dyn FnOnce() -> BoxTask<Output> + Send>;

/// What a task on another thread is worth.
pub type Output = Box<dyn Any + Send>;

impl HostLoop for EventLoop {
    fn host(&self) -> Rc<dyn Host> {
        EventLoop::host(self)
    }

    fn event_loop(&self) -> &EventLoop {
        self
    }

    fn block_on(&mut self, task: BoxTask<Value>) -> Result<Value, RunError> {
        EventLoop::block_on(self, task)
    }

    fn run(&mut self) -> Result<(), RunError> {
        EventLoop::run(self)
    }

    fn turn(&mut self) -> Result<Turned, RunError> {
        EventLoop::turn(self)
    }

    fn advance(&mut self, duration: Duration) {
        EventLoop::advance(self, duration);
    }

    fn trace(&mut self, mut trace: Box<dyn Trace>) {
        EventLoop::trace(self, move |event: &Event| trace.record(event));
    }
}

/// Our loop on the virtual clock: where laws are checked unless somebody says otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Virtual;

impl LawHost for Virtual {
    fn name(&self) -> &'static str {
        "virtual clock"
    }

    fn supports(&self, _: HostFeature) -> bool {
        true
    }

    fn new_loop(&self) -> Box<dyn HostLoop> {
        Box::new(EventLoop::with_virtual_clock().expect("the OS lets us make a loop"))
    }

    fn real_loop(&self) -> Box<dyn HostLoop> {
        Real.new_loop()
    }
}

/// Our loop on the real clock.
#[derive(Clone, Copy, Debug)]
pub struct Real;

impl LawHost for Real {
    fn name(&self) -> &'static str {
        "real clock"
    }

    fn supports(&self, feature: HostFeature) -> bool {
        use HostFeature::{Deadlocks, Descriptors, Nesting};
        matches!(feature, Deadlocks | Descriptors | Nesting)
    }

    fn new_loop(&self) -> Box<dyn HostLoop> {
        Box::new(EventLoop::new().expect("the OS lets us make a loop"))
    }

    fn real_loop(&self) -> Box<dyn HostLoop> {
        self.new_loop()
    }
}
