//! [`Loop`]: the loop itself. [`EventLoop`](crate::EventLoop), the handles and the tasks refer to
//! it.
//!
//! This file contains a turn, which is one pass of the loop. Each other file of this folder
//! contains one thing that the loop does. The parts of the loop (`tasks`, `time`, `reactor` and the
//! mailbox) do not depend on it.
//!
//! One rule applies everywhere: **no user code runs while the state is borrowed.** The bodies of
//! tasks, wakers, destructors and traces are user code. A value that is taken out of the state is
//! dropped, or woken, only after the borrow has ended.

mod step;
mod wake;
mod deadline;
mod react;
mod remote_requests;
mod run;
mod deadlock;
mod joins_elsewhere;
mod end;
mod cancel;
mod close;
mod host;
mod notes;
mod scheduled_turn;
mod snapshot;
mod suspects;
mod watch;

use std::{
    cell::{Cell, RefCell},
    collections::HashSet,
    io,
    rc::{Rc, Weak},
    sync::Arc,
    time::Instant,
};

use quadrivium_core::{
    host::{Entered, HostedTask, Rotation, enter},
    inspect::Reporter,
};

use crate::{
    reactor::MioReactor,
    schedule::scheduled_tasks::ScheduledTasks,
    tasks::{part_slots::PartSlots, ready_queue::ReadyQueue, slot_key::SlotKey, slots::TaskSlots},
    threads::{handle_counter::HandleCounter, loop_record::LoopRecord, remote_loop::RemoteLoop},
    time::{clock::LoopClock, task_timers::TaskTimers},
    trace::{Event, Trace},
    wake::{
        mailbox::{Mailbox, Unread},
        mailbox_table,
        unparker::Unparker,
    },
    watch::WatchTable,
    watchdog::Watchdog,
};

#[cfg(feature = "trace-files")]
use crate::trace::file::EveryLoopTrace;

pub(crate) struct Loop {
    /// The loop itself: `enter` needs it as an `Rc`.
    this: Weak<Loop>,
    state: RefCell<LoopState>,
    /// The parts of combinators whose wakers this loop has made.
    pub(crate) parts: RefCell<PartSlots>,
    pub(crate) reactor: MioReactor,
    pub(crate) clock: LoopClock,
    /// Counts the guards made by `hold`, which keep a virtual clock from jumping.
    holds: HandleCounter,
    pub(crate) mailbox: &'static Mailbox,
    /// An empty list, which is exchanged for the one in the mailbox.
    unread: Cell<Unread>,
    index: u16,
    /// Each use of a task's slot has a number, its generation. One loop after another has the same
    /// mailbox, and each starts with a higher generation than the loops before have used. So a key
    /// with a lower generation belongs to a task of an earlier loop.
    first_generation: u32,
    /// Counts the handles through which code outside the loop can reach it, perhaps on other
    /// threads.
    remotes: HandleCounter,
    /// The task that is being resumed.
    running: Cell<Option<SlotKey>>,
    /// The body of that task, if it has just panicked.
    panicked: Cell<Option<HostedTask>>,
    /// The task whose destructors are running because of a cancel or a dropped handle. That may
    /// happen while another task is being resumed.
    ending: Cell<Option<SlotKey>>,
    /// While the loop is being dropped (see `closed`), destructors may still spawn tasks. Such a
    /// task is cancelled at once, and its own destructors may spawn again. This is the length of
    /// the current chain of such tasks. `close.rs` limits it.
    chain: Cell<u32>,
    pub(crate) stopped: Cell<bool>,
    /// The tasks of other loops that tasks of this loop have joined. Some may have ended since.
    joins_elsewhere: RefCell<Vec<(Weak<Loop>, SlotKey)>>,
    /// The reactor is waking tasks at the moment.
    is_reacting: Cell<bool>,
    steps_since_poll: Cell<usize>,
    /// A task has waited for a deadline beyond the largest time that this loop's clock can
    /// represent. A new loop, whose clock starts later, could reach that deadline.
    time_is_used_up: Cell<bool>,
    /// The keys of the tasks that have a canceller. Some may have ended since.
    cancellers: RefCell<HashSet<u64>>,
    /// The loop has a trace, or it is watched. Otherwise a step looks for neither.
    tells: Cell<bool>,
    /// Where the next `select` begins.
    rotation: Rotation,
    tracing: Cell<bool>,
    /// The trace has received events since it was flushed.
    has_unflushed_events: Cell<bool>,
    trace: RefCell<Option<Box<dyn Trace>>>,
    /// The trace of this loop, if every loop is traced.
    #[cfg(feature = "trace-files")]
    every_loop_trace: RefCell<Option<Box<EveryLoopTrace>>>,
    /// What other threads know about the loop.
    pub(crate) record: Arc<LoopRecord>,
    /// Present while the loop is watched.
    watch: RefCell<Option<Box<WatchTable>>>,
    watchdog: RefCell<Option<Watchdog>>,
    /// Present in simulations only. It is boxed so that the loop stays small without it.
    pub(crate) scheduled: Option<Box<ScheduledTasks>>,
}

#[derive(Default)]
struct LoopState {
    slots: TaskSlots,
    ready: ReadyQueue,
    timers: TaskTimers,
    /// Events that have not been passed to the trace yet.
    events: Vec<Event>,
    /// The loop is being dropped: a task that is spawned from now on is cancelled at once.
    closed: bool,
    /// A waker was cloned on another thread, so that thread may wake a task.
    escaped: bool,
}

