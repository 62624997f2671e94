//! [`Shared`]: the loop itself, behind [`EventLoop`](crate::EventLoop), its handles and its tasks.
//!
//! One rule holds all of it together: **no user code runs while the state is borrowed.** Bodies, wakers,
//! destructors and traces are user code. What a borrow produces is dropped or woken after it.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::Waker,
    time::{Duration, Instant},
};

use quadrivium_core::{
    Context, JoinError, JoinHandle, Step, Task, Wait,
    host::{self, Host, HostedTask, Joined},
};

use crate::{
    Deadlock, RunError, Trace, Turned,
    clock::Clock,
    mailbox::{self, Mail, Mailbox, Post, Remote},
    reactor::Reactor,
    slots::{Outcome, Slots, Stage},
    timers::Timers,
    trace::{By, Event, EventKind, Waiting},
    waker::{self, Key},
};

pub(crate) struct Shared {
    pub(crate) state: RefCell<State>,
    reactor: RefCell<Reactor>,
    pub(crate) clock: Clock,
    mailbox: &'static Mailbox,
    pub(crate) remote: Remote,
    /// The task that is being resumed.
    pub(crate) running: Cell<Option<Key>>,
    stopped: Cell<bool>,
    tracing: Cell<bool>,
    trace: RefCell<Option<Box<dyn Trace>>>,
}

pub(crate) struct State {
    pub(crate) slots: Slots,
    pub(crate) ready: VecDeque<Key>,
    timers: Timers,
    /// What the trace has not been shown yet.
    events: Vec<Event>,
    /// The loop is being dropped: it takes no more tasks.
    pub(crate) closed: bool,
    /// A waker was cloned on another thread.
    escaped: bool,
}

