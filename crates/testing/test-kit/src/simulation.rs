//! [`Simulation`]: runs a program for many seeds, or in every order, with the faults that are set.

use std::{env, ops::Range};

use quadrivium_event_loop::EventLoop;

use crate::{
    Faults, Verdict,
    choices::Choices,
    failure::Failure,
    path::Path,
    record::KeptTrace,
    replayed_orders::ReplayedOrders,
    run::{Run, execute},
};

/// Runs a program once for each of a hundred seeds. Each seed decides the order in which ready
/// tasks run.
///
/// This is [`Simulation::run`] with the default settings.
///
/// # Panics
///
/// When a run fails. The message has its seed.
#[track_caller]
pub fn simulate<R: Verdict>(program: impl FnMut(&mut EventLoop) -> R) {
    Simulation::new().run(program);
}

/// Runs a program in every order in which its ready tasks can run, and with every answer of
/// [`choose`](crate::choose). Returns the number of runs.
///
/// This is [`Simulation::every_order`] with the default settings.
///
/// # Panics
///
/// When a run fails. The message has its choices. Also when there are more than a million runs.
#[track_caller]
pub fn every_order<R: Verdict>(program: impl FnMut(&mut EventLoop) -> R) -> u64 {
    Simulation::new().every_order(program)
}

/// Runs a program once, as this seed decides, and returns its result with the whole trace.
///
/// This is [`Simulation::replay`] with the default settings.
pub fn replay<R>(seed: u64, program: impl FnOnce(&mut EventLoop) -> R) -> Replay<R> {
    Simulation::new().replay(seed, program)
}

/// The settings of a simulation: the seeds, the order, the faults and the limits.
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

/// The rule by which the next of the ready tasks is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The task that has been ready longest runs next, as on an ordinary loop. The seed decides the
    /// faults and the answers of [`choose`](crate::choose).
    ///
    /// A simulation checks the deadlines before each step, an ordinary loop before each turn. So
    /// after [`block_for`](quadrivium_core::block_for), a simulation queues a task whose deadline
    /// has passed before the next step. An ordinary loop queues it after all tasks that become
    /// ready in the same turn.
    Fifo,
    /// Any ready task may run next. The seed decides which one, or [every
    /// order](Simulation::every_order) is tried.
    #[default]
    Any,
}

/// The result and the trace of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay<R> {
    /// What the program returned, or the message of its panic.
    pub result: Result<R, String>,
    /// Every event of its tasks, one line each. The lines are the same in each replay and in each
    /// style.
    pub trace: Vec<String>,
    /// The choices of the run. [`Simulation::replay_order`] makes the same ones again, without the
    /// faults of a seed.
    pub choices: String,
}

