//! tokio as a host: a loop inside a runtime of one thread. The runtime's clock is paused until a
//! law asks for a real one.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use quadrivium::{
    EventLoop, RunError,
    event_loop::{Trace, Turned, trace::Event},
    executor::{self, GuestLoop},
    host::Host,
    task::BoxTask,
};
use quadrivium_conformance::{HostFeature, HostLoop, LawHost, Value};
use tokio::{runtime, time};

pub struct Tokio;

/// The runtime in which the loops of a law run.
struct Runtime {
    runtime: runtime::Runtime,
    is_paused: Cell<bool>,
}

thread_local! {
    /// Present while a law is checked on this thread.
    static RUNTIME: RefCell<Option<Rc<Runtime>>> = const { RefCell::new(None) };
}

/// Ends the runtime with the law, even if the law panics.
struct InRuntime(Rc<Runtime>);

impl InRuntime {
    fn new() -> Self {
        let mut builder = runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().start_paused(true).build();
        let runtime = runtime.expect("the OS lets us make a runtime");
        let runtime = Rc::new(Runtime { runtime, is_paused: Cell::new(true) });
        RUNTIME.set(Some(Rc::clone(&runtime)));
        Self(runtime)
    }
}

impl Drop for InRuntime {
    fn drop(&mut self) {
        RUNTIME.set(None);
    }
}

impl LawHost for Tokio {
    fn name(&self) -> &'static str {
        "tokio"
    }

    fn supports(&self, feature: HostFeature) -> bool {
        use HostFeature::{Deadlocks, Observers, VirtualClock};
        matches!(feature, Deadlocks | Observers | VirtualClock)
    }

    fn around(&self, law: Box<dyn FnOnce() + '_>) {
        let in_runtime = InRuntime::new();
        // A law may read the clock outside of a future, too.
        let _entered = in_runtime.0.runtime.enter();
        law();
    }

    fn new_loop(&self) -> Box<dyn HostLoop> {
        let runtime = RUNTIME.with_borrow(Option::clone).expect("`around` has made a runtime");
        let guest_loop = GuestLoop::new(executor::Tokio::default()).expect("a loop can exist");
        Box::new(Inside { guest_loop, runtime })
    }

    fn real_loop(&self) -> Box<dyn HostLoop> {
        let runtime = RUNTIME.with_borrow(Option::clone).expect("`around` has made a runtime");
        if runtime.is_paused.replace(false) {
            time::resume();
        }
        self.new_loop()
    }
}

struct Inside {
    guest_loop: GuestLoop<executor::Tokio>,
    runtime: Rc<Runtime>,
}

impl HostLoop for Inside {
    fn host(&self) -> Rc<dyn Host> {
        self.guest_loop.host()
    }

    fn event_loop(&self) -> &EventLoop {
        &self.guest_loop
    }

    fn block_on(&mut self, task: BoxTask<Value>) -> Result<Value, RunError> {
        self.runtime.runtime.block_on(self.guest_loop.perform(task))
    }

    fn run(&mut self) -> Result<(), RunError> {
        self.runtime.runtime.block_on(self.guest_loop.run())
    }

    fn turn(&mut self) -> Result<Turned, RunError> {
        self.guest_loop.turn()
    }

    fn advance(&mut self, duration: Duration) {
        match self.runtime.is_paused.get() {
            true => self.runtime.runtime.block_on(time::advance(duration)),
            // tokio's real clock: there is no other way to let time pass.
            false => std::thread::sleep(duration),
        }
    }

    fn trace(&mut self, mut trace: Box<dyn Trace>) {
        self.guest_loop.trace(move |event: &Event| trace.record(event));
    }
}
