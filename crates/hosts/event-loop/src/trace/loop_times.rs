//! [`LoopTimes`]: how long the steps of a loop take, and how long ready tasks wait for them.

use std::{cell::RefCell, collections::HashMap, fmt, rc::Rc, time::Duration};

use quadrivium_core::host::TaskId;

use super::{Event, EventKind, Histogram, Trace, Waiting};

/// Two histograms: the time that a step takes, and the time from the moment at which a task becomes
/// ready to its resume. Clones share them: give one to the loop and read the other.
///
/// A step that is too long keeps all other tasks waiting. The first histogram shows such steps, and
/// the second one their effect.
///
/// A loop measures nothing unless such a trace asks for it. On a virtual clock, a step takes time
/// only if it blocks for it.
///
/// ```
/// use quadrivium_core::{block_for, turn};
/// use quadrivium_event_loop::{EventLoop, trace::LoopTimes};
/// use std::time::Duration;
///
/// let times = LoopTimes::default();
/// let mut event_loop = EventLoop::with_virtual_clock()?;
/// event_loop.trace(times.clone());
/// drop(event_loop.spawn(block_for(Duration::from_millis(20))));
/// event_loop.block_on(turn())?;
/// assert_eq!(
///     times.to_string(),
///     "                 count  50 %  90 %  99 %  99.9 %  longest\n\
///      step time            3   0ns  20ms  20ms    20ms     20ms\n\
///      ready to resume      3   0ns  20ms  20ms    20ms     20ms"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct LoopTimes {
    measured: Rc<RefCell<MeasuredTimes>>,
}

#[derive(Debug, Default)]
struct MeasuredTimes {
    steps: Histogram,
    latencies: Histogram,
    /// Since when each ready task has been ready.
    ready: HashMap<TaskId, Duration>,
    running: Option<RunningStep>,
}

#[derive(Debug)]
struct RunningStep {
    task: TaskId,
    began: Duration,
    /// The task was woken in the step. So it is ready when the step ends.
    is_woken: bool,
}

impl LoopTimes {
    /// Returns how long the steps have taken.
    pub fn steps(&self) -> Histogram {
        self.measured.borrow().steps.clone()
    }

    /// Returns how long tasks were ready before they were resumed.
    pub fn latencies(&self) -> Histogram {
        self.measured.borrow().latencies.clone()
    }
}

impl Trace for LoopTimes {
    fn record(&mut self, event: &Event) {
        self.measured.borrow_mut().record(event);
    }
}

impl MeasuredTimes {
    fn record(&mut self, event: &Event) {
        let Event { task, at, .. } = *event;
        match event.kind {
            EventKind::Spawned(_) => _ = self.ready.insert(task, at),
            EventKind::Woken(_) => self.woken(task, at),
            EventKind::Delayed(_) => {}
            EventKind::Resumed => self.resumed(task, at),
            EventKind::Suspended(waiting) => {
                if self.step_ends(task, at) || waiting == Waiting::Turn {
                    self.ready.insert(task, at);
                }
            }
            EventKind::Done | EventKind::Cancelled | EventKind::Panicked => {
                self.step_ends(task, at);
                self.ready.remove(&task);
            }
        }
    }

    fn woken(&mut self, task: TaskId, at: Duration) {
        match self.running.as_mut().filter(|step| step.task == task) {
            Some(step) => step.is_woken = true,
            None => _ = self.ready.entry(task).or_insert(at),
        }
    }

    fn resumed(&mut self, task: TaskId, at: Duration) {
        // A task that was ready before the trace began is not counted.
        if let Some(since) = self.ready.remove(&task) {
            self.latencies.record(at.saturating_sub(since));
        }
        self.running = Some(RunningStep { task, began: at, is_woken: false });
    }

    /// Records the end of the step, if this task runs. A task that is cancelled by another one does
    /// not. Returns whether the task was woken meanwhile.
    fn step_ends(&mut self, task: TaskId, at: Duration) -> bool {
        let Some(step) = self.running.take_if(|step| step.task == task) else { return false };
        self.steps.record(at.saturating_sub(step.began));
        step.is_woken
    }
}

/// The quantiles that are printed, and their headings.
const QUANTILES: [(f64, &str); 4] =
    [(0.5, "50 %"), (0.9, "90 %"), (0.99, "99 %"), (0.999, "99.9 %")];

impl fmt::Display for LoopTimes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let measured = self.measured.borrow();
        let headings = QUANTILES.map(|(_, heading)| heading.to_owned());
        let heading = ["", "count"].map(str::to_owned).into_iter().chain(headings);
        let rows = [
            heading.chain(["longest".to_owned()]).collect(),
            row("step time", &measured.steps),
            row("ready to resume", &measured.latencies),
        ];
        write_aligned(f, &rows)
    }
}

fn row(name: &str, histogram: &Histogram) -> Vec<String> {
    let text = |duration: Option<Duration>| match duration {
        Some(duration) => format!("{:?}", three_digits(duration)),
        None => "-".to_owned(),
    };
    let quantiles = QUANTILES.map(|(part, _)| text(histogram.quantile(part)));
    let row = [name.to_owned(), histogram.count().to_string()].into_iter().chain(quantiles);
    row.chain([text(histogram.longest())]).collect()
}

/// Rounds up to three digits. A histogram gives no more than that.
fn three_digits(duration: Duration) -> Duration {
    let nanos = duration.as_nanos();
    let unit = 10_u128.pow(nanos.max(1).ilog10().saturating_sub(2));
    Duration::from_nanos_u128(nanos.div_ceil(unit) * unit)
}

fn write_aligned(f: &mut fmt::Formatter<'_>, rows: &[Vec<String>]) -> fmt::Result {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    for (number, row) in rows.iter().enumerate() {
        f.write_str(if number == 0 { "" } else { "\n" })?;
        for (column, cell) in row.iter().enumerate() {
            let width = width(column).unwrap_or(0);
            match column {
                0 => write!(f, "{cell:<width$}")?,
                _ => write!(f, "  {cell:>width$}")?,
            }
        }
    }
    Ok(())
}
