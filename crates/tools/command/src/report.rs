//! [`RunReport`]: the results of all runs. [`run`] carries out a [`Plan`] and returns its report.

use std::{
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use quadrivium::host::refused;

use crate::{
    children,
    exhibition::{Way, heading},
    measure::{self, Measured, Traced, Untraced},
    plan::{Pace, Plan, PlannedRun},
    proc,
    progress::RunProgress,
    timeline::{Frame, Timeline},
};

/// The results of all runs, in the order of the plan.
#[derive(Debug)]
pub struct RunReport {
    pub plan: Plan,
    pub outcomes: Vec<RunResult>,
    /// The timeline of each way, with the length of the exhibition. All styles leave the same
    /// trace, so the first one is kept.
    pub timelines: Vec<(Way, Timeline, Duration)>,
    pub frame: Option<Frame>,
}

/// The result of a run.
#[derive(Clone, Debug)]
pub enum RunResult {
    Measured(Measured),
    Skipped(String),
    Failed(String),
}

type RunOutcome = Result<(Measured, Option<Timeline>), String>;

/// Carries out the plan. Runs on the virtual clock keep a CPU busy, so they take place one after
/// another. Runs on the real clock wait most of the time, so they take place at the same time.
pub fn run(plan: Plan, frame: Option<Frame>) -> RunReport {
    let count = plan.runs.len();
    let mut finished: Vec<Option<RunOutcome>> = (0..count).map(|_| None).collect();
    let mut on_real_clock = Vec::new();
    for (place, run) in plan.runs.iter().enumerate() {
        match (&run.pace, run.style.is_comparison()) {
            (Pace::Skipped(_), _) => {}
            (Pace::Real { scale }, true) => {
                on_real_clock.push((place, RealRun::Comparison { scale: *scale }));
            }
            (Pace::Virtual | Pace::Real { .. }, _) => {
                match measure::on_own_thread(|| measure::untraced(run, &plan.rules)) {
                    Err(reason) => finished[place] = Some(Err(reason)),
                    Ok(untraced) if run.pace == Pace::Virtual => {
                        finished[place] = Some(on_loop(&plan, run, &untraced, frame));
                    }
                    Ok(untraced) => on_real_clock.push((place, RealRun::OnLoop(untraced))),
                }
            }
        }
    }
    proc::request_precise_sleep();
    run_at_once(&plan, on_real_clock, frame, |place, it| finished[place] = Some(it));
    collect(plan, finished, frame)
}

/// A run on the real clock that has not started.
enum RealRun {
    OnLoop(Untraced),
    Comparison { scale: f64 },
}

fn on_loop(plan: &Plan, run: &PlannedRun, untraced: &Untraced, frame: Option<Frame>) -> RunOutcome {
    let traced: Traced = measure::on_own_thread(|| measure::traced(run, plan, frame))?;
    Ok((Measured::on_loop(run, &plan.rules, untraced, &traced), traced.watcher.timeline))
}

/// Starts all these runs at the same time, a thread each, and calls `finish` as each ends.
fn run_at_once(
    plan: &Plan,
    runs: Vec<(usize, RealRun)>,
    frame: Option<Frame>,
    mut finish: impl FnMut(usize, RunOutcome),
) {
    let (sender, receiver) = mpsc::channel();
    let mut progress = RunProgress::new(plan.expected_time(), runs.len());
    let start = Instant::now();
    thread::scope(|scope| {
        for (place, real_run) in runs {
            let sender = sender.clone();
            let play = move || {
                let run = &plan.runs[place];
                let it = match real_run {
                    RealRun::OnLoop(untraced) => on_loop(plan, run, &untraced, frame),
                    RealRun::Comparison { scale } => {
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

fn collect(plan: Plan, finished: Vec<Option<RunOutcome>>, frame: Option<Frame>) -> RunReport {
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
            (None, _) => RunResult::Failed("it panicked: see the message above".into()),
        });
    }
    RunReport { plan, outcomes, timelines, frame }
}

impl RunReport {
    /// Returns each run with its result.
    pub fn rows(&self) -> impl Iterator<Item = (&PlannedRun, &RunResult)> {
        self.plan.runs.iter().zip(&self.outcomes)
    }

    /// Returns a line for each run that failed, with the reason.
    pub fn failures(&self) -> Vec<String> {
        self.rows()
            .filter_map(|(run, outcome)| match outcome {
                RunResult::Failed(reason) => {
                    Some(format!("{}, {}: {reason}", run.style, heading(run.way).to_lowercase()))
                }
                RunResult::Measured(_) | RunResult::Skipped(_) => None,
            })
            .collect()
    }
}
