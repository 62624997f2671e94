//! [`LawHost`]: a host on which laws are checked, and the features that it supports.

use std::{any::Any, panic::resume_unwind, rc::Rc, thread, time::Duration};

use quadrivium::{
    EventLoop, RunError,
    event_loop::{RemoteHandle, Trace, Turned, trace::Event},
    host::Host,
    task::BoxTask,
};

use crate::Value;

/// A host on which laws are checked: a loop with a thread of its own, a loop inside another
/// executor, or other threads.
///
/// [`Virtual`] and [`Real`] are here, and `tests/hosts` has the others. A host that runs its tasks
/// on other threads can check the topic `outcomes` only, since all other laws use the loop
/// directly.
pub trait LawHost: Sync {
    /// Returns the name of the host, such as `tokio`.
    fn name(&self) -> &'static str;

    /// Returns whether the host supports a feature that only some laws need. Laws that need a
    /// missing feature are skipped, and the reason is printed.
    fn supports(&self, feature: HostFeature) -> bool;

    /// Runs a law inside the environment that the loops of this host need.
    fn around(&self, law: Box<dyn FnOnce() + '_>) {
        law();
    }

    /// Makes a loop for a law, with a virtual clock if this host has one.
    fn new_loop(&self) -> Box<dyn HostLoop>;

    /// Makes a loop with a real clock, for laws that wait for threads, processes and sockets.
    fn real_loop(&self) -> Box<dyn HostLoop>;
}

/// A feature that a host may support or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostFeature {
    /// Time jumps when nothing else can happen. So sleeps take no real time, and end exactly at
    /// their deadlines.
    VirtualClock,
    /// The virtual clock belongs to the loop. It advances while a task keeps the CPU, and stands
    /// still while another thread works for a task.
    OwnClock,
    /// The host reports a deadlock once no task can continue.
    Deadlocks,
    /// Running a loop inside a task of another loop is an error. Other executors may panic.
    Nesting,
    /// The host opens descriptors for new loops only, and closes them with the loop.
    Descriptors,
    /// The host tells [observers](quadrivium::host::Observer) of the steps of its tasks.
    Observers,
}

/// A loop that a host has made for a law, on the thread of the law.
///
/// A host without an [`EventLoop`] implements the first three methods only. Laws that use the
/// others are [skipped](skip_law) there.
pub trait HostLoop {
    /// Returns the host that drives the tasks.
    fn host(&self) -> Rc<dyn Host>;

    /// Like [`EventLoop::block_on`].
    ///
    /// # Errors
    ///
    /// The errors of [`EventLoop::block_on`].
    fn block_on(&mut self, task: BoxTask<Value>) -> Result<Value, RunError>;

    /// Like [`EventLoop::run`].
    ///
    /// # Errors
    ///
    /// The errors of [`EventLoop::run`].
    fn run(&mut self) -> Result<(), RunError>;

    /// Returns the loop inside, for its methods that do not wait.
    fn event_loop(&self) -> &EventLoop {
        skip_law("an event loop")
    }

    /// Like [`EventLoop::turn`].
    ///
    /// # Errors
    ///
    /// The errors of [`EventLoop::turn`].
    fn turn(&mut self) -> Result<Turned, RunError> {
        skip_law("single turns")
    }

    /// Like [`EventLoop::advance`].
    fn advance(&mut self, duration: Duration) {
        thread::sleep(duration);
    }

    /// Like [`EventLoop::trace`].
    fn trace(&mut self, _trace: Box<dyn Trace>) {
        skip_law("a trace")
    }

    /// Hands the task that `make` returns to the host: to this loop, or to the threads of the host.
    fn hand(&mut self, make: MakeTask) -> RemoteHandle<Output> {
        self.event_loop().spawner().spawn(make)
    }
}

/// Ends the law that runs on this thread, because its host lacks something. The law counts as
/// skipped.
pub fn skip_law(lacks: &'static str) -> ! {
    resume_unwind(Box::new(Lacks(lacks)))
}

/// What the host of a law lacks. This is the payload of [`skip_law`].
pub(crate) struct Lacks(pub(crate) &'static str);

/// A function that makes a task on the thread where the task will run.
pub type MakeTask = Box<dyn FnOnce() -> BoxTask<Output> + Send>;

/// The output of a task on another thread.
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

/// Quadrivium's loop on the virtual clock. Laws are checked there unless another host is given.
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

/// Quadrivium's loop on the real clock.
#[derive(Clone, Copy, Debug)]
pub struct Real;

impl LawHost for Real {
    fn name(&self) -> &'static str {
        "real clock"
    }

    fn supports(&self, feature: HostFeature) -> bool {
        use HostFeature::{Deadlocks, Descriptors, Nesting, Observers};
        matches!(feature, Deadlocks | Descriptors | Nesting | Observers)
    }

    fn new_loop(&self) -> Box<dyn HostLoop> {
        Box::new(EventLoop::new().expect("the OS lets us make a loop"))
    }

    fn real_loop(&self) -> Box<dyn HostLoop> {
        self.new_loop()
    }
}
