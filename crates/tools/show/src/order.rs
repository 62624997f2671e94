//! [`RunOrder`]: in which order the ready tasks of a run are resumed.

use std::fmt;

use quadrivium::test::Simulation;
use quadrivium_examples::{programs::Program, styles::StyleName};

use crate::printed::Printed;

/// A page shows every order of a program that has at most this many.
pub const MOST_ORDERS: usize = 200;

/// In which order the ready tasks of a run are resumed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunOrder {
    /// First in, first out, on an ordinary loop.
    Fifo,
    /// As a simulation decides with this seed.
    Seed(u64),
    /// As a simulation decides with these choices: numbers with dots between them.
    Choices(String),
}

impl RunOrder {
    /// Reads a seed, such as `17`, or choices with dots between them, such as `0.1.2`.
    pub fn parse(text: &str) -> Option<RunOrder> {
        if let Ok(seed) = text.parse() {
            return Some(RunOrder::Seed(seed));
        }
        let are_numbers = text.split('.').all(|number| number.parse::<usize>().is_ok());
        are_numbers.then(|| RunOrder::Choices(text.into()))
    }

    /// Returns all orders of the program, if there are at most [`MOST_ORDERS`].
    pub fn all_of(program: Program) -> Option<Vec<RunOrder>> {
        // What the program prints is shown from the runs of the page alone.
        let _printed = Printed::new().ok();
        let simulation = Simulation::new();
        // The traces are equal in every style, so one style shows all orders. The style without
        // stacks and without allocations is the quickest.
        let run = |event_loop: &mut _| (program.run)(StyleName::Future, event_loop);
        let replays = simulation.replay_every_order(run).take(MOST_ORDERS + 1);
        let orders: Vec<_> = replays.map(|replay| RunOrder::Choices(replay.choices)).collect();
        (orders.len() <= MOST_ORDERS).then_some(orders)
    }
}

/// The kind of the order, as the page's data names it.
impl fmt::Display for RunOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunOrder::Fifo => f.write_str("fifo"),
            RunOrder::Seed(seed) => write!(f, "seed {seed}"),
            RunOrder::Choices(choices) => write!(f, "choices {choices}"),
        }
    }
}
