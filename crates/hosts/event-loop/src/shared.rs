//! [`Shared`]: the loop itself, behind [`EventLoop`](crate::EventLoop), its handles and its tasks.
//!
//! One rule holds all of it together: **no user code runs while the state is borrowed.** Bodies,
//! wakers, destructors and traces are user code. What a borrow produces is dropped or woken after
//! it.

use std::{
    cell::{Cell, RefCell},
    io,
    rc::{Rc, Weak},
    time::{Duration, Instant},
};

use quadrivium_core::{
    JoinError,
    host::{self, Entered},
};

use crate::{
    Deadlock, RunError, Trace, Turned,
    clock::Clock,
    mailbox::Mailbox,
    mailboxes::{self, Remote},
    reactor::{Bell, Reactor},
    ready::ReadyQueue,
    scheduling::Scheduling,
    shares::Shares,
    slots::Slots,
    step::contain,
    timers::Timers,
    trace::Event,
    waker::Key,
};

pub(crate) struct Shared {
    /// Itself, for what has to enter it.
    this: Weak<Shared>,
    pub(crate) state: RefCell<State>,
    pub(crate) reactor: Reactor,
    pub(crate) clock: Clock,
    /// Those that keep a virtual clock from jumping.
    pub(crate) holds: Shares,
    pub(crate) mailbox: &'static Mailbox,
    pub(crate) index: u16,
    first_generation: u32,
    /// Those that reach the loop from outside.
    pub(crate) remotes: Shares,
    /// The task that is being resumed.
    pub(crate) running: Cell<Option<Key>>,
    /// The task whose destructors a cancel or a handle runs, perhaps inside the one that is running.
    pub(crate) ending: Cell<Option<Key>>,
    /// How long the chain is of tasks, each spawned by a destructor of the one before, on a loop that is
    /// being dropped.
    pub(crate) chain: Cell<u32>,
    pub(crate) stopped: Cell<bool>,
    /// The reactor is waking tasks.
    pub(crate) is_reacting: Cell<bool>,
    pub(crate) steps_since_poll: Cell<usize>,
    /// A deadline that a new loop would have reached is beyond the end of this one's clock.
    pub(crate) time_is_used_up: Cell<bool>,
    pub(crate) tracing: Cell<bool>,
    pub(crate) trace: RefCell<Option<Box<dyn Trace>>>,
    /// There in simulations. Boxed, as the loop is small and ordinary ones have none.
    pub(crate) scheduling: Option<Box<Scheduling>>,
}

pub(crate) struct State {
    pub(crate) slots: Slots,
    pub(crate) ready: ReadyQueue,
    pub(crate) timers: Timers,
    /// What the trace has not been shown yet.
    pub(crate) events: Vec<Event>,
    /// The loop is being dropped: it takes no more tasks.
    pub(crate) closed: bool,
    /// A waker was cloned on another thread.
    pub(crate) escaped: bool,
}

impl Shared {
    pub(crate) fn new(
        clock: Clock,
        scheduling: Option<Box<Scheduling>>,
        (reactor, bell): (Reactor, Bell),
    ) -> io::Result<Rc<Self>> {
        let (index, first_generation) = mailboxes::claim(bell)?;
        Ok(Rc::new_cyclic(|this| Self {
            this: this.clone(),
            state: RefCell::new(State {
                slots: Slots::new(index, first_generation),
                ready: ReadyQueue::default(),
                timers: Timers::default(),
                events: Vec::new(),
                closed: false,
                escaped: false,
            }),
            reactor,
            clock,
            holds: Shares::of(index),
            mailbox: mailboxes::of(index),
            index,
            first_generation,
            remotes: Shares::of(index),
            running: Cell::new(None),
            ending: Cell::new(None),
            chain: Cell::new(0),
            stopped: Cell::new(false),
            is_reacting: Cell::new(false),
            steps_since_poll: Cell::new(0),
            time_is_used_up: Cell::new(false),
            tracing: Cell::new(false),
            trace: RefCell::new(None),
            scheduling,
        }))
    }

    /// Fails in a process that was forked after the loop was made. Asked once for a run, because it is a
    /// system call.
    pub(crate) fn expect_its_process(&self) -> Result<(), RunError> {
        match self.reactor.sources.are_of_this_process() {
            true => Ok(()),
            false => Err(RunError::Forked),
        }
    }

    /// Turns until `is_done`, or until no task is left, sleeping when there is nothing to do.
    pub(crate) fn drive(&self, is_done: impl Fn() -> bool) -> Result<(), RunError> {
        loop {
            self.turn();
            if is_done() {
                return Ok(());
            }
            if self.stopped.take() {
                return Err(RunError::Stopped);
            }
            match self.turned() {
                Turned::Ready => {}
                Turned::Empty => return Ok(()),
                Turned::Until(deadline) if !self.time_is_held() => self.wait_until(deadline),
                // A deadline does not come while time is held.
                Turned::Until(_) | Turned::Waiting => match self.deadlock() {
                    Some(deadlock) => return Err(RunError::Deadlock(deadlock)),
                    None => self.park(None),
                },
            }
        }
    }

