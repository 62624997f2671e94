//! The program in every style, and the laws that hold on this host.

use std::{rc::Rc, time::Duration};

use quadrivium::{
    RunError,
    event_loop::Turned,
    host::{Host, enter},
    task::BoxTask,
};
use quadrivium_conformance::{
    HostFeature, HostLoop, LawHost, Subject, Value, check_on, laws, styles,
};

use super::{StyleName, WORD, host::SmallLoop, run};

#[test]
fn the_echo_comes_back_in_every_style() {
    for style in StyleName::ALL {
        let mut small_loop = SmallLoop::new().unwrap();
        assert_eq!(run(style, &mut small_loop).unwrap().unwrap(), WORD);
        // The two tasks that it has spawned end, too.
        small_loop.run();
    }
}

struct Small;

impl LawHost for Small {
    fn name(&self) -> &'static str {
        "small"
    }

    fn supports(&self, _: HostFeature) -> bool {
        false
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
        let (host, _entered) = (&self.0, enter(SmallLoop::host(self)));
        host.wait_for_events(Some(Duration::ZERO));
        host.turn();
        Ok(
            match (
                host.first_live_task(),
                host.ready.len(),
                host.first_deadline(),
            ) {
                (None, ..) => Turned::Empty,
                (_, 0, None) => Turned::Waiting,
                (_, 0, Some(deadline)) => Turned::Until(deadline),
                _ => Turned::Ready,
            },
        )
    }
}

/// This law does not hold. While the loop is dropped, destructors may spawn
/// tasks again and again, and each is dropped: the drop never ends.
const BROKEN: &str = "of_spawns_on_a_dropped_loop_are_cut";

/// Checks the laws, and that `hold` of them hold on this host.
fn check(subject: Subject, hold: usize, test: &str) {
    let laws = laws().filter(|law| law.name != BROKEN);
    let tally = check_on(&Small, subject, laws, test);
    let other = "laws are new or gone, or ask for what the host lacks";
    assert_eq!(tally.hold, hold, "{other}: {tally:?}");
}

macro_rules! laws_hold {
    ($($style:ident $Style:ident $hold:expr;)*) => {$(
        #[test]
        fn $style() {
            let test = concat!(module_path!(), "::", stringify!($style));
            check(Subject::of(&styles::$Style), $hold, test);
        }
    )*};
}

laws_hold! {
    laws_of_callbacks Callback 418;
    laws_of_generators Generator 418;
    laws_of_futures Future 418;
    laws_of_green_threads Green 416;
}
