//! [`Wrapper`]: a host around another host. It changes one thing and leaves the rest to that host.

use std::{
    io,
    panic::Location,
    rc::Rc,
    sync::Arc,
    task::Waker,
    time::{Duration, Instant},
};

use crate::{
    Hold, SendHold,
    host::{Host, HostedTask, Label, PartWakers, Reactor, SpawnedTasks, TaskKey, WokenParts},
};

/// A host around another host. Each call goes to the wrapper first. All methods that a wrapper does
/// not override call the wrapped host.
///
/// Every wrapper is a [`Host`]. It is the wrapper that is [entered](super::enter) around a resume.
///
/// ```
/// use quadrivium::{
///     host::{self, Host, HostedTask, TaskKey, Wrapper},
///     prelude::*,
/// };
/// use std::{cell::Cell, panic::Location, rc::Rc};
///
/// /// Counts the tasks that are spawned.
/// struct CountingHost {
///     wrapped: Rc<dyn Host>,
///     spawned: Cell<u32>,
/// }
///
/// impl Wrapper for CountingHost {
///     fn wrapped(&self) -> &Rc<dyn Host> {
///         &self.wrapped
///     }
///
///     fn spawn(
///         &self,
///         body: HostedTask,
///         name: Option<&str>,
///         spawned_at: &'static Location<'static>,
///     ) -> TaskKey {
///         self.spawned.update(|n| n + 1);
///         self.wrapped.spawn(body, name, spawned_at)
///     }
/// }
///
/// let event_loop = EventLoop::new()?;
/// let counts = Rc::new(CountingHost { wrapped: event_loop.host(), spawned: Cell::default() });
/// let entered = host::enter(Rc::clone(&counts) as _);
/// drop((spawn(turn()), spawn(turn())));
/// assert_eq!(counts.spawned.get(), 2);
/// # drop(entered);
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait Wrapper {
    /// Returns the wrapped host.
    fn wrapped(&self) -> &Rc<dyn Host>;

    /// Like [`Host::spawn`]. By default the wrapped host takes the task.
    fn spawn(
        &self,
        body: HostedTask,
        name: Option<&str>,
        spawned_at: &'static Location<'static>,
    ) -> TaskKey {
        self.wrapped().spawn(body, name, spawned_at)
    }

    /// Like [`Host::local_waker`]. By default the wrapped host makes the copy.
    fn local_waker(&self, waker: &Waker) -> Waker {
        self.wrapped().local_waker(waker)
    }
}

impl<W: Wrapper> Host for W {
    fn now(&self) -> Instant {
        self.wrapped().now()
    }

    fn has_come(&self, deadline: Instant) -> bool {
        self.wrapped().has_come(deadline)
    }

    fn block_for(&self, duration: Duration) {
        self.wrapped().block_for(duration);
    }

    fn label(&self) -> Option<Label> {
        self.wrapped().label()
    }

    fn spawn(
        &self,
        body: HostedTask,
        name: Option<&str>,
        spawned_at: &'static Location<'static>,
    ) -> TaskKey {
        Wrapper::spawn(self, body, name, spawned_at)
    }

    fn empty_cell(&self) -> Option<HostedTask> {
        self.wrapped().empty_cell()
    }

    fn tasks(self: Rc<Self>) -> Rc<dyn SpawnedTasks> {
        Rc::clone(self.wrapped()).tasks()
    }

    fn reactor(&self) -> io::Result<Arc<dyn Reactor>> {
        self.wrapped().reactor()
    }

    fn hold(&self) -> Hold {
        self.wrapped().hold()
    }

    fn send_hold(&self) -> SendHold {
        self.wrapped().send_hold()
    }

    fn local_waker(&self, waker: &Waker) -> Waker {
        Wrapper::local_waker(self, waker)
    }

    fn first_part(&self, n: usize) -> usize {
        self.wrapped().first_part(n)
    }

    fn part_wakers(&self, woken: &Arc<WokenParts>) -> Option<Box<dyn PartWakers>> {
        self.wrapped().part_wakers(woken)
    }
}
