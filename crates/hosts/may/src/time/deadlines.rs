//! [`Deadlines`]: the deadlines of tasks on may. One timer of the operating system is set to the
//! first.

use std::{
    collections::BTreeMap,
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::Mutex,
    task::Waker,
    time::Instant,
};

use quadrivium_core::host::contain;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

use crate::{lock::lock, time::clock};

/// The wakers of tasks, ordered by deadline. They may be used from any thread.
pub(crate) struct Deadlines {
    alarm: OwnedFd,
    armed: Mutex<Armed>,
}

#[derive(Default)]
struct Armed {
    /// Ordered by deadline. Equal deadlines keep the order in which they were armed.
    by_deadline: BTreeMap<ArmedDeadline, Waker>,
    next: u64,
    /// The time that the alarm is set to. It may ring for a deadline that was disarmed meanwhile.
    alarm_at: Option<Instant>,
}

/// Identifies an armed deadline.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ArmedDeadline {
    pub(crate) deadline: Instant,
    number: u64,
}

impl Deadlines {
    pub(crate) fn new() -> io::Result<Self> {
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let alarm = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        Ok(Self { alarm, armed: Mutex::default() })
    }

    /// Wakes `waker` once `deadline` has come.
    pub(crate) fn arm(&self, deadline: Instant, waker: Waker) -> ArmedDeadline {
        let mut armed = lock(&self.armed);
        let timer = ArmedDeadline { deadline, number: armed.next };
        armed.next += 1;
        armed.by_deadline.insert(timer, waker);
        if armed.alarm_at.is_none_or(|at| deadline < at) {
            self.set_alarm(&mut armed, Some(deadline));
        }
        timer
    }

    /// Removes this deadline. The alarm is not set anew. Most deadlines are disarmed, and a system
    /// call for each would cost more than an alarm that rings too early.
    pub(crate) fn disarm(&self, timer: ArmedDeadline) {
        let disarmed = lock(&self.armed).by_deadline.remove(&timer);
        // The waker may be user code, so it is dropped while nothing is locked.
        drop(disarmed);
    }

    /// Wakes all tasks whose deadlines have come.
    pub(crate) fn ring(&self) {
        let now = clock::now();
        let mut armed = lock(&self.armed);
        if armed.alarm_at.is_none_or(|at| now < at) {
            return;
        }
        let mut due = Vec::new();
        while let Some(entry) = armed.by_deadline.first_entry()
            && entry.key().deadline <= now
        {
            due.push(entry.remove());
        }
        let next = armed.by_deadline.first_key_value().map(|(timer, _)| timer.deadline);
        self.set_alarm(&mut armed, next);
        drop(armed);
        due.into_iter().for_each(|waker| _ = contain(|| waker.wake()));
    }

    fn set_alarm(&self, armed: &mut Armed, at: Option<Instant>) {
        armed.alarm_at = at;
        let Some(at) = at else { return };
        let left = at.saturating_duration_since(clock::now());
        let to = Timespec {
            // A time that does not fit is about 292 thousand million years away.
            tv_sec: left.as_secs().try_into().unwrap_or(i64::MAX),
            // Zero would switch the alarm off.
            tv_nsec: if left.is_zero() { 1 } else { left.subsec_nanos().into() },
        };
        let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: to };
        timerfd_settime(&self.alarm, TimerfdTimerFlags::empty(), &once)
            .expect("an alarm can be set to any time");
    }
}

impl AsFd for Deadlines {
    /// Returns a descriptor that becomes readable when the alarm rings. Watch it for edges, because
    /// no code reads from it.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.alarm.as_fd()
    }
}
