//! [`EventLoop`]: the public interface of the loop.

use std::{
    fmt, io,
    panic::Location,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use quadrivium_core::{
    JoinHandle, Task,
    host::{Host, contain},
    inspect::{Report, Reporter, snapshot::Tasks},
};

use crate::{
    error::RunError,
    reactor::MioReactor,
    schedule::{Schedule, scheduled_tasks::ScheduledTasks},
    threads::{inspector::LoopInspector, spawner::Spawner, stopper::Stopper},
    time::clock::LoopClock,
    trace::Trace,
    turn::{Loop, Turned},
    wake::{active_loop::ActiveLoop, unparker::Unparker},
    watchdog::limit,
};

/// Drives tasks of every style on one thread.
///
/// # Examples
///
/// ```
/// use quadrivium_core::{join, turn};
/// use quadrivium_event_loop::EventLoop;
///
/// let mut event_loop = EventLoop::new()?;
/// let handle = event_loop.spawn(turn());
/// event_loop.block_on(join(handle, turn()))?.0?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct EventLoop {
    pub(crate) inner: Rc<Loop>,
}

impl EventLoop {
    /// Returns a snapshot: what each task does that has not ended, and what it waits for.
    ///
    /// It resumes no task.
    ///
    /// ```
    /// use quadrivium_core::sync::channel;
    /// use quadrivium_event_loop::EventLoop;
    ///
    /// let mut event_loop = EventLoop::new()?;
    /// let (sender, receiver) = channel::unbounded::<u32>();
    /// let waiting = event_loop.spawn(receiver.recv());
    /// event_loop.turn()?;
    /// println!("{}", event_loop.tasks());
    /// assert!(event_loop.tasks().to_string().contains("recv of channel 1"));
    /// # drop((sender, waiting));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn tasks(&self) -> Tasks {
        self.inner.watch();
        self.inner.tasks_snapshot()
    }

    /// Makes a loop on the real clock, without tasks.
    ///
    /// # Errors
    ///
    /// Fails when the operating system refuses the descriptors that a loop needs to sleep and to be
    /// woken.
    pub fn new() -> io::Result<Self> {
        Self::with(LoopClock::real(), None)
    }

    /// Makes a loop on a virtual clock. When no task is ready, its time jumps to the next deadline.
    ///
    /// The loop does not wait for other threads before it jumps. So the next deadline comes before
    /// anything that another thread does later.
    ///
    /// # Errors
    ///
    /// As [`new`](EventLoop::new).
    pub fn with_virtual_clock() -> io::Result<Self> {
        Self::with(LoopClock::virtual_time(), None)
    }

    /// Makes a loop on a virtual clock in which `schedule` decides which ready task runs next and
    /// which faults occur. A turn of this loop is one step of one task.
    ///
    /// Such a loop is for simulations. The time that a step costs is proportional to the number of
    /// ready tasks.
    ///
    /// # Errors
    ///
    /// As [`new`](EventLoop::new).
    pub fn with_schedule(schedule: impl Schedule + 'static) -> io::Result<Self> {
        let scheduled = ScheduledTasks::new(Box::new(schedule));
        Self::with(LoopClock::virtual_time(), Some(Box::new(scheduled)))
    }

    fn with(clock: LoopClock, scheduled: Option<Box<ScheduledTasks>>) -> io::Result<Self> {
        let is_simulation = scheduled.is_some();
        Self::of(Loop::new(clock, scheduled, MioReactor::of_a_loop()?)?, is_simulation)
    }

    /// Makes a loop that runs inside another executor and sleeps when the executor does.
    pub(crate) fn of_a_guest(now: fn() -> Instant, unparker: Unparker) -> io::Result<Self> {
        let reactor = (MioReactor::of_a_guest(), unparker);
        Self::of(Loop::new(LoopClock::of(now), None, reactor)?, false)
    }

    /// Makes a loop with the tools that the environment asks for.
    fn of(inner: Rc<Loop>, is_simulation: bool) -> io::Result<Self> {
        let this = Self { inner };
        let limit = limit::of_all_loops().filter(|_| !is_simulation);
        limit.map_or(Ok(()), |limit| this.watchdog(limit))?;
        #[cfg(all(feature = "inspect", target_os = "linux"))]
        crate::inspect_socket::start_if_asked();
        Ok(this)
    }

    /// Hands a task to the loop, which starts it in a later turn.
    #[track_caller]
    pub fn spawn<T>(&self, task: T) -> JoinHandle<T::Output>
    where
        T: Task + 'static,
        T::Output: 'static,
    {
        self.spawn_at(task, None, Location::caller())
    }

    /// Like [`spawn`](EventLoop::spawn), with a name. The trace, the report of a deadlock and the
    /// message of a stack overflow show the name.
    #[track_caller]
    pub fn spawn_named<T>(&self, name: &str, task: T) -> JoinHandle<T::Output>
    where
        T: Task + 'static,
        T::Output: 'static,
    {
        self.spawn_at(task, Some(name), Location::caller())
    }

    pub(crate) fn spawn_at<T>(
        &self,
        task: T,
        name: Option<&str>,
        spawned_at: &'static Location<'static>,
    ) -> JoinHandle<T::Output>
    where
        T: Task + 'static,
        T::Output: 'static,
    {
        JoinHandle::spawn(self.host(), task, name, spawned_at)
    }

    /// Runs the loop until `task` is done, and returns its output. Other tasks stay on the loop,
    /// for the next run.
    ///
    /// # Errors
    ///
    /// * [`RunError::Nested`]: a loop is running on this thread already.
    /// * [`RunError::Forked`]: the process was forked after the loop was made.
    /// * [`RunError::Deadlock`]: the task can never be done. It has been cancelled.
    /// * [`RunError::Stopped`]: a [`Stopper`] stopped the loop. The task has been cancelled.
    /// * [`RunError::Task`]: the task panicked or was cancelled.
    #[track_caller]
    pub fn block_on<T>(&mut self, task: T) -> Result<T::Output, RunError>
    where
        T: Task + 'static,
        T::Output: 'static,
    {
        self.inner.expect_its_process()?;
        let active = ActiveLoop::enter(&self.inner)?;
        let mut handle = self.spawn_at(task, None, Location::caller());
        if let Some(scheduled) = &self.inner.scheduled {
            scheduled.blocks_on(handle.id());
        }
        let driven = self.inner.drive(|| handle.is_finished());
        if driven.is_err() {
            handle.cancel();
        }
        let output = self.inner.take_output(&mut handle);
        drop(handle);
        let output = match driven {
            Ok(()) => output,
            Err(error) => {
                // The output may be the payload of a panic from a destructor that the cancel has
                // run. The payload may panic when it is dropped.
                contain(|| drop(output));
                Err(error)
            }
        };
        drop(active);
        output
    }

    /// Runs the loop until no task is left.
    ///
    /// # Errors
    ///
    /// * [`RunError::Nested`]: a loop is running on this thread already.
    /// * [`RunError::Forked`]: the process was forked after the loop was made.
    /// * [`RunError::Deadlock`]: tasks are left, but none can go on, and nothing outside the loop
    ///   can wake one.
    ///
    /// A loop that is stopped by a [`Stopper`] returns `Ok`.
    pub fn run(&mut self) -> Result<(), RunError> {
        self.inner.expect_its_process()?;
        let _active = ActiveLoop::enter(&self.inner)?;
        match self.inner.drive(|| false) {
            Err(RunError::Stopped) => Ok(()),
            driven => driven,
        }
    }

    /// Runs one turn, which resumes every task that is ready now, once.
    ///
    /// It never sleeps, so it can be called from another loop. On a virtual clock, time does not
    /// jump: use [`advance`](EventLoop::advance) for that.
    ///
    /// # Errors
    ///
    /// * [`RunError::Nested`]: a loop is running on this thread already.
    /// * [`RunError::Forked`]: the process was forked after the loop was made, and descriptors are
    ///   registered with the loop.
    pub fn turn(&mut self) -> Result<Turned, RunError> {
        // The check is a system call, so it is made only when the turn may make one as well.
        if self.inner.reactor.sources.has_any() {
            self.inner.expect_its_process()?;
        }
        let _active = ActiveLoop::enter(&self.inner)?;
        self.inner.turn();
        Ok(self.inner.turned())
    }

    /// Lets time pass on the loop's clock. A virtual clock jumps. On the real clock the thread
    /// sleeps.
    ///
    /// # Panics
    ///
    /// Panics when a virtual clock would leave the range of [`Instant`].
    pub fn advance(&mut self, duration: Duration) {
        self.inner.block_for(duration);
    }

    /// Returns the time on the loop's clock.
    pub fn now(&self) -> Instant {
        self.inner.now()
    }

    /// Returns the time since the loop was made, on its clock.
    pub fn elapsed(&self) -> Duration {
        self.inner.clock.elapsed()
    }

    /// Returns the number of tasks that have not ended.
    pub fn live(&self) -> usize {
        self.inner.live_tasks()
    }

    /// Passes everything that happens to tasks from now on to `trace`.
    pub fn trace(&mut self, trace: impl Trace + 'static) {
        self.inner.trace(Box::new(trace));
    }

    /// Keeps more about each task from now on: how long it waits, its steps, and the task that has
    /// spawned it. [`tasks`](EventLoop::tasks) returns it, and
    /// [`Tasks::watched`](quadrivium_core::inspect::snapshot::Tasks::watched) shows it.
    ///
    /// In a debug build a loop is watched from the start. In a release build, each step then takes
    /// about a hundred nanoseconds longer. A snapshot, a trace and a reporter begin it as well.
    ///
    /// ```
    /// use quadrivium_core::sleep;
    /// use quadrivium_event_loop::EventLoop;
    /// use std::time::Duration;
    ///
    /// let mut event_loop = EventLoop::with_virtual_clock()?;
    /// event_loop.watch();
    /// let _sleeps = event_loop.spawn_named("sleeps", sleep(Duration::from_secs(9)));
    /// event_loop.block_on(sleep(Duration::from_secs(2)))?;
    /// assert_eq!(
    ///     event_loop.tasks().watched().to_string(),
    ///     "task 1 \"sleeps\": for 2s, 1 step, longest step 0ns, spawned outside of tasks"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn watch(&self) {
        self.inner.watch();
    }

    /// Passes the reports of this loop to `reporter` from now on: what the loop notices about its
    /// tasks. It is called between two steps, while nothing is borrowed.
    ///
    /// In a debug build, a loop without a reporter of its own prints its reports to standard error.
    /// In a release build, it looks for nothing. A simulation reports nothing by itself.
    ///
    /// ```
    /// use quadrivium_core::{Step, Task};
    /// use quadrivium_event_loop::EventLoop;
    /// # use std::pin::Pin;
    /// use std::sync::{Arc, Mutex};
    ///
    /// /// A task that panics at once.
    /// struct Panics;
    /// # impl Task for Panics {
    /// #     type Output = ();
    /// #     fn resume(self: Pin<&mut Self>, _: &mut quadrivium_core::Context<'_>) -> Step<()> {
    /// #         panic!("on purpose")
    /// #     }
    /// # }
    ///
    /// let mut event_loop = EventLoop::new()?;
    /// let reports = Arc::new(Mutex::new(Vec::new()));
    /// let seen = Arc::clone(&reports);
    /// event_loop.reporter(move |report| seen.lock().unwrap().push(report.to_string()));
    /// drop(event_loop.spawn_named("worker", Panics));
    /// event_loop.run()?;
    /// let reports = reports.lock().unwrap();
    /// assert!(reports[0].starts_with("task 1 \"worker\" (spawned at "));
    /// assert!(reports[0].ends_with(" has panicked, and no task joins it: on purpose"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reporter(&self, reporter: impl Fn(&Report) + Send + Sync + 'static) {
        self.inner.report_to(Reporter::new(reporter));
    }

    /// Reports each task that occupies the loop for longer than `limit`, while it does: the task,
    /// how long, and in which system call its thread is blocked. Such a task keeps all other tasks
    /// of the loop from running. The report is repeated with growing pauses, and one more comes at
    /// the end of the step.
    ///
    /// A thread of its own watches the steps, and passes the reports to the
    /// [`reporter`](EventLoop::reporter) of the loop. If there is none, it prints them to standard
    /// error. The thread ends with the loop. It measures real time, also if the clock of the loop
    /// is virtual. A step takes about a hundred nanoseconds longer with a watchdog.
    ///
    /// A second call replaces the limit. `QUADRIVIUM_WATCHDOG=100ms` gives each loop of a program a
    /// watchdog, except for simulations. `docs/hangs.md` shows the reports.
    ///
    /// # Errors
    ///
    /// Fails when the operating system refuses the thread.
    ///
    /// # Examples
    ///
    /// ```
    /// use quadrivium_event_loop::EventLoop;
    /// use std::{sync::mpsc, time::Duration};
    ///
    /// # use std::pin::Pin;
    /// # use quadrivium_core::{Context, Step, Task};
    /// # struct Blocks(mpsc::Receiver<String>);
    /// # impl Task for Blocks {
    /// #     type Output = String;
    /// #     fn resume(self: Pin<&mut Self>, _: &mut Context<'_>) -> Step<String> {
    /// #         Step::Done(self.0.recv().unwrap())
    /// #     }
    /// # }
    /// let mut event_loop = EventLoop::new()?;
    /// let (sender, receiver) = mpsc::channel();
    /// event_loop.reporter(move |report| drop(sender.send(report.to_string())));
    /// event_loop.watchdog(Duration::from_millis(10))?;
    /// // This task blocks the thread until the report has come.
    /// let report = event_loop.block_on(Blocks(receiver))?;
    /// assert!(report.contains("occupies its loop"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn watchdog(&self, limit: Duration) -> io::Result<()> {
        self.inner.start_watchdog(limit)
    }

    /// Sets how long tasks must have waited for each other before the loop reports that it
    /// suspects a cycle. Before the first call it is one second of the loop's clock.
    ///
    /// A guard or a permit may have been moved to a task that is about to drop it. So a cycle of
    /// waits for locks may be resolved while it looks like one. A longer time makes such a report
    /// less likely.
    pub fn suspect_after(&self, time: Duration) {
        self.inner.with_new_watch(|watch| watch.suspect_after = time);
    }

    /// Returns the loop as a host. A host is what drives tasks: they get the time from it and spawn
    /// tasks on it.
    ///
    /// Code that runs outside of a task, such as the destructor of an output, has no host.
    /// [Enter](quadrivium_core::host::enter) this one to give such code the loop. Once the loop is
    /// dropped, the host takes no more tasks.
    ///
    /// ```
    /// use quadrivium_core::{host, now};
    /// use quadrivium_event_loop::EventLoop;
    /// use std::time::Duration;
    ///
    /// let mut event_loop = EventLoop::with_virtual_clock()?;
    /// event_loop.advance(Duration::from_secs(1));
    /// let _entered = host::enter(event_loop.host());
    /// assert_eq!(now(), event_loop.now());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn host(&self) -> Rc<dyn Host> {
        Rc::clone(&self.inner) as _
    }

    /// Returns a handle that hands tasks to this loop, from any thread.
    pub fn spawner(&self) -> Spawner {
        Spawner { remote: self.inner.remote() }
    }

    /// Returns a handle that asks this loop for a snapshot, from any thread.
    pub fn inspector(&self) -> LoopInspector {
        LoopInspector::new(Arc::clone(&self.inner.record))
    }

    /// Returns a handle that stops this loop, from any thread.
    pub fn stopper(&self) -> Stopper {
        Stopper { remote: self.inner.remote() }
    }
}

impl Drop for EventLoop {
    fn drop(&mut self) {
        self.inner.close();
    }
}

impl fmt::Debug for EventLoop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventLoop").field("live", &self.live()).finish_non_exhaustive()
    }
}
