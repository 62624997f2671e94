//! [`SmallLoop`]: the host, in five steps. The data of its tasks is in
//! `tasks.rs`, their wakers are in `wakers.rs`, and `handles.rs` answers the
//! requests of their join handles.
//!
//! ```text
//!           1 take                2 resume            4 end
//!   spawn ─────────► ready queue ───────────► running ─────► joined
//!                         ▲                      │
//!                         └── 5 wake ◄── 3 wait ─┘
//! ```

use std::{
    cell::RefCell,
    io, mem,
    panic::Location,
    pin::pin,
    rc::Rc,
    sync::Arc,
    task::{Wake, Waker},
    thread,
    time::{Duration, Instant},
};

use quadrivium::{
    host::*,
    prelude::*,
    task::{Context, Step, Wait},
};

use super::{
    tasks::{Joining, SmallHost, SmallTask},
    wakers::TaskWaker,
};

/// Drives tasks on one thread. When it is dropped, it drops its tasks.
pub struct SmallLoop(pub Rc<SmallHost>);

impl SmallLoop {
    pub fn new() -> io::Result<Self> {
        SmallHost::new().map(Self)
    }

    pub fn host(&self) -> Rc<dyn Host> {
        Rc::clone(&self.0) as _
    }

    /// Runs until this task has ended. Other tasks stay for the next run.
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
        self.run_until(|| self.0.first_live_task().is_none());
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
        while let Some(key) = self.0.first_live_task() {
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

    // 1. Take a task: give it a number and make it ready.
    fn spawn(
        &self,
        body: HostedTask,
        name: Option<&str>,
        spawned_at: &'static Location<'static>,
    ) -> TaskKey {
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
        key
    }

    fn tasks(self: Rc<Self>) -> Rc<dyn SpawnedTasks> {
        self
    }
}

impl SmallHost {
    /// Resumes each task that is ready now, once.
    pub fn turn(&self) {
        for _ in 0..self.ready.len() {
            let key = self.ready.take();
            // The task may have ended since it was woken.
            let Some(task) = self.task(key) else { continue };
            task.waker.leave_queue();
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
        let mut cx = Context::new(&waker);
        fairness::begin_step();
        let resume = || body.as_mut().resume_hosted(&mut cx);
        match self.run(task, resume) {
            Ok(Some(wait)) => self.suspend(task, body, wait),
            Ok(None) => self.end(task, Ok(body)),
            Err(panicked) => self.fail(task, body, panicked),
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
            // The reactor, a task or another thread has its waker.
            Wait::Ready | Wait::Wake => {}
        }
        if task.waker.is_cancelled() {
            self.cancel(task.waker.key);
        }
    }

    // 4. End it: store its result. The output of a task is in its body.
    fn end(&self, task: &Rc<SmallTask>, joined: Joined) {
        match task.joining.replace(Joining::Ended(joined)) {
            // The waker of another executor may panic.
            Joining::Joiner(waker) => self.contain(task, || waker.wake()),
            Joining::Detached => self.detach(task.waker.key),
            Joining::NotJoined | Joining::Ended(_) => {}
        }
    }

    /// Ends a task that has no output. Its destructors run first.
    pub fn fail(
        &self,
        task: &Rc<SmallTask>,
        body: HostedTask,
        error: JoinError,
    ) {
        let (this, task) = (self.this(), Rc::clone(task));
        run_destructors(move || {
            let dropped = this.run(&task, || drop(body));
            this.end(&task, dropped.and(Err(error)));
        });
    }

    // 5. Sleep until a wake: by a deadline, a descriptor or another thread.
    fn sleep(&self) {
        let left = |at: Instant| at.saturating_duration_since(self.now());
        self.wait_for_events(match self.ready.len() {
            0 => self.first_deadline().map(left),
            _ => Some(Duration::ZERO),
        });
    }

    /// Waits for descriptors and other threads, and wakes the tasks whose
    /// deadlines have passed.
    pub fn wait_for_events(&self, timeout: Option<Duration>) {
        self.reactor.wait(timeout);
        let mut deadlines = self.deadlines.borrow_mut();
        let later = deadlines.split_off(&self.now());
        let due = mem::replace(&mut *deadlines, later);
        due.into_values().flatten().for_each(Wake::wake);
    }
}
