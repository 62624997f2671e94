//! [`record`]: runs a program in one style and one order, and keeps what happens.

use std::{cell::RefCell, rc::Rc};

use quadrivium::{
    EventLoop,
    event_loop::trace::{Event, Trace},
    test::Simulation,
};
use quadrivium_examples::{programs::Program, styles::StyleName};

use crate::{order::RunOrder, printed::Printed};

/// What happened in one run, in one style.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Every event, in order.
    pub events: Vec<Event>,
    /// What the program printed: the index of the event that was recorded next, and the text.
    pub printed: Vec<(usize, String)>,
    /// The choices that replay the order of this run. An ordinary loop makes none.
    pub choices: Option<String>,
}

/// Runs a program in one style and one order, on a virtual clock.
///
/// # Errors
///
/// One line, when the program fails or when its output cannot be kept.
pub fn record(program: Program, style: StyleName, order: &RunOrder) -> Result<Record, String> {
    let unkept = |error| format!("cannot keep what {} prints: {error}", program.name);
    let tape = Tape { printed: Rc::new(Printed::new().map_err(unkept)?), events: Rc::default() };
    let run = |event_loop: &mut EventLoop| {
        event_loop.trace(tape.clone());
        (program.run)(style, event_loop)
    };
    let (result, choices) = match order {
        RunOrder::Fifo => {
            let new_loop = EventLoop::with_virtual_clock();
            let mut event_loop =
                new_loop.map_err(|error| format!("the system refuses an event loop: {error}"))?;
            (Ok(run(&mut event_loop)), None)
        }
        RunOrder::Seed(seed) => {
            let replay = Simulation::new().replay(*seed, run);
            (replay.result, Some(replay.choices))
        }
        RunOrder::Choices(choices) => {
            let replay = Simulation::new().replay_order(choices, run);
            (replay.result, Some(replay.choices))
        }
    };
    match result {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return Err(format!("{} in style {style}: {error}", program.name)),
        Err(panic) => return Err(format!("{} in style {style}: {panic}", program.name)),
    }
    let Tape { printed, events } = tape;
    let (events, lengths) = events.take().into_iter().unzip();
    let printed = Rc::into_inner(printed).expect("the loop with its trace is dropped");
    let text = printed.text().map_err(unkept)?;
    Ok(Record { events, printed: parts(&text, lengths), choices })
}

/// A trace that keeps the events, and how much was printed before each was recorded.
#[derive(Clone)]
struct Tape {
    printed: Rc<Printed>,
    events: Rc<RefCell<Vec<(Event, u64)>>>,
}

impl Trace for Tape {
    fn record(&mut self, event: &Event) {
        self.events.borrow_mut().push((event.clone(), self.printed.len()));
    }
}

/// Divides the text into what was printed before each event.
fn parts(text: &str, lengths: Vec<u64>) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut from = 0;
    for (at, to) in lengths.into_iter().enumerate() {
        let to = usize::try_from(to).map_or(text.len(), |to| to.min(text.len()));
        match text.get(from..to) {
            None | Some("") => continue,
            Some(part) => found.push((at, part.to_string())),
        }
        from = to;
    }
    found
}
