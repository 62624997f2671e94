//! [`OnMay`]: what a task that runs on may can ask of its host.

use std::{
    cell::RefCell,
    io, mem,
    panic::Location,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use quadrivium_core::host::{self, Host, HostedTask, Label, Reactor, Spawned};

use crate::{clock, runtime};

/// The host of whatever task runs on this thread. There is one a thread.
#[derive(Default)]
struct OnMay {
    running: RefCell<Option<Label>>,
}

thread_local! {
    static ON_MAY: Rc<OnMay> = Rc::default();
}

/// Runs `something` of the task with this label, which can ask its host meanwhile.
pub(crate) fn enter<T>(label: &Label, something: impl FnOnce() -> T) -> T {
    let on_may = ON_MAY.with(Rc::clone);
    let _entered = host::enter(Rc::clone(&on_may) as Rc<dyn Host>);
    let outer = on_may.running.replace(Some(label.clone()));
    let _running = Running { on_may, outer };
    something()
}

/// Puts back which task ran before, also after a panic.
struct Running {
    on_may: Rc<OnMay>,
    outer: Option<Label>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let inner = mem::replace(&mut *self.on_may.running.borrow_mut(), self.outer.take());
        drop(inner);
    }
}

impl Host for OnMay {
    fn now(&self) -> Instant {
        clock::now()
    }

    fn block_for(&self, duration: Duration) {
        clock::block_for(duration);
    }

    fn label(&self) -> Option<Label> {
        self.running.borrow().clone()
    }

    /// Never takes one: the type of the task is forgotten, and with it that it is `Send`.
    fn spawn(
        self: Rc<Self>,
        body: HostedTask,
        _: Option<&str>,
        _: &'static Location<'static>,
    ) -> Spawned {
        // Its destructors find nothing half done.
        drop(body);
        panic!(
            "tasks on may move between threads, so `spawn` cannot take one that need not be Send: \
             use `may::spawn`, or run the task around it with `may::spawn_pinned`"
        )
    }

    fn reactor(&self) -> io::Result<Arc<dyn Reactor>> {
        Ok(Arc::clone(&runtime::runtime()?.sources))
    }
}