/// The environment variable that names the one seed to try.
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
    /// Returns the default settings: seeds 0 to 99, any order, no faults, at most a million steps a
    /// run and at most a million runs in [every order](Simulation::every_order).
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

    /// Injects these faults. [`every_order`](Simulation::every_order) ignores them.
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// Fails a run that takes more steps than this. So tasks that wake each other for ever are a
    /// failure and do not hang the test.
    pub fn max_steps(mut self, steps: u64) -> Self {
        self.max_steps = steps;
        self
    }

    /// Makes [every order](Simulation::every_order) panic when it needs more runs than this.
    pub fn max_orders(mut self, orders: u64) -> Self {
        self.max_orders = orders;
        self
    }

    /// Does not fail a run only because one of its tasks panicked. Meant for programs that handle
    /// the panics of their tasks.
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
    /// When a run fails: the program panics, returns an error, or takes too many steps. A run also
    /// fails when one of its tasks panics (but see
    /// [`tolerate_panics`](Simulation::tolerate_panics)). The message contains the cause, the seed,
    /// the way to replay it, and the last lines of the trace.
    ///
    /// When there is no seed to try.
    #[track_caller]
    pub fn run<R: Verdict>(&self, mut program: impl FnMut(&mut EventLoop) -> R) {
        let seeds = seed_in_environment().map_or(self.seeds.clone(), |seed| seed..seed + 1);
        assert!(!seeds.is_empty(), "a simulation needs a seed to try: {seeds:?} has none");
        for seed in seeds {
            let mut attempt = || self.attempt(Choices::seeded(seed), &mut program).1;
            if let Some(failure) = attempt() {
                // Shows whether the failure is reproducible.
                let again = attempt();
                panic!("{}", failure.message_with_seed(seed, again.as_ref()));
            }
        }
    }

    /// Runs the program once, as this seed decides, and returns its result with the whole trace.
    pub fn replay<R>(&self, seed: u64, program: impl FnOnce(&mut EventLoop) -> R) -> Replay<R> {
        self.replay_choices(Choices::seeded(seed), program).1
    }

    /// Runs the program in every order in which its ready tasks can run, and with every answer of
    /// [`choose`](crate::choose). Returns the number of runs. With [`Order::Fifo`], only the
    /// answers of `choose` differ.
    ///
    /// Each run has a fresh loop and starts the program again: a depth-first search of all
    /// decisions. A program in which one task can spin for ever fails, because one of its runs
    /// takes too many steps.
    ///
    /// # Panics
    ///
    /// Like [`run`](Simulation::run), but the message has the choices in place of the seed. Also
    /// when it needs more runs than [`max_orders`](Simulation::max_orders).
    #[track_caller]
    pub fn every_order<R: Verdict>(&self, mut program: impl FnMut(&mut EventLoop) -> R) -> u64 {
        let mut path = Path::default();
        for run_number in 1..=self.max_orders {
            let (choices, failure) = self.attempt(Choices::Path(path), &mut program);
            path = choices.into_path();
            if let Some(failure) = failure {
                panic!("{}", failure.message_with_choices(run_number, &path));
            }
            // A choice recorded in an earlier run did not come up again, so the program is not
            // deterministic. Without this check, its remaining orders would be skipped silently.
            if let Some(missing) = path.missing_choices() {
                panic!("run {run_number} fails, with the choices {path}: {missing}");
            }
            if !path.advance() {
                return run_number;
            }
        }
        panic!(
            "every order takes more than {} runs: make the program smaller, raise \
             Simulation::max_orders, or try seeds with Simulation::run",
            self.max_orders
        )
    }

    /// Runs the program with the choices that a failure of [`every_order`](Simulation::every_order)
    /// names, and returns its result with the whole trace.
    ///
    /// # Panics
    ///
    /// When `choices` are not numbers with dots between them.
    pub fn replay_order<R>(
        &self,
        choices: &str,
        program: impl FnOnce(&mut EventLoop) -> R,
    ) -> Replay<R> {
        self.replay_choices(Choices::Path(Path::parse(choices)), program).1
    }

    /// Replays the program in [every order](Simulation::every_order), one after another: each
    /// `next` of the iterator is one run. A run that fails ends nothing.
    ///
    /// ```
    /// use quadrivium::{prelude::*, test::Simulation};
    ///
    /// let simulation = Simulation::new();
    /// let replays = simulation.replay_every_order(|event_loop| {
    ///     let _a = event_loop.spawn(turn());
    ///     event_loop.block_on(turn())
    /// });
    /// let choices: Vec<_> = replays.map(|replay| replay.choices).collect();
    /// assert_eq!(choices, ["0", "0.0.1", "0.1", "1", "1.0.1", "1.1"]);
    /// ```
    ///
    /// # Panics
    ///
    /// Each `next` panics when the program is not deterministic.
    pub fn replay_every_order<R, F>(&self, program: F) -> ReplayedOrders<'_, F>
    where
        F: FnMut(&mut EventLoop) -> R,
    {
        ReplayedOrders::new(self, program)
    }

    /// Runs the program once. Returns the choices beside the replay.
    pub(crate) fn replay_choices<R>(
        &self,
        choices: Choices,
        program: impl FnOnce(&mut EventLoop) -> R,
    ) -> (Choices, Replay<R>) {
        let (run, record) = (self.new_run(choices), KeptTrace::of_all());
        let result = execute(&run, &record, program);
        let choices = run.into_choices();
        let replay = Replay { result, trace: record.lines(), choices: choices.made() };
        (choices, replay)
    }

    /// Runs the program once. Returns the choices, and the failure if there was one.
    fn attempt<R: Verdict>(
        &self,
        choices: Choices,
        program: impl FnOnce(&mut EventLoop) -> R,
    ) -> (Choices, Option<Failure>) {
        let (run, record) = (self.new_run(choices), KeptTrace::of_last_events());
        let result = execute(&run, &record, |event_loop| program(event_loop).failure());
        let cause = match result {
            Err(message) => Some(message),
            Ok(Some(error)) => Some(error),
            Ok(None) if self.tolerates_panics => None,
            Ok(None) => record.panicked(),
        };
        (run.into_choices(), cause.map(|cause| Failure::new(cause, &record)))
    }

    fn new_run(&self, choices: Choices) -> Run {
        Run::new(choices, self.order, self.faults.clone(), self.max_steps)
    }
}

fn seed_in_environment() -> Option<u64> {
    let text = env::var_os(SEED)?;
    let seed = text.to_str().and_then(|text| text.trim().parse().ok());
    // The range of the one seed ends at `seed + 1`.
    let seed = seed.filter(|seed| *seed < u64::MAX);
    Some(seed.unwrap_or_else(|| {
        panic!("{SEED} must be a number below 2^64 - 1, as a failure shows it: {text:?}")
    }))
}
