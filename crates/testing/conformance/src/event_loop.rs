//! Loops for tests, and functions that resume a task by hand.

use std::{
    cell::Cell,
    fmt,
    ops::Deref,
    panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind},
    task::Waker,
    time::{Duration, Instant},
};

use quadrivium::{
    EventLoop, JoinHandle, RunError, Task,
    event_loop::{Recorder, Trace, Turned},
    task::{BoxTask, Context, Step, Wait},
};

use crate::{HostLoop, LawHost, Notes, Probe, Subject, Value, Virtual, body, host::Lacks, map};

thread_local! {
    /// The host on which the law on this thread is checked.
    static HOST: Cell<&'static dyn LawHost> = const { Cell::new(&Virtual) };
    /// The number of loops that the law has made on this host.
    static LOOPS: Cell<usize> = const { Cell::new(0) };
}

/// A loop of the host on which a law is checked.
pub struct TestLoop(Box<dyn HostLoop>);

/// Makes a loop of the host, with a virtual clock if the host has one.
pub fn new_loop() -> TestLoop {
    LOOPS.set(LOOPS.get() + 1);
    TestLoop(HOST.get().new_loop())
}

/// Makes such a loop, and records its trace.
pub fn traced() -> (TestLoop, TestTrace) {
    let mut event_loop = new_loop();
    let trace = TestTrace::default();
    event_loop.trace(trace.0.clone());
    (event_loop, trace)
}

/// Returns empty notes and a new loop.
pub(crate) fn notes_and_loop() -> (Notes, TestLoop) {
    (Notes::default(), new_loop())
}

/// The trace of a loop so far.
#[derive(Debug, Default)]
pub struct TestTrace(Recorder);

/// Some lines of a trace.
#[derive(Debug)]
pub struct TraceLines(Vec<String>);

impl Deref for TestTrace {
    type Target = Recorder;

    fn deref(&self) -> &Recorder {
        &self.0
    }
}

impl TestTrace {
    /// Returns the lines after the first `n`.
    pub fn after(&self, n: usize) -> TraceLines {
        TraceLines(self.lines().split_off(n))
    }

    /// Returns the lines that contain this text.
    pub fn with(&self, text: &str) -> TraceLines {
        TraceLines(self.lines().into_iter().filter(|line| line.contains(text)).collect())
    }

    /// Checks all lines of the trace.
    ///
    /// # Panics
    ///
    /// If they differ from `expected`.
    #[track_caller]
    pub fn expect(&self, expected: &[&str]) {
        self.after(0).expect(expected);
    }
}

impl TraceLines {
    /// Checks these lines.
    ///
    /// # Panics
    ///
    /// If they differ from `expected`.
    #[track_caller]
    pub fn expect(&self, expected: &[&str]) {
        assert_eq!(self.0, expected);
    }
}

/// Makes a loop of the host on the real clock, for laws that wait for the operating system.
pub(crate) fn real_loop() -> TestLoop {
    LOOPS.set(LOOPS.get() + 1);
    TestLoop(HOST.get().real_loop())
}

/// Runs a law on this host, and returns how many loops it made.
pub(crate) fn on(host: &'static dyn LawHost, law: impl FnOnce()) -> usize {
    HOST.set(host);
    host.around(Box::new(law));
    LOOPS.get()
}

impl TestLoop {
    /// Like [`EventLoop::spawn`].
    #[track_caller]
    pub fn spawn<T>(&self, task: T) -> JoinHandle<T::Output>
    where
        T: Task + 'static,
        T::Output: 'static,
    {
        JoinHandle::spawn(self.0.host(), task, None, Location::caller())
    }

    /// Spawns a task, and runs this number of turns.
    #[track_caller]
    pub(crate) fn start<T>(&mut self, task: T, turn_count: usize) -> JoinHandle<T::Output>
    where
        T: Task + 'static,
        T::Output: 'static,
    {
        let handle = self.spawn(task);
        turns(self, turn_count);
        handle
    }

    /// Spawns a task without a handle, and runs this number of turns.
    #[track_caller]
    pub(crate) fn start_detached<T>(&mut self, task: T, turn_count: usize)
    where
        T: Task + 'static,
        T::Output: 'static,
    {
        drop(self.spawn(task));
        turns(self, turn_count);
    }

    /// Spawns a task without a handle, and runs until no task is left.
    #[track_caller]
    pub(crate) fn run_detached<T>(&mut self, task: T)
    where
        T: Task + 'static,
        T::Output: 'static,
    {
        drop(self.spawn(task));
        self.run().unwrap();
    }

