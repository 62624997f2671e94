//! [`MayHost`]: the host of tasks on may.

use std::{
    cell::RefCell,
    io, mem,
    panic::Location,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use quadrivium_core::host::{self, Host, HostedTask, Label, Reactor, TaskKey};

use crate::{runtime, time::clock};

/// The host of the task that runs on this thread. Each thread has one.
#[derive(Default)]
struct MayHost {
    running: RefCell<Option<Label>>,
}

thread_local! {
    static MAY_HOST: Rc<MayHost> = Rc::default();
}

/// Runs `something`, which is code of the task with this label, and makes the host available to it.
pub(super) fn enter<T>(label: &Label, something: impl FnOnce() -> T) -> T {
    let may_host = MAY_HOST.with(Rc::clone);
    let _entered = host::enter(Rc::clone(&may_host) as Rc<dyn Host>);
    let outer = may_host.running.replace(Some(label.clone()));
    let _restore = RestoreLabel { may_host, outer };
    something()
}

/// Restores the label of the task that ran before, even after a panic.
struct RestoreLabel {
    may_host: Rc<MayHost>,
    outer: Option<Label>,
}

impl Drop for RestoreLabel {
    fn drop(&mut self) {
        let inner = mem::replace(&mut *self.may_host.running.borrow_mut(), self.outer.take());
        drop(inner);
    }
}

impl Host for MayHost {
    fn now(&self) -> Instant {
        clock::now()
    }

    fn block_for(&self, duration: Duration) {
        clock::block_for(duration);
    }

    fn label(&self) -> Option<Label> {
        self.running.borrow().clone()
    }

    /// Never takes a task: its type is erased here, so it is not known to be `Send`.
    fn spawn(&self, body: HostedTask, _: Option<&str>, _: &'static Location<'static>) -> TaskKey {
        // Drop the task while everything is in a consistent state for its destructors.
        drop(body);
        panic!(
            "tasks on may move between threads, so `spawn` cannot take a task that need not be \
             Send: use `may::spawn`, or run the outer task with `may::spawn_pinned`"
        )
    }

    fn reactor(&self) -> io::Result<Arc<dyn Reactor>> {
        Ok(Arc::clone(&runtime::runtime()?.sources))
    }
}
