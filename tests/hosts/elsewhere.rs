//! Hosts whose tasks run on other threads: a cluster, and the workers of may. The law waits for
//! them on a loop of its own.

use std::{num::NonZero, rc::Rc, sync::Once, time::Duration};

use quadrivium::{
    EventLoop, RunError,
    event_loop::{Cluster, RemoteHandle, Trace, Turned},
    host::Host,
    may,
    task::BoxTask,
};
use quadrivium_conformance::{HostFeature, HostLoop, LawHost, MakeTask, Output, Real, Value};

const TWO: NonZero<usize> = NonZero::new(2).unwrap();

/// A loop on each of two threads.
pub struct TwoThreads;

impl LawHost for TwoThreads {
    fn name(&self) -> &'static str {
        "cluster of two"
    }

    fn supports(&self, _: HostFeature) -> bool {
        false
    }

    fn new_loop(&self) -> Box<dyn HostLoop> {
        let cluster = Cluster::new(TWO).expect("the OS lets us start threads");
        Box::new(Elsewhere { hand: move |make| cluster.spawn(make), here: Real.new_loop() })
    }

    fn real_loop(&self) -> Box<dyn HostLoop> {
        self.new_loop()
    }
}

/// Two workers of may. Tasks are pinned to each of them in turn.
pub struct TwoWorkers;

impl LawHost for TwoWorkers {
    fn name(&self) -> &'static str {
        "may"
    }

    fn supports(&self, _: HostFeature) -> bool {
        false
    }

    fn new_loop(&self) -> Box<dyn HostLoop> {
        static START: Once = Once::new();
        START.call_once(|| {
            may::Config::new().workers(TWO).start().expect("no other code has started may")
        });
        let mut next = 0;
        let hand = move |make| {
            next = (next + 1) % TWO.get();
            may::spawn_pinned(next, make)
        };
        Box::new(Elsewhere { hand, here: Real.new_loop() })
    }

    fn real_loop(&self) -> Box<dyn HostLoop> {
        self.new_loop()
    }
}

/// A function that hands a task to another thread, and the loop on which the law waits for it.
struct Elsewhere<F> {
    hand: F,
    here: Box<dyn HostLoop>,
}

impl<F: FnMut(MakeTask) -> RemoteHandle<Output>> HostLoop for Elsewhere<F> {
    fn host(&self) -> Rc<dyn Host> {
        self.here.host()
    }

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

    fn hand(&mut self, make: MakeTask) -> RemoteHandle<Output> {
        (self.hand)(make)
    }
}
