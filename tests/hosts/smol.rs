//! smol as a host: a loop that uses the timers and the reactor of `async-io`. Its clock is real.

use std::rc::Rc;

use futures::executor::block_on;
use quadrivium::{
    EventLoop, RunError,
    event_loop::{Trace, Turned, trace::Event},
    executor::{self, GuestLoop},
    host::Host,
    task::BoxTask,
};
use quadrivium_conformance::{HostFeature, HostLoop, LawHost, Value};

pub struct Smol;

impl LawHost for Smol {
    fn name(&self) -> &'static str {
        "smol"
    }

    fn supports(&self, feature: HostFeature) -> bool {
        matches!(feature, HostFeature::Deadlocks | HostFeature::Observers)
    }

    fn new_loop(&self) -> Box<dyn HostLoop> {
        let guest_loop = GuestLoop::new(executor::Smol::default()).expect("a loop can exist");
        Box::new(Inside(guest_loop))
    }

    fn real_loop(&self) -> Box<dyn HostLoop> {
        self.new_loop()
    }
}

struct Inside(GuestLoop<executor::Smol>);

impl HostLoop for Inside {
    fn host(&self) -> Rc<dyn Host> {
        self.0.host()
    }

    fn event_loop(&self) -> &EventLoop {
        &self.0
    }

    fn block_on(&mut self, task: BoxTask<Value>) -> Result<Value, RunError> {
        block_on(self.0.perform(task))
    }

    fn run(&mut self) -> Result<(), RunError> {
        block_on(self.0.run())
    }

    fn turn(&mut self) -> Result<Turned, RunError> {
        self.0.turn()
    }

    fn trace(&mut self, mut trace: Box<dyn Trace>) {
        self.0.trace(move |event: &Event| trace.record(event));
    }
}
