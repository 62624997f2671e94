//! The cost of a style on an event loop. A run without a trace gives the time and the heap, and a
//! run with a trace gives the counts.

use std::{
    cell::RefCell,
    rc::Rc,
    thread,
    time::{Duration, Instant},
};

use peak_alloc::PeakAlloc;
use quadrivium::{
    EventLoop,
    event_loop::{
        Trace,
        trace::{Event, EventKind, Waiting},
    },
    green,
    host::refused,
};

use crate::{
    exhibition::{self, PlayStyle, Rules, heading},
    plan::{Pace, Plan, PlannedRun},
    proc::Usage,
    timeline::{Frame, PlayedMove, Timeline},
};

/// Counts allocated bytes and their peak, with two atomic additions for each allocation.
#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// The cost of a run. None where it cannot be known.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The length of the exhibition: exact on the virtual clock, else real time × scale.
    pub simulated: Duration,
    /// How long the run took.
    pub real: Duration,
    pub suspensions: Option<u64>,
    pub switches: Option<u64>,
    /// Per second of real time on the virtual clock. Per second of CPU time on the real clock,
    /// where a run waits most of the time.
    pub switches_per_second: Option<f64>,
    /// Bytes.
    pub memory_per_board: Option<u64>,
}

impl Measured {
    /// Combines the results of the run without a trace and the run with a trace.
    pub fn on_loop(
        run: &PlannedRun,
        rules: &Rules,
        untraced: &Untraced,
        traced: &Traced,
    ) -> Measured {
        let (real, busy) = match run.pace {
            Pace::Real { .. } => (traced.real, traced.cpu),
            Pace::Virtual | Pace::Skipped(_) => (untraced.real, Some(untraced.real)),
        };
        let Watcher { suspensions, switches, stacks, .. } = traced.watcher;
        let memory = untraced.heap + stacks.unwrap_or(0);
        Measured {
            simulated: traced.simulated,
            real,
            suspensions: Some(suspensions),
            switches: Some(switches),
            switches_per_second: busy.and_then(|busy| self::switches_per_second(switches, busy)),
            memory_per_board: Some(memory.div_ceil(rules.boards) as u64),
        }
    }
}

/// Returns the switches per second. None if no time has passed.
pub fn switches_per_second(switches: u64, busy: Duration) -> Option<f64> {
    Some(switches as f64 / busy.as_secs_f64()).filter(|rate| rate.is_finite())
}

/// Runs `work` on a new OS thread. Its pool of stacks is empty, so green threads do not reuse the
/// stacks of an earlier run.
pub fn on_own_thread<T: Send>(
    work: impl FnOnce() -> Result<T, String> + Send,
) -> Result<T, String> {
    thread::scope(|scope| {
        let handle = thread::Builder::new().spawn_scoped(scope, work);
        let handle = handle.map_err(|error| refused("a thread for a loop", &error).to_string())?;
        handle.join().unwrap_or_else(|_| Err("it panicked: see the message above".into()))
    })
}

/// The results of a run without a trace.
pub struct Untraced {
    real: Duration,
    /// The peak of the heap, less the heap before the run, in bytes.
    heap: usize,
}

/// Plays on the virtual clock up to 99 times, for the median of the times. One run is too short to
/// be timed.
pub fn untraced(run: &PlannedRun, rules: &Rules) -> Result<Untraced, String> {
    const MOST_RUNS: usize = 99;
    const ENOUGH: Duration = Duration::from_millis(30);
    let mut times = Vec::with_capacity(MOST_RUNS);
    let mut heap = 0;
    while times.len() < MOST_RUNS && times.iter().sum::<Duration>() < ENOUGH {
        let mut on = EventLoop::with_virtual_clock().map_err(no_loop)?;
        let rules = Rc::new(rules.clone());
        HEAP.reset_peak_usage();
        let before = HEAP.current_usage();
        let start = Instant::now();
        exhibition::play(run.style, run.way, rules, &mut on).map_err(|error| error.to_string())?;
        times.push(start.elapsed());
        if times.len() == 1 {
            heap = HEAP.peak_usage().saturating_sub(before);
        }
    }
    times.sort();
    Ok(Untraced { real: times[times.len() / 2], heap })
}

fn no_loop(error: std::io::Error) -> String {
    format!("the OS refuses an event loop: {error}")
}