    /// Like [`EventLoop::spawn_named`].
    #[track_caller]
    pub fn spawn_named<T>(&self, name: &str, task: T) -> JoinHandle<T::Output>
    where
        T: Task + 'static,
        T::Output: 'static,
    {
        JoinHandle::spawn(self.0.host(), task, Some(name), Location::caller())
    }

    /// Like [`EventLoop::now`].
    pub fn now(&self) -> Instant {
        self.0.host().now()
    }

    /// Like [`EventLoop::block_on`].
    ///
    /// # Errors
    ///
    /// The errors of [`EventLoop::block_on`].
    pub fn block_on<T>(&mut self, task: T) -> Result<T::Output, RunError>
    where
        T: Task + 'static,
        T::Output: 'static,
    {
        let value = self.0.block_on(map(task, |output| Box::new(output) as Value))?;
        Ok(*value.downcast().expect("a host hands the value on"))
    }

    /// Like [`EventLoop::run`].
    ///
    /// # Errors
    ///
    /// The errors of [`EventLoop::run`].
    pub fn run(&mut self) -> Result<(), RunError> {
        self.0.run()
    }

    /// Like [`EventLoop::turn`].
    ///
    /// # Errors
    ///
    /// The errors of [`EventLoop::turn`].
    pub fn turn(&mut self) -> Result<Turned, RunError> {
        self.0.turn()
    }

    /// Like [`EventLoop::advance`].
    pub fn advance(&mut self, duration: Duration) {
        self.0.advance(duration);
    }

    /// Like [`EventLoop::trace`].
    pub fn trace(&mut self, trace: impl Trace + 'static) {
        self.0.trace(Box::new(trace));
    }

    /// Returns the loop as the host made it. It can hand tasks to the threads of the host.
    pub fn of_the_host(&mut self) -> &mut dyn HostLoop {
        &mut *self.0
    }
}

/// The methods that do not wait are those of the [`EventLoop`] inside, on every host that has one.
impl Deref for TestLoop {
    type Target = EventLoop;

    fn deref(&self) -> &EventLoop {
        self.0.event_loop()
    }
}

impl fmt::Debug for TestLoop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// Runs `n` turns, and returns the result of the last.
pub fn turns(event_loop: &mut TestLoop, n: usize) -> Turned {
    let mut turned = Turned::Empty;
    for _ in 0..n {
        turned = event_loop.turn().expect("no loop runs on this thread");
    }
    turned
}

/// Spawns a task that waits until its probe is opened.
pub fn spawn_with_probe(subject: Subject, event_loop: &EventLoop) -> (Probe, JoinHandle<()>) {
    let probe = Probe::default();
    let handle = event_loop.spawn(subject.task(body().perform(probe.waits())));
    (probe, handle)
}

/// Makes a loop with such a task, which has suspended.
pub(crate) fn loop_with_probe(subject: Subject) -> (TestLoop, Probe, JoinHandle<()>) {
    let mut event_loop = new_loop();
    let (probe, handle) = spawn_with_probe(subject, &event_loop);
    turns(&mut event_loop, 1);
    (event_loop, probe, handle)
}

/// Resumes a task once, without a loop.
pub fn resume<T>(task: &mut BoxTask<T>) -> Step<T> {
    task.as_mut().resume(&mut Context::new(Waker::noop()))
}

/// Resumes a task once. It must suspend, and its wait is returned.
#[track_caller]
pub(crate) fn expect_suspended<T>(task: &mut BoxTask<T>) -> Wait {
    match resume(task) {
        Step::Suspended(wait) => wait,
        Step::Done(_) => panic!("a resume ended the task: it must suspend here"),
    }
}

/// Resumes a task once. It must end, and its output is returned.
#[track_caller]
pub(crate) fn expect_done<T>(task: &mut BoxTask<T>) -> T {
    match resume(task) {
        Step::Done(output) => output,
        Step::Suspended(wait) => panic!("a resume suspended the task ({wait:?}): it must end here"),
    }
}

/// Returns whether the step was the last.
pub fn is_done<T>(step: &Step<T>) -> bool {
    matches!(step, Step::Done(_))
}

/// Calls a function that may panic. A panic is returned as its message.
pub fn catch_panic<T>(something: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(something)).map_err(|payload| match payload.is::<Lacks>() {
        true => resume_unwind(payload),
        false => message(&*payload),
    })
}

/// Returns the message of a panic.
pub fn message(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| text.to_string());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "..".into())
}
