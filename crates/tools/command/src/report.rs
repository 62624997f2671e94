//! [`Report`]: what all runs came to. [`run`] makes one of a [`Plan`].

use std::{
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use quadrivium::host::refused;

use crate::{
    children,
    exhibition::Way,
    measure::{self, Measured, Traced, Untraced},
    plan::{Pace, Plan, PlannedRun},
    proc,
    progress::RunProgress,
    timeline::{Frame, Timeline},
};

/// What all runs came to, in the order of the plan.
#[derive(Debug)]
pub struct Report {
    pub plan: Plan,
    pub outcomes: Vec<RunResult>,
    /// For each way the first timeline that came about, as all styles leave the same.
    pub timelines: Vec<(Way, Timeline, Duration)>,
    pub frame: Option<Frame>,
}

/// What a run came to.
#[derive(Clone, Debug)]
pub enum RunResult {
    Measured(Measured),
    Skipped(String),
    Failed(String),
}

type Finished = Result<(Measured, Option<Timeline>), String>;

/// Runs what is planned: on the virtual clock one after another, as that takes a CPU; on the real
/// clock all side by side, as that is waiting.
pub fn run(plan: Plan, frame: Option<Frame>) -> Report {
    let count = plan.runs.len();
    let mut finished: Vec<Option<Finished>> = (0..count).map(|_| None).collect();
    let mut waiting = Vec::new();
    for (place, run) in plan.runs.iter().enumerate() {
        match (&run.pace, run.style.is_left_to_the_os()) {
            (Pace::Skipped(_), _) => {}
            (Pace::Real { scale }, true) => waiting.push((place, NotBegun::Os { scale: *scale })),
            (Pace::Virtual | Pace::Real { .. }, _) => {
                match measure::on_own_thread(|| measure::untraced(run, &plan.rules)) {
                    Err(reason) => finished[place] = Some(Err(reason)),
                    Ok(untraced) if run.pace == Pace::Virtual => {
                        finished[place] = Some(on_loop(&plan, run, &untraced, frame));
                    }
                    Ok(untraced) => waiting.push((place, NotBegun::Loop(untraced))),
                }
            }
        }
    }
    proc::sleep_precisely();
    side_by_side(&plan, waiting, frame, |place, it| finished[place] = Some(it));
    collected(plan, finished, frame)
}

/// A run on the real clock, not yet begun.
enum NotBegun {
    Loop(Untraced),
    Os { scale: f64 },
}

fn on_loop(plan: &Plan, run: &PlannedRun, untraced: &Untraced, frame: Option<Frame>) -> Finished {
    let traced: Traced = measure::on_own_thread(|| measure::traced(run, &plan.rules, frame))?;
    Ok((Measured::on_loop(run, &plan.rules, untraced, &traced), traced.watcher.timeline))
}

fn side_by_side(
    plan: &Plan,
    waiting: Vec<(usize, NotBegun)>,
    frame: Option<Frame>,
    mut finish: impl FnMut(usize, Finished),
) {
    let (sender, receiver) = mpsc::channel();
    let mut progress = RunProgress::new(plan.expected(), waiting.len());
    let start = Instant::now();
    thread::scope(|scope| {
        for (place, waiting) in waiting {
            let sender = sender.clone();
            let play = move || {
                let run = &plan.runs[place];
                let it = match waiting {
                    NotBegun::Loop(untraced) => on_loop(plan, run, &untraced, frame),
                    NotBegun::Os { scale } => {
                        children::measure(run.style, &plan.rules, scale).map(|it| (it, None))
                    }
                };
                let _ = sender.send((place, it));
            };
            if let Err(error) = thread::Builder::new().spawn_scoped(scope, play) {
                finish(place, Err(refused("a thread for a run", &error).to_string()));
            }
        }
        drop(sender);
        loop {
            match receiver.recv_timeout(Duration::from_millis(100)) {
                Ok((place, it)) => {
                    progress.run_ended();
                    finish(place, it);
                }
                Err(RecvTimeoutError::Timeout) => progress.show(start.elapsed()),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    });
}

fn collected(plan: Plan, finished: Vec<Option<Finished>>, frame: Option<Frame>) -> Report {
    let mut timelines: Vec<(Way, Timeline, Duration)> = Vec::new();
    let mut outcomes = Vec::new();
    for (run, finished) in plan.runs.iter().zip(finished) {
        outcomes.push(match (finished, &run.pace) {
            (Some(Ok((measured, timeline))), _) => {
                let is_new = timelines.iter().all(|(way, ..)| *way != run.way);
                if let Some(timeline) = timeline.filter(|_| is_new) {
                    timelines.push((run.way, timeline, measured.simulated));
                }
                RunResult::Measured(measured)
            }
            (Some(Err(reason)), _) => RunResult::Failed(reason),
            (None, Pace::Skipped(reason)) => RunResult::Skipped(reason.clone()),
            (None, _) => RunResult::Failed("it panicked: see above".into()),
        });
    }
    Report { plan, outcomes, timelines, frame }
}

impl Report {
    /// Each run with what it came to.
    pub fn rows(&self) -> impl Iterator<Item = (&PlannedRun, &RunResult)> {
        self.plan.runs.iter().zip(&self.outcomes)
    }

    /// Why runs failed, a line each.
    pub fn failures(&self) -> Vec<String> {
        self.rows()
            .filter_map(|(run, outcome)| match outcome {
                RunResult::Failed(reason) => Some(format!("{} failed: {reason}", run.style)),
                RunResult::Measured(_) | RunResult::Skipped(_) => None,
            })
            .collect()
    }
}
