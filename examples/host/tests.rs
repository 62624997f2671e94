//! The program in every style, and the laws that the host keeps.

use std::rc::Rc;

use quadrivium::{RunError, event_loop::Turned, host::Host, task::BoxTask};
use quadrivium_conformance::{
    HostFeature, HostLoop, LawHost, Subject, Value, check_on, laws, styles,
};

use super::{StyleName, WORD, host::SmallLoop, run};

#[test]
fn the_echo_comes_back_in_every_style() {
    for style in StyleName::ALL {
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

    fn turn(&mut self) -> Result<Turned, RunError> {
        Ok(SmallLoop::turn(self))
    }
}

/// Checks all laws, and how many hold and how many are spared.
fn check(subject: Subject, found: (usize, usize), test: &str) {
    let tally = check_on(&Small, subject, laws(), test);
    assert_eq!((tally.hold, tally.spared), found, "{tally:?}");
}

macro_rules! laws_hold {
    ($($style:ident $Style:ident $found:expr;)*) => {$(
        #[test]
        fn $style() {
            let test = concat!(module_path!(), "::", stringify!($style));
            check(Subject::of(&styles::$Style), $found, test);
        }
    )*};
}

laws_hold! {
    laws_of_callbacks Callback (0, 0);
    laws_of_generators Generator (0, 0);
    laws_of_futures Future (0, 0);
    laws_of_green_threads Green (0, 0);
}