/// The result of a [`turn`](crate::EventLoop::turn): whether tasks are left, and when the loop has
/// to turn again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turned {
    /// Tasks are ready: call `turn` again soon.
    Ready,
    /// There is nothing to do before this deadline, unless a wake comes.
    Until(Instant),
    /// There is nothing to do until a wake comes.
    Waiting,
    /// No task is left.
    Empty,
}

impl Loop {
    pub(crate) fn new(
        clock: LoopClock,
        scheduled: Option<Box<ScheduledTasks>>,
        (reactor, unparker): (MioReactor, Unparker),
    ) -> io::Result<Rc<Self>> {
        let record = mailbox_table::claim(unparker)?;
        let (index, first_generation) = (record.index, record.first_generation);
        let watch = watched_from_the_start(scheduled.is_some());
        #[cfg(feature = "trace-files")]
        let every_loop_trace = EveryLoopTrace::of_new_loop(clock.origin()).map(Box::new);
        let new = Rc::new_cyclic(|this| Self {
            this: this.clone(),
            state: RefCell::new(LoopState {
                slots: TaskSlots::new(index, first_generation),
                ..LoopState::default()
            }),
            parts: RefCell::new(PartSlots::new(index, first_generation)),
            reactor,
            clock,
            holds: HandleCounter::of(index),
            mailbox: mailbox_table::of(index),
            unread: Cell::default(),
            index,
            first_generation,
            remotes: HandleCounter::of(index),
            running: Cell::new(None),
            panicked: Cell::new(None),
            ending: Cell::new(None),
            chain: Cell::new(0),
            stopped: Cell::new(false),
            joins_elsewhere: RefCell::default(),
            is_reacting: Cell::new(false),
            steps_since_poll: Cell::new(0),
            time_is_used_up: Cell::new(false),
            cancellers: RefCell::default(),
            tells: Cell::new(watch.is_some()),
            rotation: Rotation::default(),
            tracing: Cell::new(false),
            has_unflushed_events: Cell::new(false),
            trace: RefCell::new(None),
            #[cfg(feature = "trace-files")]
            every_loop_trace: RefCell::new(every_loop_trace),
            record,
            watch: RefCell::new(watch),
            watchdog: RefCell::new(None),
            scheduled,
        });
        #[cfg(feature = "trace-files")]
        if new.every_loop_trace.borrow().is_some() {
            new.begin_tracing();
        }
        Ok(new)
    }

    /// Runs one turn, in this order:
    ///
    /// 1. Carries out the requests from other threads.
    /// 2. Wakes the tasks whose deadlines have come.
    /// 3. Asks the operating system which descriptors are ready, though not in every turn.
    /// 4. Resumes every task that is ready now, once. With a schedule, resumes the task that it
    ///    chooses.
    pub(crate) fn turn(&self) {
        if !self.mailbox.is_empty() {
            self.carry_out_requests();
        }
        let has_timers = !self.state.borrow().timers.is_empty();
        let many_are_due = has_timers && self.wake_due();
        if self.reactor.sources.has_any() {
            self.react_now_and_then();
        }
        match &self.scheduled {
            None => {
                self.state.borrow_mut().ready.begin_turn();
                match many_are_due && !self.tells.get() {
                    false => self.resume_tasks(),
                    true => self.resume_scattered_tasks(),
                }
            }
            Some(scheduled) => self.scheduled_turn(scheduled),
        }
    }

    /// Returns whether tasks are left after a turn, and when the loop has to turn again.
    #[inline]
    pub(crate) fn turned(&self) -> Turned {
        let mut state = self.state.borrow_mut();
        if !state.ready.is_empty() {
            return Turned::Ready;
        }
        state.slots.drop_empty_cells();
        if let Some(scheduled) = &self.scheduled {
            return self.scheduled_turned(scheduled, &mut state);
        }
        match state.timers.next() {
            Some(deadline) => Turned::Until(self.clock.at(deadline)),
            None if state.slots.live_tasks() == 0 => Turned::Empty,
            None => Turned::Waiting,
        }
    }

    fn this(&self) -> Rc<Self> {
        self.this.upgrade().expect("the caller has a reference to the loop")
    }

    /// Makes the loop the host of this thread, while the guard exists. It may be called outside of
    /// a run, and inside a run of another loop.
    fn enter(&self) -> Entered {
        enter(self.this())
    }

    /// Returns the index of the loop's mailbox.
    #[inline]
    pub(crate) fn index(&self) -> u16 {
        self.index
    }

    /// Returns the generation with which the loop's slots have started.
    pub(crate) fn first_generation(&self) -> u32 {
        self.first_generation
    }

    /// Returns the number of tasks that have not ended.
    pub(crate) fn live_tasks(&self) -> usize {
        self.state.borrow().slots.live_tasks()
    }

    pub(crate) fn remote(&self) -> RemoteLoop {
        RemoteLoop::new(self.index, self.first_generation, self.remotes.count())
    }
}

/// In a debug build, a loop is watched from the start, and prints its reports. A simulation prints
/// none, because it runs the same program again and again.
fn watched_from_the_start(is_simulation: bool) -> Option<Box<WatchTable>> {
    let reporter = || (!is_simulation).then(Reporter::stderr);
    cfg!(debug_assertions).then(|| Box::new(WatchTable::new(reporter())))
}
