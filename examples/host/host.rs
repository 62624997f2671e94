//! The host: its steps. Who wakes a task is in `wakers.rs`, and what a join
//! handle asks in `handles.rs`.
//!
//! ```text
//!           1 take                2 resume            4 end
//!   spawn ─────────► ready queue ───────────► running ─────► joined
//!                         ▲                      │
//!                         └── 5 wake ◄── 3 wait ─┘
//! ```

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    io, mem,
    panic::{AssertUnwindSafe, Location, catch_unwind},
    pin::pin,
    rc::{Rc, Weak},
    sync::Arc,
    task::{Wake, Waker},
    thread,
    time::{Duration, Instant},
};

use quadrivium::{
    host::*,
    prelude::*,
    task::{Context, LocalWaker, Step, Wait},
};

use super::wakers::{ReadyKeys, TaskWaker};

/// Drives tasks on one thread. Dropped, it drops its tasks.
pub struct SmallLoop(pub Rc<SmallHost>);

/// What tasks and their handles ask. No code of theirs runs while a part of
/// it is borrowed.
pub struct SmallHost {
    this: Weak<SmallHost>,
    /// From the spawn until nobody can ask for the output.
    pub tasks: RefCell<BTreeMap<TaskKey, Rc<SmallTask>>>,
    spawned: Cell<u64>,
    pub ready: Arc<ReadyKeys>,
    /// A task that is woken earlier is woken once more, which is harmless.
    deadlines: RefCell<BTreeMap<Instant, Vec<Arc<TaskWaker>>>>,
    reactor: MioReactor,
    /// A task that is spawned from now on is dropped at once.
    is_closed: Cell<bool>,
    /// The task whose body runs, or whose destructors.
    label: RefCell<Option<Label>>,
}

pub struct SmallTask {
    label: Label,
    pub waker: Arc<TaskWaker>,
    /// There while the task is ready or suspended.
    pub body: RefCell<Option<HostedTask>>,
    pub joining: RefCell<Joining>,
}

#[derive(Default)]
pub enum Joining {
    #[default]
    Nobody,
    Joiner(LocalWaker),
    Detached,
    Joined(Joined),
}

impl SmallLoop {
    pub fn new() -> io::Result<Self> {
        let (reactor, unpark) = MioReactor::with_waker()?;
        let ready = ReadyKeys::new(unpark);
        Ok(Self(Rc::new_cyclic(|this| SmallHost {
            this: Weak::clone(this),
            tasks: RefCell::default(),
            spawned: Cell::default(),
            ready,
            deadlines: RefCell::default(),
            reactor,
            is_closed: Cell::default(),
            label: RefCell::default(),
        })))
    }

    pub fn host(&self) -> Rc<dyn Host> {
        Rc::clone(&self.0) as _
    }

    /// Runs until the task has ended. The others stay for the next run.
    #[track_caller]
    pub fn block_on<T>(&mut self, task: T) -> Result<T::Output, JoinError>
    where
        T: Task + 'static,
        T::Output: 'static,
    {
        let at = Location::caller();
        let handle = JoinHandle::spawn(self.host(), task, None, at);
        self.run_until(|| handle.is_finished());
        fairness::begin_step();
        match pin!(handle).resume(&mut Context::new(Waker::noop())) {
            Step::Done(joined) => joined,
            Step::Suspended(_) => unreachable!("the task has ended"),
        }
    }

    /// Runs until no task is left.
    pub fn run(&mut self) {
        self.run_until(|| self.0.live().is_none());
    }

    fn run_until(&self, is_over: impl Fn() -> bool) {
        let _entered = enter(self.host());
        while !is_over() {
            self.0.sleep();
            self.0.turn();
        }
    }
}

impl Drop for SmallLoop {
    fn drop(&mut self) {
        self.0.is_closed.set(true);
        while let Some(key) = self.0.live() {
            self.0.cancel(key);
        }
    }
}

impl Host for SmallHost {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn block_for(&self, duration: Duration) {
        thread::sleep(duration);
    }

    fn label(&self) -> Option<Label> {
        self.label.borrow().clone()
    }

    fn reactor(&self) -> io::Result<Arc<dyn Reactor>> {
        self.reactor.sources()
    }

    // 1. Take a task: it has a number, and is ready.
    fn spawn(
        self: Rc<Self>,
        body: HostedTask,
        name: Option<&str>,
        spawned_at: &'static Location<'static>,
    ) -> Spawned {
        self.spawned.update(|n| n + 1);
        let id = TaskId(self.spawned.get());
        let key = TaskKey(id.0);
        let task = Rc::new(SmallTask {
            label: Label { id, name: name.map(Arc::from), spawned_at },
            waker: TaskWaker::new(key, Arc::clone(&self.ready)),
            body: RefCell::new(Some(body)),
            joining: RefCell::default(),
        });
        Arc::clone(&task.waker).wake();
        self.tasks.borrow_mut().insert(key, task);
        if self.is_closed.get() {
            self.cancel(key);
        }
        Spawned { tasks: self, key, id }
    }
}

