//! A cluster as a host: tasks run on two other threads, and the law waits on a loop of its own.

use std::{num::NonZero, time::Duration};

use quadrivium::{
    EventLoop, RunError,
    event_loop::{Cluster, RemoteHandle, Trace, Turned},
    task::BoxTask,
};
use quadrivium_conformance::{Host, HostFeature, HostLoop, Make, Output, Real, Value};

pub struct TwoThreads;

impl Host for TwoThreads {
    fn name(&self) -> &'static str {
        "cluster of two"
    }

    fn supports(&self, _: HostFeature) -> bool {
        false
    }

    fn new_loop(&self) -> Box<dyn HostLoop> {
        let two = NonZero::new(2).expect("two is not zero");
        let cluster = Cluster::new(two).expect("the OS lets us start threads");
        Box::new(Elsewhere { cluster, here: Real.new_loop() })
    }

    fn real_loop(&self) -> Box<dyn HostLoop> {
        self.new_loop()
    }
}

/// Where tasks run, and where they are waited for.
struct Elsewhere {
    cluster: Cluster,
    here: Box<dyn HostLoop>,
}

impl HostLoop for Elsewhere {
    fn event_loop(&self) -> &EventLoop {
        self.here.event_loop()
    }

    fn block_on(&mut self, task: BoxTask<Value>) -> Result<Value, RunError> {
        self.here.block_on(task)
    }

    fn run(&mut self) -> Result<(), RunError> {
        self.here.run()
    }

    fn turn(&mut self) -> Result<Turned, RunError> {
        self.here.turn()
    }

    fn advance(&mut self, duration: Duration) {
        self.here.advance(duration);
    }

    fn trace(&mut self, trace: Box<dyn Trace>) {
        self.here.trace(trace);
    }

    fn hand(&mut self, make: Make) -> RemoteHandle<Output> {
        self.cluster.spawn(make)
    }
}