impl Shared {
    pub(crate) fn new(clock: Clock) -> io::Result<Self> {
        let (reactor, bell) = Reactor::new()?;
        let (index, first_generation) = mailbox::claim(bell)?;
        Ok(Self {
            state: RefCell::new(State {
                slots: Slots::new(index, first_generation),
                ready: VecDeque::new(),
                timers: Timers::default(),
                events: Vec::new(),
                closed: false,
                escaped: false,
            }),
            reactor: RefCell::new(reactor),
            clock,
            mailbox: mailbox::of(index),
            remote: Remote { index, first_generation, count: Arc::new(()) },
            running: Cell::new(None),
            stopped: Cell::new(false),
            tracing: Cell::new(false),
            trace: RefCell::new(None),
        })
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
                Turned::Until(deadline) => self.wait_until(deadline),
                Turned::Waiting => match self.deadlock() {
                    Some(deadlock) => return Err(RunError::Deadlock(deadlock)),
                    None => self.park(None),
                },
            }
        }
    }

    /// One turn: mail, deadlines, then every task that is ready now, once.
    pub(crate) fn turn(&self) {
        if let Some(mail) = self.mailbox.take_mail() {
            self.read(mail);
        }
        self.wake_due();
        let ready = self.state.borrow().ready.len();
        for _ in 0..ready {
            self.step();
        }
        self.show_trace();
    }

    /// What is left to do after a turn.
    pub(crate) fn turned(&self) -> Turned {
        let state = self.state.borrow();
        match state.timers.next() {
            _ if !state.ready.is_empty() => Turned::Ready,
            Some(deadline) => Turned::Until(self.clock.at(deadline)),
            None if state.slots.live() == 0 => Turned::Empty,
            None => Turned::Waiting,
        }
    }

    /// Resumes the first task of the ready queue.
    fn step(&self) {
        let Some((key, mut body)) = self.start() else { return };
        self.note(key.slot(), EventKind::Resumed);
        self.running.set(Some(key));
        let waker = waker::waker(key);
        let mut output = None;
        let resume = || body.as_mut().resume_hosted(&mut Context::new(&waker), &mut output);
        match catch_unwind(AssertUnwindSafe(resume)) {
            Ok(Some(wait)) => self.suspend(key, body, wait),
            Ok(None) => {
                let output = output.expect("a task that waits for nothing has an output");
                self.end(key, body, Ok(output));
            }
            Err(payload) => self.end(key, body, Err(JoinError::Panicked(payload))),
        }
        self.running.set(None);
        self.show_trace();
    }

    /// Takes the first task out of the ready queue; none when it was cancelled there.
    fn start(&self) -> Option<(Key, HostedTask)> {
        let mut state = self.state.borrow_mut();
        let key = state.ready.pop_front()?;
        let slot = state.slots.at(key).filter(|slot| slot.stage == Stage::Ready)?;
        slot.stage = Stage::Running;
        let body = slot.body.take().expect("a ready task has its body");
        Some((key, body))
    }

    /// Puts a task back that waits.
    fn suspend(&self, key: Key, body: HostedTask, wait: Wait) {
        if self.tracing.get() {
            self.note(key.slot(), EventKind::Suspended(self.waiting(&wait)));
        }
        let mut state = self.state.borrow_mut();
        let State { slots, ready, timers, .. } = &mut *state;
        let slot = slots.slot(key.slot());
        let stage = match (slot.stage, &wait) {
            (Stage::Cancelled, _) => {
                drop(state);
                return self.end(key, body, Err(JoinError::Cancelled));
            }
            (Stage::Running, Wait::Until(_) | Wait::Wake) => Stage::Suspended,
            // Woken while it ran, or it lets the others run.
            (_, _) => Stage::Ready,
        };
        slot.body = Some(body);
        slot.stage = stage;
        if stage == Stage::Ready {
            ready.push_back(key);
        }
        let deadline = self.deadline(&wait);
        if slot.is_armed || deadline.is_some() {
            slot.is_armed = deadline.is_some();
            timers.set(key.slot(), deadline);
        }
    }

    /// The deadline of a wait, unless it is so far that it never comes.
    fn deadline(&self, wait: &Wait) -> Option<u64> {
        match wait {
            Wait::Until(deadline) => self.clock.nanos(*deadline),
            Wait::Turn | Wait::Wake => None,
        }
    }

    /// Drops a task and tells who waits for it what it has come to.
    #[inline(never)]
    fn end(&self, key: Key, body: HostedTask, joined: Joined) {
        // The destructors run first: who sees the task ended may rely on them.
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(body)));
        let joined = match dropped {
            Ok(()) => joined,
            Err(payload) => {
                drop_unread(joined);
                Err(JoinError::Panicked(payload))
            }
        };
        self.note(
            key.slot(),
            match &joined {
                Ok(_) => EventKind::Done,
                Err(JoinError::Cancelled) => EventKind::Cancelled,
                Err(JoinError::Panicked(_)) => EventKind::Panicked,
            },
        );
        let mut state = self.state.borrow_mut();
        if std::mem::take(&mut state.slots.slot(key.slot()).is_armed) {
            state.timers.set(key.slot(), None);
        }
        let ended = state.slots.end(key, joined);
        drop(state);
        match ended {
            // It may be somebody else's, and then it may panic: that is no affair of this loop.
            Outcome::Joiner(waker) => contain(|| waker.wake()),
            Outcome::Joined(unread) => drop_unread(unread),
            Outcome::Nobody | Outcome::Detached => {}
        }
    }

    /// Makes a suspended task ready; one that runs will be when it suspends.
    #[inline]
    pub(crate) fn wake(&self, key: Key) {
        let by = match self.running.get() {
            Some(_) if !self.tracing.get() => By::Outside,
            Some(running) => By::Task(self.state.borrow().slots.id(running.slot())),
            None => By::Outside,
        };
        self.wake_by(key, by);
    }

    fn wake_by(&self, key: Key, by: By) {
        let mut state = self.state.borrow_mut();
        let State { slots, ready, .. } = &mut *state;
        let Some(slot) = slots.at(key) else { return };
        match slot.stage {
            Stage::Suspended => {
                slot.stage = Stage::Ready;
                ready.push_back(key);
            }
            Stage::Running => slot.stage = Stage::Woken,
            Stage::Woken | Stage::Cancelled | Stage::Ready | Stage::Ended | Stage::Free => return,
        }
        drop(state);
        self.note(key.slot(), EventKind::Woken(by));
    }

    fn wake_due(&self) {
        if self.state.borrow().timers.is_empty() {
            return;
        }
        let now = self.clock.nanos(self.clock.now()).unwrap_or(u64::MAX);
        loop {
            let mut state = self.state.borrow_mut();
            let Some(slot) = state.timers.pop_due(now) else { return };
            state.slots.slot(slot).is_armed = false;
            let key = state.slots.key(slot);
            drop(state);
            self.wake_by(key, By::Timer);
        }
    }

    fn read(&self, mail: Mail) {
        self.state.borrow_mut().escaped |= mail.escaped;
        if mail.stop {
            self.stopped.set(true);
        }
        for post in mail.posts {
            match post {
                Post::Wake(key) => self.wake_by(key, By::Outside),
                Post::Cancel(key) => self.cancel_task(key),
            }
        }
    }

    /// Nothing is ready before `deadline`: time jumps there, or the thread sleeps.
    fn wait_until(&self, deadline: Instant) {
        let duration = deadline.saturating_duration_since(self.clock.now());
        if !self.clock.is_virtual() {
            self.park(Some(duration));
        } else if self.mailbox.is_empty() {
            self.clock.advance(duration);
        }
    }

    fn park(&self, timeout: Option<Duration>) {
        if self.mailbox.park() {
            self.reactor.borrow_mut().park(timeout);
            self.mailbox.unparked();
        }
    }

    /// The tasks that are left, when it is certain that none of them can ever run again.
    fn deadlock(&self) -> Option<Deadlock> {
        let state = self.state.borrow();
        let nobody_outside = Arc::strong_count(&self.remote.count) == 1
            && !state.escaped
            && state.slots.all_wakers_are_local();
        if !nobody_outside || !self.mailbox.is_empty() {
            return None;
        }
        let labels = state.slots.live_in_order().into_iter().map(|slot| state.slots.label(slot));
        Some(Deadlock { tasks: labels.collect() })
    }

    pub(crate) fn cancel_task(&self, key: Key) {
        let mut state = self.state.borrow_mut();
        let Some(slot) = state.slots.at(key) else { return };
        match slot.stage {
            Stage::Ready | Stage::Suspended => {
                // From here on it cannot be resumed, woken or cancelled again.
                slot.stage = Stage::Ended;
                let body = slot.body.take().expect("a task that does not run has its body");
                drop(state);
                self.end(key, body, Err(JoinError::Cancelled));
            }
            Stage::Running | Stage::Woken => slot.stage = Stage::Cancelled,
            Stage::Cancelled | Stage::Ended | Stage::Free => {}
        }
    }

    /// What a task that was blocked on came to.
    pub(crate) fn output<T: 'static>(&self, handle: JoinHandle<T>) -> Result<T, RunError> {
        let mut handle = handle;
        match Pin::new(&mut handle).resume(&mut Context::new(Waker::noop())) {
            Step::Done(joined) => joined.map_err(RunError::Task),
            Step::Suspended(_) => Err(RunError::Task(JoinError::Cancelled)),
        }
    }

    /// Drops all tasks, in the order they were spawned, and takes no more.
    pub(crate) fn close(self: &Rc<Self>) {
        let host: Rc<dyn Host> = Rc::clone(self) as _;
        let _entered = host::enter(host);
        self.state.borrow_mut().closed = true;
        // A destructor may cancel or end others, so what is left is looked up anew each time.
        let live = self.state.borrow().slots.live_in_order();
        for slot in live {
            let key = self.state.borrow().slots.key(slot);
            self.cancel_task(key);
        }
        self.show_trace();
        let next_generation = self.state.borrow().slots.next_generation();
        mailbox::release(self.remote.index, next_generation);
    }

    pub(crate) fn live(&self) -> usize {
        self.state.borrow().slots.live()
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }

    pub(crate) fn remote(&self) -> Remote {
        self.remote.clone()
    }

    pub(crate) fn waker_escapes(&self, key: Key) {
        self.state.borrow_mut().slots.escape(key);
    }

    pub(crate) fn trace(&self, trace: Box<dyn Trace>) {
        let before = self.trace.replace(Some(trace));
        drop(before);
        self.tracing.set(true);
    }

    /// Remembers what happened, for the trace.
    #[inline]
    pub(crate) fn note(&self, slot: u32, kind: EventKind) {
        if self.tracing.get() {
            self.note_event(slot, kind);
        }
    }

    #[cold]
    fn note_event(&self, slot: u32, kind: EventKind) {
        let mut state = self.state.borrow_mut();
        let (task, name) = (state.slots.id(slot), state.slots.name(slot));
        state.events.push(Event { at: self.clock.elapsed(), task, name, kind });
    }

    /// Shows the trace what has happened since it was last shown something.
    #[inline]
    fn show_trace(&self) {
        if self.tracing.get() {
            self.show_events();
        }
    }

    #[cold]
    fn show_events(&self) {
        // A trace that runs the loop would meet itself here: it is shown the rest later.
        let Ok(mut trace) = self.trace.try_borrow_mut() else { return };
        let events = std::mem::take(&mut self.state.borrow_mut().events);
        if let Some(trace) = trace.as_mut() {
            events.iter().for_each(|event| trace.record(event));
        }
    }

    fn waiting(&self, wait: &Wait) -> Waiting {
        match wait {
            Wait::Turn => Waiting::Turn,
            Wait::Until(deadline) => Waiting::Until(self.clock.since_origin(*deadline)),
            Wait::Wake => Waiting::Wake,
        }
    }
}

/// Drops what nobody will read.
pub(crate) fn drop_unread(joined: Joined) {
    contain(|| drop(joined));
}

/// Runs code that may panic where nobody can be told. The payload may panic when it is dropped, and so
/// may that one's: it is leaked.
fn contain(something: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(something)) {
        std::mem::forget(payload);
    }
}