impl SmallHost {
    /// Each task that is ready now, once.
    pub fn turn(&self) {
        for _ in 0..self.ready.len() {
            let key = self.ready.take();
            // It may have ended since it was woken.
            let Some(task) = self.task(key) else { continue };
            task.waker.begin();
            if task.waker.is_cancelled() {
                self.cancel(key);
            }
            if let Some(body) = task.body.take() {
                self.step(&task, body);
            }
        }
    }

    // 2. Resume a ready task.
    fn step(&self, task: &Rc<SmallTask>, mut body: HostedTask) {
        let waker = Waker::from(Arc::clone(&task.waker));
        let (mut cx, mut output) = (Context::new(&waker), None);
        fairness::begin_step();
        let resume = || body.as_mut().resume_hosted(&mut cx, &mut output);
        match self.run(task, resume) {
            Ok(Some(wait)) => self.suspend(task, body, wait),
            Ok(None) => self.end(task, body, Ok(output.expect("it is done"))),
            Err(panicked) => self.end(task, body, Err(panicked)),
        }
    }

    // 3. Keep it until its wait is over.
    fn suspend(&self, task: &Rc<SmallTask>, body: HostedTask, wait: Wait) {
        task.body.replace(Some(body));
        match wait {
            Wait::Turn => Arc::clone(&task.waker).wake(),
            Wait::Until(time) => {
                let mut deadlines = self.deadlines.borrow_mut();
                let waker = Arc::clone(&task.waker);
                deadlines.entry(time).or_default().push(waker);
            }
            // The reactor has its waker, or somebody else.
            Wait::Ready | Wait::Wake => {}
        }
        if task.waker.is_cancelled() {
            self.cancel(task.waker.key);
        }
    }

    // 4. End it: its destructors run, then it is joined.
    pub fn end(&self, task: &Rc<SmallTask>, body: HostedTask, joined: Joined) {
        let (this, task) = (self.this(), Rc::clone(task));
        run_destructors(move || {
            let joined = this.run(&task, || drop(body)).and(joined);
            match task.joining.replace(Joining::Joined(joined)) {
                // Another executor's waker may panic.
                Joining::Joiner(waker) => this.contain(&task, || waker.wake()),
                Joining::Detached => this.detach(task.waker.key),
                Joining::Nobody | Joining::Joined(_) => {}
            }
        });
    }

    // 5. Sleep until a wake: by a deadline, a descriptor, another thread.
    fn sleep(&self) {
        let left = |at: Instant| at.saturating_duration_since(self.now());
        self.look(match self.ready.len() {
            0 => self.first_deadline().map(left),
            _ => Some(Duration::ZERO),
        });
    }

    pub fn look(&self, timeout: Option<Duration>) {
        self.reactor.wait(timeout);
        let mut deadlines = self.deadlines.borrow_mut();
        let later = deadlines.split_off(&self.now());
        let due = mem::replace(&mut *deadlines, later);
        due.into_values().flatten().for_each(Wake::wake);
    }

    /// Runs code of a task, which finds this host. A panic is an error.
    pub fn run<R>(
        &self,
        task: &SmallTask,
        code: impl FnOnce() -> R,
    ) -> Result<R, JoinError> {
        let _entered = enter(self.this());
        let outer = self.label.replace(Some(task.label.clone()));
        let ran = catch_unwind(AssertUnwindSafe(code));
        self.label.replace(outer);
        ran.map_err(JoinError::panicked)
    }

    /// The same, where nobody can be told of a panic. What it carries may
    /// panic when it is dropped.
    pub fn contain(&self, task: &SmallTask, code: impl FnOnce()) {
        self.run(task, code).unwrap_or_else(mem::forget);
    }

    pub fn this(&self) -> Rc<SmallHost> {
        self.this.upgrade().expect("the loop or a handle has it")
    }

    pub fn task(&self, key: TaskKey) -> Option<Rc<SmallTask>> {
        self.tasks.borrow().get(&key).cloned()
    }

    pub fn first_deadline(&self) -> Option<Instant> {
        self.deadlines.borrow().keys().next().copied()
    }

    /// The first task that has not ended.
    pub fn live(&self) -> Option<TaskKey> {
        let tasks = self.tasks.borrow();
        let live = tasks.iter().find(|(_, it)| it.body.borrow().is_some());
        live.map(|(key, _)| *key)
    }
}
