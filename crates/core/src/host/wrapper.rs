//! [`Wrapper`]: a host around another host, of which it changes one thing.

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
    host::{Host, HostedTask, Label, Reactor, Spawned},
};

/// A host around another host. A call goes to the wrapper first. The wrapped host answers what the
/// wrapper does not. Every wrapper is a [`Host`], and is [entered](super::enter) around a resume.
///
/// ```
/// use quadrivium::{
///     host::{self, Host, HostedTask, Spawned, Wrapper},
///     prelude::*,
/// };
/// use std::{cell::Cell, panic::Location, rc::Rc};
///
/// /// Counts what is spawned.
/// struct Counts {
///     wrapped: Rc<dyn Host>,
///     spawned: Cell<u32>,
/// }
///
/// impl Wrapper for Counts {
///     fn wrapped(&self) -> &Rc<dyn Host> {
///         &self.wrapped
///     }
///
///     fn spawn(
///         self: Rc<Self>,
///         body: HostedTask,
///         name: Option<&str>,
///         spawned_at: &'static Location<'static>,
///     ) -> Spawned {
///         self.spawned.update(|n| n + 1);
///         Rc::clone(&self.wrapped).spawn(body, name, spawned_at)
///     }
/// }
///
/// let event_loop = EventLoop::new()?;
/// let counts = Rc::new(Counts { wrapped: event_loop.host(), spawned: Cell::default() });
/// let entered = host::enter(Rc::clone(&counts) as _);
/// drop((spawn(turn()), spawn(turn())));
/// assert_eq!(counts.spawned.get(), 2);
/// # drop(entered);
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait Wrapper {
    /// The host inside.
    fn wrapped(&self) -> &Rc<dyn Host>;

    /// As [`Host::spawn`].
    fn spawn(
        self: Rc<Self>,
        body: HostedTask,
        name: Option<&str>,
        spawned_at: &'static Location<'static>,
    ) -> Spawned {
        Rc::clone(self.wrapped()).spawn(body, name, spawned_at)
    }

    /// As [`Host::local_waker`].
    fn local_waker(&self, waker: &Waker) -> Waker {
        self.wrapped().local_waker(waker)
    }
}

impl<W: Wrapper> Host for W {
    fn now(&self) -> Instant {
        self.wrapped().now()
    }

    fn block_for(&self, duration: Duration) {
        self.wrapped().block_for(duration);
    }

    fn label(&self) -> Option<Label> {
        self.wrapped().label()
    }

    fn spawn(
        self: Rc<Self>,
        body: HostedTask,
        name: Option<&str>,
        spawned_at: &'static Location<'static>,
    ) -> Spawned {
        Wrapper::spawn(self, body, name, spawned_at)
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
}
