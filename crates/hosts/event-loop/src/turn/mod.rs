//! [`Loop`]: the loop itself, behind [`EventLoop`](crate::EventLoop), its handles and its tasks.
//!
//! A turn is here, and each other file of this folder is one thing that the loop does. What the
//! loop is made of (`tasks`, `time`, `reactor`, mailboxes) does not know it.
//!
//! One rule holds all of it together: **no user code runs while the state is borrowed.** Bodies,
//! wakers, destructors and traces are user code. What a borrow produces is dropped or woken after
//! it.

mod step;
mod wake;
mod deadline;
mod react;
mod remote_requests;
mod run;
mod deadlock;
mod end;
mod cancel;
mod close;
mod host;
mod notes;
mod scheduled_turn;

use std::{
    cell::{Cell, RefCell},
    io,
    rc::{Rc, Weak},
    time::Instant,
};

use quadrivium_core::host::{Entered, enter};

use crate::{
    reactor::MioReactor,
    schedule::scheduled_tasks::ScheduledTasks,
    tasks::{ready_queue::ReadyQueue, slot_key::SlotKey, slots::TaskSlots},
    threads::{handle_counter::HandleCounter, remote_loop::RemoteLoop},
    time::{clock::LoopClock, task_timers::TaskTimers},
    trace::{Event, Trace},
    wake::{mailbox::Mailbox, mailbox_table, unparker::Unparker},
};

pub(crate) struct Loop {
    /// Itself, for what has to enter it.
    this: Weak<Loop>,
    state: RefCell<LoopState>,
    pub(crate) reactor: MioReactor,
    pub(crate) clock: LoopClock,
    /// The handles that keep a virtual clock from jumping.
    holds: HandleCounter,
    pub(crate) mailbox: &'static Mailbox,
    index: u16,
    first_generation: u32,
    /// The handles that reach the loop from outside.
    remotes: HandleCounter,
    /// The task that is being resumed.
    running: Cell<Option<SlotKey>>,
    /// The task whose destructors a cancel or a handle runs, perhaps inside the one that is
    /// running.
    ending: Cell<Option<SlotKey>>,
    /// How long the chain is of tasks, each spawned by a destructor of the one before, on a loop
    /// that is being dropped.
    chain: Cell<u32>,
    pub(crate) stopped: Cell<bool>,
    /// The reactor is waking tasks.
    is_reacting: Cell<bool>,
    steps_since_poll: Cell<usize>,
    /// A deadline that a new loop would have reached is beyond the end of this one's clock.
    time_is_used_up: Cell<bool>,
    tracing: Cell<bool>,
    trace: RefCell<Option<Box<dyn Trace>>>,
    /// There in simulations. Boxed, as the loop is small and ordinary ones have none.
    pub(crate) scheduled: Option<Box<ScheduledTasks>>,
}

#[derive(Default)]
struct LoopState {
    slots: TaskSlots,
    ready: ReadyQueue,
    timers: TaskTimers,
    /// What the trace has not been shown yet.
    events: Vec<Event>,
    /// The loop is being dropped: it takes no more tasks.
    closed: bool,
    /// A waker was cloned on another thread.
    escaped: bool,
}

/// What one [`turn`](crate::EventLoop::turn) left to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turned {
    /// Tasks are ready: call `turn` again soon.
    Ready,
    /// Nothing to do before this deadline, unless a wake comes.
    Until(Instant),
    /// Nothing to do until a wake comes.
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
        let (index, first_generation) = mailbox_table::claim(unparker)?;
        Ok(Rc::new_cyclic(|this| Self {
            this: this.clone(),
            state: RefCell::new(LoopState {
                slots: TaskSlots::new(index, first_generation),
                ..LoopState::default()
            }),
            reactor,
            clock,
            holds: HandleCounter::of(index),
            mailbox: mailbox_table::of(index),
            index,
            first_generation,
            remotes: HandleCounter::of(index),
            running: Cell::new(None),
            ending: Cell::new(None),
            chain: Cell::new(0),
            stopped: Cell::new(false),
            is_reacting: Cell::new(false),
            steps_since_poll: Cell::new(0),
            time_is_used_up: Cell::new(false),
            tracing: Cell::new(false),
            trace: RefCell::new(None),
            scheduled,
        }))
    }

    /// One turn: what other threads ask, deadlines, descriptors, then every task that is ready now,
    /// once; with a schedule, the task that it chooses.
    pub(crate) fn turn(&self) {
        if let Some(unread) = self.mailbox.take_unread() {
            self.serve(unread);
        }
        self.wake_due();
        if self.reactor.sources.has_any() {
            self.react_now_and_then();
        }
        match &self.scheduled {
            None => self.state.borrow_mut().ready.begin_turn(),
            Some(scheduled) => self.begin_scheduled_turn(scheduled),
        }
        // The only caller of `step`, or it would not be inlined: that costs a tenth of a turn.
        while let Some((key, body)) = self.start() {
            self.step(key, body);
        }
        if let Some(scheduled) = &self.scheduled {
            self.end_scheduled_turn(scheduled);
        }
        self.show_trace();
    }

    /// What is left to do after a turn.
    #[inline]
    pub(crate) fn turned(&self) -> Turned {
        let state = self.state.borrow();
        if !state.ready.is_empty() {
            return Turned::Ready;
        }
        if let Some(scheduled) = &self.scheduled {
            return self.scheduled_turned(scheduled, &state);
        }
        match state.timers.next() {
            Some(deadline) => Turned::Until(self.clock.at(deadline)),
            None if state.slots.live() == 0 => Turned::Empty,
            None => Turned::Waiting,
        }
    }

    fn this(&self) -> Rc<Self> {
        self.this.upgrade().expect("the caller has the loop")
    }

    /// Makes the loop the host of this thread, also outside a run or in one of another loop.
    fn enter(&self) -> Entered {
        enter(self.this())
    }

    /// The number of its mailbox.
    #[inline]
    pub(crate) fn index(&self) -> u16 {
        self.index
    }

    pub(crate) fn live(&self) -> usize {
        self.state.borrow().slots.live()
    }

    pub(crate) fn remote(&self) -> RemoteLoop {
        RemoteLoop::new(self.index, self.first_generation, self.remotes.count())
    }
}