/// The results of a run with a trace.
pub struct Traced {
    simulated: Duration,
    real: Duration,
    cpu: Option<Duration>,
    pub watcher: Watcher,
}

/// Plays once, with a trace, on the clock of the run.
pub fn traced(run: &PlannedRun, plan: &Plan, frame: Option<Frame>) -> Result<Traced, String> {
    let rules = &plan.rules;
    let (on, scale) = match run.pace {
        Pace::Real { scale } => (EventLoop::new(), scale),
        Pace::Virtual | Pace::Skipped(_) => (EventLoop::with_virtual_clock(), 1.0),
    };
    let mut on = on.map_err(no_loop)?;
    let watcher = Rc::new(RefCell::new(Watcher::new(run.style, rules.boards, scale, frame)));
    let watching = Rc::clone(&watcher);
    let name = format!("{}, {}", run.style, heading(run.way).to_lowercase());
    let mut to_file = plan.trace.as_ref().map(|file| file.of_loop(&on, &name));
    on.trace(move |event: &Event| {
        watching.borrow_mut().record(event);
        to_file.iter_mut().for_each(|file| file.record(event));
    });

    let (usage, start, from) = (Usage::so_far(), Instant::now(), on.elapsed());
    let rules = Rc::new(faster(rules, scale));
    exhibition::play(run.style, run.way, rules, &mut on).map_err(|error| error.to_string())?;
    let (simulated, real) = (slower(on.elapsed() - from, scale), start.elapsed());
    let usage = usage.and_then(|earlier| Some(Usage::so_far()?.since(earlier)));
    drop(on);

    let watcher = Rc::into_inner(watcher).expect("the loop has dropped its clone").into_inner();
    Ok(Traced { simulated, real, cpu: usage.map(|usage| usage.cpu), watcher })
}

/// Returns the same exhibition with all thinking times divided by `scale`.
pub fn faster(rules: &Rules, scale: f64) -> Rules {
    let faster = |time: Duration| if scale == 1.0 { time } else { time.div_f64(scale) };
    Rules { master: faster(rules.master), opponent: faster(rules.opponent), ..rules.clone() }
}

/// Returns the time multiplied by `scale`. It is exact if the scale is 1, as on the virtual clock.
pub fn slower(time: Duration, scale: f64) -> Duration {
    if scale == 1.0 { time } else { time.mul_f64(scale) }
}

/// Reads a trace, and keeps the counts and the timeline for the report.
pub struct Watcher {
    style: PlayStyle,
    boards: usize,
    scale: f64,
    suspensions: u64,
    switches: u64,
    resumed_at: Duration,
    /// Resident bytes of the stacks of green threads.
    stacks: Option<usize>,
    pub timeline: Option<Timeline>,
}

impl Watcher {
    fn new(style: PlayStyle, boards: usize, scale: f64, frame: Option<Frame>) -> Watcher {
        Watcher {
            style,
            boards,
            scale,
            suspensions: 0,
            switches: 0,
            resumed_at: Duration::ZERO,
            stacks: None,
            timeline: frame.map(Timeline::new),
        }
    }

    fn record(&mut self, event: &Event) {
        match event.kind {
            EventKind::Resumed => {
                self.switches += 1;
                self.resumed_at = event.at;
            }
            EventKind::Suspended(waiting) => {
                self.suspensions += 1;
                self.record_suspension(event, waiting);
            }
            EventKind::Spawned(_)
            | EventKind::Woken(_)
            | EventKind::Delayed(_)
            | EventKind::Done
            | EventKind::Cancelled
            | EventKind::Panicked => {}
        }
    }

    fn record_suspension(&mut self, event: &Event, waiting: Waiting) {
        // Task 1 is the organiser; the games follow in the order of their boards.
        let Some(board) = (event.task.0 as usize).checked_sub(2) else { return };
        if self.style == PlayStyle::Green && board + 1 == self.boards && self.stacks.is_none() {
            // Move by move, all games are suspended now, and no stack gets deeper later.
            self.stacks = Some(green::stats().resident_bytes);
        }
        if let (Some(timeline), Waiting::Until(reply)) = (&mut self.timeline, waiting) {
            timeline.draw(PlayedMove {
                board,
                master_from: slower(self.resumed_at, self.scale),
                opponent_from: slower(event.at, self.scale),
                opponent_to: slower(reply, self.scale),
            });
        }
    }
}
