//! [`Comparison`]: the four traces of one order, and their first difference.

use quadrivium::event_loop::trace::{Event, Suspension};
use quadrivium_examples::{programs::Program, styles::StyleName};

use crate::{
    order::RunOrder,
    record::{Record, record},
};

/// The number of styles.
pub const STYLES: usize = StyleName::ALL.len();

/// The four traces of one order.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The order of the runs.
    pub order: RunOrder,
    /// The runs, in the order of [`StyleName::ALL`].
    pub records: [Record; STYLES],
    /// The first difference between the traces, if there is one.
    pub difference: Option<Difference>,
}

/// The first difference between the four traces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The number of events before it, which are equal.
    pub at: usize,
    /// The event of each style, as a line. A trace that has ended has none.
    pub lines: [Option<String>; STYLES],
}

impl Comparison {
    /// Runs the program in this order in all four styles, and compares the traces.
    ///
    /// # Errors
    ///
    /// One line, when a run fails.
    pub fn new(program: Program, order: RunOrder) -> Result<Self, String> {
        let mut records = Vec::new();
        for style in StyleName::ALL {
            records.push(record(program, style, &order)?);
        }
        let records: [Record; STYLES] =
            records.try_into().expect("there is a record for each style");
        let difference = first_difference(&records);
        Ok(Self { order, records, difference })
    }

    /// Returns the events up to the first difference, and then those of the first style.
    pub fn events(&self) -> &[Event] {
        &self.records[0].events
    }

    /// Returns where each style has suspended in this event. After the first difference, the other
    /// styles have no event that corresponds to it.
    pub fn suspensions(&self, at: usize) -> [Option<&Suspension>; STYLES] {
        let is_common = self.difference.as_ref().is_none_or(|difference| at < difference.at);
        std::array::from_fn(|style| match style == 0 || is_common {
            true => self.records[style].events.get(at)?.suspension.as_ref(),
            false => None,
        })
    }
}

fn first_difference(records: &[Record; STYLES]) -> Option<Difference> {
    let longest = records.iter().map(|record| record.events.len()).max().unwrap_or(0);
    let event = |style: usize, at: usize| records[style].events.get(at).map(Event::comparable);
    let differs = |at: &usize| (1..STYLES).any(|style| event(style, *at) != event(0, *at));
    let at = (0..longest).find(differs)?;
    let line = |style: usize| records[style].events.get(at).map(Event::to_string);
    Some(Difference { at, lines: std::array::from_fn(line) })
}
