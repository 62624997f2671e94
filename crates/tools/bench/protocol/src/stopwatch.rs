//! The clock of the benches `turn` and `latency`. Each task has a counter of its turns. The counter
//! of the first task starts and stops the clock.
//!
//! ```text
//! first task   warm-up turns | (1) start    counted turns    (2) stop | ends
//! other tasks  warm-up turns |              counted turns             | see (2), end
//! ```
//!
//! In a first-in first-out queue, exactly `tasks * turns` turns lie between (1) and (2). None of
//! them builds or drops a task. [`Stopwatch::elapsed`] checks this number, because a scheduler that
//! starves tasks would otherwise look fast.

use std::{
    hint::black_box,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

/// The number of turns of each task before the clock starts. They touch memory pages and fill
/// caches.
const WARM_UP: u64 = 2;

/// The clock, which the tasks of one sample share.
#[derive(Debug, Default)]
pub struct Stopwatch {
    is_over: AtomicBool,
    start: OnceLock<Instant>,
    elapsed: OnceLock<Duration>,
    counted: AtomicU64,
    /// When each turn of the first task began, if turns are timed one by one.
    began: Option<Mutex<Vec<Instant>>>,
}

/// The state of one task: the number of its turns.
#[derive(Debug)]
pub struct Counter {
    turns: u64,
    /// The count at which the clock starts or stops. Only the first task can reach its mark.
    mark: u64,
    /// The number of turns that are timed.
    timed: u64,
    stopwatch: Arc<Stopwatch>,
}

impl Stopwatch {
    /// Makes a stopwatch and the counters of `tasks` tasks that take `turns` timed turns each.
    #[must_use]
    pub fn new(tasks: usize, turns: u64) -> (Arc<Self>, Vec<Counter>) {
        Self::default().with_counters(tasks, turns)
    }

    /// Like [`new`](Self::new), but each turn of the first task is timed, too.
    #[must_use]
    pub fn of_each_turn(tasks: usize, turns: u64) -> (Arc<Self>, Vec<Counter>) {
        let began = Vec::with_capacity(usize::try_from(turns).unwrap_or(0) + 1);
        Self { began: Some(Mutex::new(began)), ..Self::default() }.with_counters(tasks, turns)
    }

    fn with_counters(self, tasks: usize, turns: u64) -> (Arc<Self>, Vec<Counter>) {
        let stopwatch = Arc::new(self);
        let counter = |index| Counter {
            turns: 0,
            mark: if index == 0 { WARM_UP } else { u64::MAX },
            timed: turns,
            stopwatch: stopwatch.clone(),
        };
        let counters = (0..tasks).map(counter).collect();
        (stopwatch, counters)
    }

    /// Returns the time from (1) to (2). If there were slightly more or fewer turns than
    /// `tasks * turns`, the time is scaled to that number.
    ///
    /// Tokio resumes every other batch of 61 tasks in reverse order, so some tasks get ahead of
    /// others. A tenth is tolerated for this. A scheduler that starves tasks is far beyond it.
    ///
    /// # Errors
    ///
    /// When the numbers of turns of the tasks differ too much.
    pub fn elapsed(&self, tasks: usize, turns: u64) -> Result<Duration, String> {
        let elapsed = self.elapsed.get().ok_or("the first task was not run to its end")?;
        let warm_up = tasks as u64 * WARM_UP;
        let due = tasks as u64 * turns;
        let counted = self.counted.load(Relaxed).saturating_sub(warm_up);
        let tolerance = (due / 10).max(tasks as u64 / 5);
        if counted.abs_diff(due) > tolerance {
            return Err(format!("unfair: the tasks took {counted} turns where {due} were due"));
        }
        Ok(elapsed.mul_f64(due as f64 / counted as f64))
    }

    /// Returns the nanoseconds between the beginnings of two turns of the first task, for each
    /// turn. That is how long it waits for its next turn, while all other tasks take theirs.
    pub(crate) fn each_turn_ns(&self) -> Vec<u64> {
        let Some(began) = &self.began else { return Vec::new() };
        let began = began.lock().unwrap_or_else(PoisonError::into_inner);
        began.windows(2).map(|pair| (pair[1] - pair[0]).as_nanos() as u64).collect()
    }
}

impl Counter {
    /// Counts a turn. Returns whether the task takes another one.
    #[inline(always)]
    pub fn turn(&mut self) -> bool {
        self.turns = bump(self.turns);
        if self.turns == self.mark {
            self.mark_reached();
        }
        !self.stopwatch.is_over.load(Relaxed)
    }

    #[cold]
    fn mark_reached(&mut self) {
        if let Some(began) = &self.stopwatch.began {
            began.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
            // Every turn is a mark, up to the last one.
            if self.stopwatch.start.get().is_some() && self.turns < WARM_UP + self.timed {
                self.mark += 1;
                return;
            }
        }
        match self.stopwatch.start.get() {
            None => {
                let is_each_timed = self.stopwatch.began.is_some();
                self.mark += if is_each_timed { 1 } else { self.timed };
                self.stopwatch.start.get_or_init(Instant::now);
            }
            Some(start) => {
                self.stopwatch.elapsed.get_or_init(|| start.elapsed());
                self.stopwatch.is_over.store(true, Relaxed);
            }
        }
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.stopwatch.counted.fetch_add(self.turns, Relaxed);
    }
}

/// Does the work of one turn: one addition that the compiler can neither predict nor remove.
#[inline(always)]
#[must_use]
pub fn bump(count: u64) -> u64 {
    black_box(count + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_in_first_in_first_out_order_are_timed() {
        let (stopwatch, mut counters) = Stopwatch::new(3, 100);
        while !counters.is_empty() {
            counters.retain_mut(Counter::turn);
        }
        assert!(stopwatch.elapsed(3, 100).is_ok());
        // The turns are the warm-up and the turns from (1) to (2), and no others.
        assert_eq!(stopwatch.counted.load(Relaxed), 3 * (WARM_UP + 100));
    }

    #[test]
    fn each_turn_of_the_first_task_is_timed() {
        let (stopwatch, mut counters) = Stopwatch::of_each_turn(3, 100);
        while !counters.is_empty() {
            counters.retain_mut(Counter::turn);
        }
        assert!(stopwatch.elapsed(3, 100).is_ok());
        assert_eq!(stopwatch.each_turn_ns().len(), 100);
    }

    #[test]
    fn a_scheduler_that_starves_tasks_is_an_error() {
        let (stopwatch, counters) = Stopwatch::new(3, 100);
        for mut counter in counters {
            while counter.turn() {}
        }
        assert!(stopwatch.elapsed(3, 100).is_err_and(|cause| cause.starts_with("unfair")));
    }
}