    /// One turn: mail, deadlines, descriptors, then every task that is ready now, once; with a schedule, the one
    /// it chooses.
    pub(crate) fn turn(&self) {
        if let Some(mail) = self.mailbox.take_mail() {
            self.read(mail);
        }
        self.wake_due();
        if self.reactor.sources.has_any() {
            self.react_now_and_then();
        }
        match &self.scheduling {
            None => self.state.borrow_mut().ready.begin_turn(),
            Some(scheduling) => self.begin_scheduled_turn(scheduling),
        }
        // The only caller of `step`, or it would not be inlined: that costs a tenth of a turn.
        while let Some((key, body)) = self.start() {
            self.step(key, body);
        }
        if let Some(scheduling) = &self.scheduling {
            self.end_scheduled_turn(scheduling);
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
        if let Some(scheduling) = &self.scheduling {
            return self.scheduled_turned(scheduling, &state);
        }
        match state.timers.next() {
            Some(deadline) => Turned::Until(self.clock.at(deadline)),
            None if state.slots.live() == 0 => Turned::Empty,
            None => Turned::Waiting,
        }
    }

    /// Nothing is ready before `deadline`: time jumps there, or the thread sleeps.
    fn wait_until(&self, deadline: Instant) {
        let duration = deadline.saturating_duration_since(self.clock.now());
        if !self.clock.is_virtual() {
            self.park(Some(duration));
            return;
        }
        // What the operating system has to say comes before a jump.
        if self.reactor.sources.has_any() {
            self.react(Some(Duration::ZERO));
        }
        let is_idle = self.state.borrow().ready.is_empty();
        if is_idle && self.mailbox.is_empty() {
            self.clock.advance(duration);
        }
    }

    /// Whether a virtual clock stands still until the thread is woken from outside.
    pub(crate) fn time_is_held(&self) -> bool {
        self.clock.is_virtual() && self.holds.is_any_about()
    }

    fn park(&self, timeout: Option<Duration>) {
        if self.mailbox.park() {
            self.react(timeout);
            self.mailbox.unparked();
        }
    }

    /// The tasks that are left, when nobody outside the loop could wake one of them.
    pub(crate) fn deadlock(&self) -> Option<Deadlock> {
        let state = self.state.borrow();
        let nobody_outside = !self.remotes.is_any_about()
            && !state.escaped
            && state.slots.all_wakers_are_local()
            && !state.slots.any_waits_for_a_source()
            // Last, as it takes a look at all of them: a waker may be with a source though the task
            // does not say so, when a foreign future has left it there or a deadline that never
            // comes counts for more in a sum.
            && !self.reactor.sources.any_is_waited_for();
        // The mail after the count: who was counted out has put his mail in before.
        if !nobody_outside || !self.mailbox.is_empty_for_certain() {
            return None;
        }
        let labels = state.slots.live_in_order().into_iter().map(|slot| state.slots.label(slot));
        let time_is_used_up = self.time_is_used_up.get();
        Some(Deadlock { tasks: labels.collect(), time_is_used_up })
    }

    /// Drops all tasks, in the order they were spawned, and takes no more.
    pub(crate) fn close(&self) {
        let _entered = self.enter();
        self.state.borrow_mut().closed = true;
        // A destructor may end others of them; cancelling those again is harmless.
        let live = self.state.borrow().slots.live_in_order();
        for slot in live {
            let key = self.state.borrow().slots.key(slot);
            // Not put off, however deep in destructors this is: the tasks end before their loop.
            if let Some(body) = self.take_body(key) {
                self.as_the_task(key, 0, || self.end(key, body, Err(JoinError::Cancelled)));
            }
        }
        let next_generation = self.state.borrow().slots.next_generation();
        let unread = mailboxes::release(self.index, next_generation);
        unread.posts.into_iter().for_each(|post| contain(|| drop(post)));
        self.reactor.close();
        // A trace may panic, and may hold handles of this very loop.
        contain(|| self.show_trace());
        let trace = self.trace.try_borrow_mut().ok().and_then(|mut trace| trace.take());
        contain(|| drop(trace));
        if let Some(scheduling) = &self.scheduling {
            scheduling.close();
        }
    }

    pub(crate) fn this(&self) -> Rc<Self> {
        self.this.upgrade().expect("the caller has the loop")
    }

    /// Makes the loop the host of this thread, also outside a run or in one of another loop.
    pub(crate) fn enter(&self) -> Entered {
        host::enter(self.this())
    }

    pub(crate) fn live(&self) -> usize {
        self.state.borrow().slots.live()
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }

    pub(crate) fn remote(&self) -> Remote {
        let Self { index, first_generation, ref remotes, .. } = *self;
        Remote { index, first_generation, _share: remotes.give() }
    }
}
