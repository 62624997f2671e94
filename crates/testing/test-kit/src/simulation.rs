//! [`Simulation`]: how often a program is run, in which order, and what goes wrong in it.

use std::{env, ops::Range};

use quadrivium_event_loop::EventLoop;

use crate::{
    Faults, Verdict,
    choices::Choices,
    failure::Failure,
    path::Path,
    record::KeptTrace,
    run::{Run, execute},
};

/// Runs a program once for each of a hundred seeds, which decide in which order its ready tasks
/// run: [`Simulation::run`] with nothing else said.
///
/// # Panics
///
/// When a run fails; the message has its seed.
#[track_caller]
pub fn simulate<R: Verdict>(program: impl FnMut(&mut EventLoop) -> R) {
    Simulation::new().run(program);
}

/// Runs a program in every order in which its ready tasks can run, and returns how many there are:
/// [`Simulation::every_order`] with nothing else said.
///
/// # Panics
///
/// When a run fails; the message has its choices. When there are more than a million orders.
#[track_caller]
pub fn every_order<R: Verdict>(program: impl FnMut(&mut EventLoop) -> R) -> u64 {
    Simulation::new().every_order(program)
}

/// Runs a program as this seed decides: [`Simulation::replay`] with nothing else said.
pub fn replay<R>(seed: u64, program: impl FnOnce(&mut EventLoop) -> R) -> Replay<R> {
    Simulation::new().replay(seed, program)
}

/// How a program is simulated: the seeds, the order, the faults, the bounds.
///
/// # Examples
///
/// ```
/// use quadrivium::{prelude::*, test::{Faults, Simulation}};
/// use std::time::Duration;
///
/// let second = Duration::from_secs(1);
/// Simulation::new()
///     .seeds(0..1_000)
///     .faults(Faults::none().spurious_wakes(0.5, second))
///     .run(|event_loop| event_loop.block_on(sleep(second)));
/// ```
#[derive(Clone, Debug)]
#[must_use = "a simulation does nothing until it is run"]
pub struct Simulation {
    seeds: Range<u64>,
    order: Order,
    faults: Faults,
    max_steps: u64,
    max_orders: u64,
    tolerates_panics: bool,
}

/// Which of the ready tasks runs next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The one that has been ready longest, as on an ordinary loop. The seed decides the faults.
    ///
    /// Deadlines are looked at before each step, on an ordinary loop before each turn: after
    /// [`block_for`](quadrivium_core::block_for) a deadline may come before what became ready later
    /// in that turn.
    Fifo,
    /// Any: the seed decides, or [every order](Simulation::every_order) is tried.
    #[default]
    Any,
}

/// What one run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay<R> {
    /// What the program returned, or the message of its panic.
    pub result: Result<R, String>,
    /// Everything that happened to its tasks, a line each. The same for each replay, bit for bit,
    /// and in each style.
    pub trace: Vec<String>,
}

/// Names the one seed to try.
const SEED: &str = "QUADRIVIUM_SEED";

impl Default for Simulation {
    fn default() -> Self {
        Self {
            seeds: 0..100,
            order: Order::default(),
            faults: Faults::none(),
            max_steps: 1_000_000,
            max_orders: 1_000_000,
            tolerates_panics: false,
        }
    }
}

impl Simulation {
    /// Seeds 0 to 99, any order, no faults, a million steps a run.
    pub fn new() -> Self {
        Self::default()
    }

    /// Tries these seeds.
    pub fn seeds(mut self, seeds: Range<u64>) -> Self {
        self.seeds = seeds;
        self
    }

    /// Resumes ready tasks in this order.
    pub fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// Lets these things go wrong. Without effect on [`every_order`](Simulation::every_order).
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// Fails a run that takes more steps than this, so that tasks that wake each other for ever are
    /// a failure and no hang.
    pub fn max_steps(mut self, steps: u64) -> Self {
        self.max_steps = steps;
        self
    }

    /// Gives up [every order](Simulation::every_order) when there are more than this.
    pub fn max_orders(mut self, orders: u64) -> Self {
        self.max_orders = orders;
        self
    }

    /// Does not fail a run only because one of its tasks panicked: for programs that handle it.
    pub fn tolerate_panics(mut self) -> Self {
        self.tolerates_panics = true;
        self
    }

