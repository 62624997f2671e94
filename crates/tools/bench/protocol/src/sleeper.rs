//! [`Sleeper`]: measures how late a timer is.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use crate::{Percentiles, random};

/// How late all timers were, in nanoseconds, up to 4.2 seconds.
#[derive(Debug)]
pub(crate) struct Lateness {
    late_ns: Box<[AtomicU32]>,
    early: AtomicU64,
    awake: AtomicU64,
    /// Room for the sorted values. It is allocated before the run, because a large allocation after
    /// many small frees takes long, and that would count as time of the timers.
    sorted: Mutex<Vec<u64>>,
}

/// The measurement of one task that sleeps.
#[derive(Debug)]
pub struct Sleeper {
    index: u32,
    duration: Duration,
    since: Option<Instant>,
    lateness: Arc<Lateness>,
}

impl Lateness {
    /// Makes `n` sleepers, with random durations below a second.
    pub(crate) fn of_sleepers(n: usize) -> (Arc<Self>, Vec<Sleeper>) {
        let late_ns = (0..n).map(|_| AtomicU32::new(0)).collect();
        let lateness = Arc::new(Self {
            late_ns,
            early: AtomicU64::new(0),
            awake: AtomicU64::new(0),
            sorted: Mutex::new(Vec::with_capacity(n)),
        });
        let sleeper = |(index, duration)| Sleeper {
            index,
            duration,
            since: None,
            lateness: lateness.clone(),
        };
        let sleepers = (0..).zip(random::sleeps(n)).map(sleeper).collect();
        (lateness, sleepers)
    }

    /// Returns the percentiles of the lateness and the number of early timers.
    ///
    /// # Errors
    ///
    /// When a sleeper did not wake up.
    pub(crate) fn result(&self) -> Result<(Option<Percentiles>, u64), String> {
        let awake = self.awake.load(Relaxed);
        if awake != self.late_ns.len() as u64 {
            return Err(format!("only {awake} of {} timers fired", self.late_ns.len()));
        }
        let mut sorted = self.sorted.lock().map_err(|error| error.to_string())?;
        sorted.extend(self.late_ns.iter().map(|late| u64::from(late.load(Relaxed))));
        Ok((Percentiles::of(&mut sorted), self.early.load(Relaxed)))
    }
}

impl Sleeper {
    /// Starts the clock, and returns how long to sleep.
    #[inline]
    pub fn falls_asleep(&mut self) -> Duration {
        self.since = Some(Instant::now());
        self.duration
    }

    /// Stops the clock.
    ///
    /// # Panics
    ///
    /// Panics unless [`falls_asleep`](Self::falls_asleep) was called.
    #[inline]
    pub fn wakes_up(&mut self) {
        let slept = self.since.expect("the sleeper has fallen asleep").elapsed();
        let lateness = &self.lateness;
        match slept.checked_sub(self.duration) {
            Some(late) => {
                let late = u32::try_from(late.as_nanos()).unwrap_or(u32::MAX);
                lateness.late_ns[self.index as usize].store(late, Relaxed);
            }
            None => {
                lateness.early.fetch_add(1, Relaxed);
            }
        }
        lateness.awake.fetch_add(1, Relaxed);
    }
}
