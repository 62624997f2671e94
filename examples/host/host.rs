//! The host: a ready queue, deadlines, descriptors, wakers, join, cancel.
//!
//! ```text
//!           1 take                2 resume            4 end
//!   spawn ─────────► ready queue ───────────► running ─────► joined
//!                         ▲                      │
//!                         └── 5 wake ◄── 3 wait ─┘
//! ```

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    io, mem,
    panic::{AssertUnwindSafe, Location, catch_unwind},
    pin::pin,
    rc::{Rc, Weak},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Wake, Waker},
    thread::{self, ThreadId},
    time::{Duration, Instant},
};

use quadrivium::{
    host::*,
    prelude::*,
    task::{Canceller, Context, LocalWaker, RESUMED_AFTER_DONE, Step, Wait},
};

/// Drives tasks on one thread. Dropped, it drops its tasks.
pub struct SmallLoop(Rc<SmallHost>);

/// What tasks and their handles ask. No code of theirs runs while a part of
/// it is borrowed.
struct SmallHost {
    this: Weak<SmallHost>,
    /// From the spawn until nobody can ask for the output.
    tasks: RefCell<BTreeMap<TaskKey, Rc<Spawn>>>,
    spawned: Cell<u64>,
    ready: Arc<ReadyQueue>,
    /// A task that is woken earlier is woken once more, which is harmless.
    deadlines: RefCell<BTreeMap<Instant, Vec<Arc<TaskWaker>>>>,
    reactor: MioReactor,
    /// The task whose body runs, or whose destructors.
    label: RefCell<Option<Label>>,
}

struct Spawn {
    label: Label,
    waker: Arc<TaskWaker>,
    /// There while the task is ready or suspended.
    body: RefCell<Option<HostedTask>>,
    outcome: RefCell<Outcome>,
}

#[derive(Default)]
enum Outcome {
    #[default]
    Nobody,
    Joiner(LocalWaker),
    Detached,
    Joined(Joined),
}

/// The ready tasks, first come first served. Any thread may add one.
struct ReadyQueue {
    keys: Mutex<VecDeque<TaskKey>>,
    thread: ThreadId,
    unpark: Waker,
}

struct TaskWaker {
    key: TaskKey,
    is_ready: AtomicBool,
    is_cancelled: AtomicBool,
    ready: Arc<ReadyQueue>,
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
        let (key, ready) = (TaskKey(id.0), Arc::clone(&self.ready));
        let (is_ready, is_cancelled) = Default::default();
        let waker = TaskWaker { key, is_ready, is_cancelled, ready };
        let task = Rc::new(Spawn {
            label: Label { id, name: name.map(Arc::from), spawned_at },
            waker: Arc::new(waker),
            body: RefCell::new(Some(body)),
            outcome: RefCell::default(),
        });
        task.waker.wake_by_ref();
        self.tasks.borrow_mut().insert(key, task);
        Spawned { tasks: self, key, id }
    }
}

impl SmallHost {
    fn turn(&self) {
        for _ in 0..self.ready.keys().len() {
            let key = self.ready.keys().pop_front();
            let key = key.expect("no other thread takes one");
            // It may have ended since it was woken.
            if let Some(task) = self.task(key) {
                task.waker.is_ready.store(false, SeqCst);
                let body = task.body.take();
                body.into_iter().for_each(|body| self.step(&task, body));
            }
        }
    }

    // 2. Resume a ready task.
    fn step(&self, task: &Rc<Spawn>, mut body: HostedTask) {
        let is_cancelled = || task.waker.is_cancelled.load(SeqCst);
        let mut output = None;
        let resumed = self.run(task, || match is_cancelled() {
            true => Some(Wait::Turn),
            false => {
                fairness::begin_step();
                let waker = Waker::from(Arc::clone(&task.waker));
                let mut cx = Context::new(&waker);
                body.as_mut().resume_hosted(&mut cx, &mut output)
            }
        });
        match resumed {
            Ok(Some(_)) if is_cancelled() => {
                self.end(task, body, Err(JoinError::Cancelled))
            }
            Ok(Some(wait)) => self.suspend(task, body, wait),
            Ok(None) => self.end(task, body, Ok(output.expect("it is done"))),
            Err(panicked) => self.end(task, body, Err(panicked)),
        }
    }

    // 3. Keep it until its wait is over.
    fn suspend(&self, task: &Rc<Spawn>, body: HostedTask, wait: Wait) {
        task.body.replace(Some(body));
        match wait {
            Wait::Turn => task.waker.wake_by_ref(),
            Wait::Until(time) => {
                let mut deadlines = self.deadlines.borrow_mut();
                let waker = Arc::clone(&task.waker);
                deadlines.entry(time).or_default().push(waker);
            }
            // The reactor has its waker, or somebody else.
            Wait::Ready | Wait::Wake => {}
        }
    }