    /// Runs the program once for each seed, each time on a fresh loop on a virtual clock.
    ///
    /// The environment variable `QUADRIVIUM_SEED` names the one seed to try instead.
    ///
    /// # Panics
    ///
    /// When a run fails: the program panics or returns an error, it takes too many steps, or one of
    /// its tasks panics (but see [`tolerate_panics`](Simulation::tolerate_panics)). The message has
    /// the cause, the seed, how to replay it, and the last lines of its trace.
    ///
    /// When there is no seed to try.
    #[track_caller]
    pub fn run<R: Verdict>(&self, mut program: impl FnMut(&mut EventLoop) -> R) {
        let seeds = seed_in_environment().map_or(self.seeds.clone(), |seed| seed..seed + 1);
        assert!(!seeds.is_empty(), "a simulation needs a seed to try: {seeds:?} has none");
        for seed in seeds {
            let mut attempt = || self.attempt(Choices::seeded(seed), &mut program).1;
            if let Some(failure) = attempt() {
                let again = attempt();
                panic!("{}", failure.message_with_seed(seed, again.as_ref()));
            }
        }
    }

    /// Runs the program as this seed decides, and returns what it came to with its whole trace.
    pub fn replay<R>(&self, seed: u64, program: impl FnOnce(&mut EventLoop) -> R) -> Replay<R> {
        self.replay_choices(Choices::seeded(seed), program)
    }

    /// Runs the program in every order in which its ready tasks can run, and with every answer of
    /// [`choose`](crate::choose), each time on a fresh loop; returns how many there are. With
    /// [`Order::Fifo`], only the answers of `choose` count.
    ///
    /// It is a depth-first search by running the program again from its start, so a program whose
    /// tasks may spin for ever has no end here.
    ///
    /// # Panics
    ///
    /// As [`run`](Simulation::run), with the choices in place of the seed; and when there are more
    /// orders than [`max_orders`](Simulation::max_orders).
    #[track_caller]
    pub fn every_order<R: Verdict>(&self, mut program: impl FnMut(&mut EventLoop) -> R) -> u64 {
        let mut path = Path::default();
        for order in 1..=self.max_orders {
            let (choices, failure) = self.attempt(Choices::Path(path), &mut program);
            path = choices.into_path();
            if let Some(failure) = failure {
                panic!("{}", failure.message_with_choices(order, &path));
            }
            // Or the orders behind the missing choices would be left out without a word.
            if let Some(cut_short) = path.is_cut_short() {
                panic!("order {order} fails, with the choices {path}: {cut_short}");
            }
            if !path.advance() {
                return order;
            }
        }
        panic!(
            "there are more than {} orders: make the program smaller, raise \
             Simulation::max_orders, or try seeds with Simulation::run",
            self.max_orders
        )
    }

    /// Runs the program with the choices that a failure of
    /// [`every_order`](Simulation::every_order) names, and returns what it came to with its whole
    /// trace.
    ///
    /// # Panics
    ///
    /// When these are no choices: they are numbers with dots between.
    pub fn replay_order<R>(
        &self,
        choices: &str,
        program: impl FnOnce(&mut EventLoop) -> R,
    ) -> Replay<R> {
        self.replay_choices(Choices::Path(Path::parse(choices)), program)
    }

    fn replay_choices<R>(
        &self,
        choices: Choices,
        program: impl FnOnce(&mut EventLoop) -> R,
    ) -> Replay<R> {
        let (run, record) = (self.start(choices), KeptTrace::of_all());
        let result = execute(&run, &record, program);
        Replay { result, trace: record.lines() }
    }

    /// One run. Hands the choices back.
    fn attempt<R: Verdict>(
        &self,
        choices: Choices,
        program: impl FnOnce(&mut EventLoop) -> R,
    ) -> (Choices, Option<Failure>) {
        let (run, record) = (self.start(choices), KeptTrace::of_the_last());
        let result = execute(&run, &record, |event_loop| program(event_loop).failure());
        let cause = match result {
            Err(message) => Some(message),
            Ok(Some(error)) => Some(error),
            Ok(None) if self.tolerates_panics => None,
            Ok(None) => record.panicked(),
        };
        (run.into_choices(), cause.map(|cause| Failure::new(cause, &record)))
    }

    fn start(&self, choices: Choices) -> Run {
        Run::new(choices, self.order, self.faults.clone(), self.max_steps)
    }
}

fn seed_in_environment() -> Option<u64> {
    let text = env::var_os(SEED)?;
    let seed = text.to_str().and_then(|text| text.trim().parse().ok());
    // The range of the one seed needs an end.
    let seed = seed.filter(|seed| *seed < u64::MAX);
    Some(seed.unwrap_or_else(|| {
        panic!("{SEED} must be a number below 2^64 - 1, as a failure shows it: {text:?}")
    }))
}
