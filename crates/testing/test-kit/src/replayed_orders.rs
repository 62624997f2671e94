//! [`ReplayedOrders`]: the replays of a program in every order, one after another.

use std::fmt;

use quadrivium_event_loop::EventLoop;

use crate::{Replay, Simulation, choices::Choices, path::Path};

/// The replays of a program in every order, one after another. Made by
/// [`Simulation::replay_every_order`].
#[must_use = "each `next` is one run"]
pub struct ReplayedOrders<'a, F> {
    simulation: &'a Simulation,
    program: F,
    /// The path of the next run. `None` after the last one.
    next: Option<Path>,
}

impl<'a, F> ReplayedOrders<'a, F> {
    pub(crate) fn new(simulation: &'a Simulation, program: F) -> Self {
        Self { simulation, program, next: Some(Path::default()) }
    }
}

impl<R, F: FnMut(&mut EventLoop) -> R> Iterator for ReplayedOrders<'_, F> {
    type Item = Replay<R>;

    fn next(&mut self) -> Option<Replay<R>> {
        let choices = Choices::Path(self.next.take()?);
        let (choices, replay) = self.simulation.replay_choices(choices, &mut self.program);
        let mut path = choices.into_path();
        if let Some(missing) = path.missing_choices() {
            panic!("the run with the choices {path} differs from an earlier run: {missing}");
        }
        self.next = path.advance().then_some(path);
        Some(replay)
    }
}

impl<F> fmt::Debug for ReplayedOrders<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayedOrders").field("next", &self.next).finish_non_exhaustive()
    }
}