    // 4. End it: its destructors run, then it is joined.
    fn end(&self, task: &Rc<Spawn>, body: HostedTask, joined: Joined) {
        let (this, task) = (self.this(), Rc::clone(task));
        run_destructors(move || {
            let joined = this.run(&task, || drop(body)).and(joined);
            match task.outcome.replace(Outcome::Joined(joined)) {
                Outcome::Joiner(waker) => {
                    // Another executor's waker may panic.
                    let _ = this.run(&task, || waker.wake());
                }
                Outcome::Detached => this.detach(task.waker.key),
                Outcome::Nobody | Outcome::Joined(_) => {}
            }
        });
    }

    // 5. Sleep until a wake: by a deadline, a descriptor, another thread.
    fn sleep(&self) {
        let first = self.deadlines.borrow().keys().next().copied();
        let timeout = match self.ready.keys().is_empty() {
            true => first.map(|at| at.saturating_duration_since(self.now())),
            false => Some(Duration::ZERO),
        };
        self.reactor.wait(timeout);
        let mut deadlines = self.deadlines.borrow_mut();
        let later = deadlines.split_off(&self.now());
        let due = mem::replace(&mut *deadlines, later);
        due.into_values().flatten().for_each(Wake::wake);
    }

    /// Runs code of a task, which finds this host. A panic is an error.
    fn run<R>(
        &self,
        task: &Spawn,
        code: impl FnOnce() -> R,
    ) -> Result<R, JoinError> {
        let _entered = enter(self.this());
        let outer = self.label.replace(Some(task.label.clone()));
        let ran = catch_unwind(AssertUnwindSafe(code));
        self.label.replace(outer);
        ran.map_err(JoinError::panicked)
    }

    fn this(&self) -> Rc<SmallHost> {
        self.this.upgrade().expect("the loop or a handle has it")
    }

    fn task(&self, key: TaskKey) -> Option<Rc<Spawn>> {
        self.tasks.borrow().get(&key).cloned()
    }

    /// The first task that has not ended.
    fn live(&self) -> Option<TaskKey> {
        let tasks = self.tasks.borrow();
        let live = tasks.iter().find(|(_, it)| it.body.borrow().is_some());
        live.map(|(key, _)| *key)
    }
}

impl SpawnedTasks for SmallHost {
    fn join(&self, key: TaskKey, cx: &Context<'_>) -> Option<Joined> {
        // Another executor's waker runs code when it is cloned, which may
        // end the task: so this comes first.
        let joiner = cx.local_waker();
        let task = self.task(key).expect(RESUMED_AFTER_DONE);
        let former = task.outcome.take();
        if let Outcome::Joined(joined) = former {
            self.tasks.borrow_mut().remove(&key);
            return Some(joined);
        }
        task.outcome.replace(Outcome::Joiner(joiner));
        None
    }

    fn is_finished(&self, key: TaskKey) -> bool {
        let has_ended = |task: Rc<Spawn>| {
            matches!(*task.outcome.borrow(), Outcome::Joined(_))
        };
        self.task(key).is_none_or(has_ended)
    }

    fn cancel(&self, key: TaskKey) {
        let Some(task) = self.task(key) else { return };
        // One that is running ends at its next suspension.
        task.waker.is_cancelled.store(true, SeqCst);
        if let Some(body) = task.body.take() {
            self.end(&task, body, Err(JoinError::Cancelled));
        }
    }

    fn canceller(&self, key: TaskKey) -> Canceller {
        let waker = self.task(key).map(|task| Arc::clone(&task.waker));
        Canceller::new(move || {
            if let Some(waker) = &waker {
                waker.is_cancelled.store(true, SeqCst);
                waker.wake_by_ref();
            }
        })
    }

    fn detach(&self, key: TaskKey) {
        let Some(task) = self.task(key) else { return };
        let former = task.outcome.replace(Outcome::Detached);
        let has_ended = matches!(former, Outcome::Joined(_));
        let this = self.this();
        run_destructors(move || {
            let _ = this.run(&task, || drop(former));
            if has_ended {
                this.tasks.borrow_mut().remove(&key);
            }
        });
    }
}

impl ReadyQueue {
    fn keys(&self) -> MutexGuard<'_, VecDeque<TaskKey>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.is_ready.swap(true, SeqCst) {
            return;
        }
        self.ready.keys().push_back(self.key);
        if thread::current().id() != self.ready.thread {
            self.ready.unpark.wake_by_ref();
        }
    }
}

impl SmallLoop {
    pub fn new() -> io::Result<Self> {
        let (reactor, unpark) = MioReactor::with_waker()?;
        let (keys, thread) = (Mutex::default(), thread::current().id());
        Ok(Self(Rc::new_cyclic(|this| SmallHost {
            this: Weak::clone(this),
            tasks: RefCell::default(),
            spawned: Cell::default(),
            ready: Arc::new(ReadyQueue { keys, thread, unpark }),
            deadlines: RefCell::default(),
            reactor,
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
        while let Some(key) = self.0.live() {
            self.0.cancel(key);
        }
    }
}
