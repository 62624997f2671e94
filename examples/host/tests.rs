//! The program in every style, and the laws that the host keeps.

use std::rc::Rc;

use quadrivium::{
    RunError,
    host::{Host, Promise, RemoteHandle},
    prelude::*,
    task::BoxTask,
};
use quadrivium_conformance::{
    HostFeature, HostLoop, LawHost, Make, Output, Subject, Value, check_on,
    laws, styles,
};

use super::{Style, WORD, host::SmallLoop, run};

/// Laws that hold on this host, in each style.
const HOLD: [usize; 4] = [0; 4];

#[test]
fn the_echo_comes_back_in_every_style() {
    for style in Style::ALL {
        let mut small_loop = SmallLoop::new().unwrap();
        assert_eq!(run(style, &mut small_loop).unwrap().unwrap(), WORD);
        // Its two tasks end too.
        small_loop.run();
    }
}

struct Small;

impl LawHost for Small {
    fn name(&self) -> &'static str {
        "small"
    }

    fn supports(&self, feature: HostFeature) -> bool {
        feature == HostFeature::Descriptors
    }

    fn new_loop(&self) -> Box<dyn HostLoop> {
        Box::new(SmallLoop::new().expect("the OS lets us make a loop"))
    }

    fn real_loop(&self) -> Box<dyn HostLoop> {
        self.new_loop()
    }
}

impl HostLoop for SmallLoop {
    fn host(&self) -> Rc<dyn Host> {
        SmallLoop::host(self)
    }

    fn block_on(&mut self, task: BoxTask<Value>) -> Result<Value, RunError> {
        SmallLoop::block_on(self, task).map_err(RunError::Task)
    }

    fn run(&mut self) -> Result<(), RunError> {
        SmallLoop::run(self);
        Ok(())
    }
}

fn check(subject: Subject, hold: usize, test: &str) {
    let tally = check_on(&Small, subject, laws(), test);
    assert_eq!(tally.hold, hold, "{tally:?}");
}

#[test]
fn laws_callback() {
    check(Subject::of(&styles::Callback), HOLD[0], "tests::laws_callback");
}

#[test]
fn laws_generator() {
    check(Subject::of(&styles::Generator), HOLD[1], "tests::laws_generator");
}

#[test]
fn laws_future() {
    check(Subject::of(&styles::Future), HOLD[2], "tests::laws_future");
}

#[test]
fn laws_green() {
    check(Subject::of(&styles::Green), HOLD[3], "tests::laws_green");
}
