//! [`EventLoop`]: what a user of the loop sees.

use std::{
    fmt, io,
    panic::Location,
    rc::Rc,
    time::{Duration, Instant},
};

use quadrivium_core::{
    JoinHandle, Task,
    host::{Host, contain},
};

use crate::{
    error::RunError,
    reactor::MioReactor,
    schedule::{Schedule, scheduled_tasks::ScheduledTasks},
    threads::{spawner::Spawner, stopper::Stopper},
    time::clock::LoopClock,
    trace::Trace,
    turn::{Loop, Turned},
    wake::{active_loop::ActiveLoop, unparker::Unparker},
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
    /// A loop on the real clock, without tasks.
    ///
    /// # Errors
    ///
    /// When the operating system refuses the descriptors a loop needs to sleep and be woken.
    pub fn new() -> io::Result<Self> {
        Self::with(LoopClock::real(), None)
    }

    /// A loop on a virtual clock: when no task is ready, time jumps to the next deadline.
    ///
    /// It does not wait for other threads: a deadline that a task of this loop waits for comes
    /// before whatever another thread will do later.
    ///
    /// # Errors
    ///
    /// As [`new`](EventLoop::new).
    pub fn with_virtual_clock() -> io::Result<Self> {
        Self::with(LoopClock::virtual_time(), None)
    }

    /// A loop on a virtual clock in which `schedule` decides what the loop leaves open: which ready
    /// task runs next, and what goes wrong. A turn is one step of one task.
    ///
    /// It is for simulations: a step costs time in proportion to the number of ready tasks.
    ///
    /// # Errors
    ///
    /// As [`new`](EventLoop::new).
    pub fn with_schedule(schedule: impl Schedule + 'static) -> io::Result<Self> {
        let scheduled = ScheduledTasks::new(Box::new(schedule));
        Self::with(LoopClock::virtual_time(), Some(Box::new(scheduled)))
    }

    fn with(clock: LoopClock, scheduled: Option<Box<ScheduledTasks>>) -> io::Result<Self> {
        Ok(Self { inner: Loop::new(clock, scheduled, MioReactor::of_a_loop()?)? })
    }

    /// A loop that sleeps in another executor.
    pub(crate) fn of_a_guest(now: fn() -> Instant, unparker: Unparker) -> io::Result<Self> {
        let reactor = (MioReactor::of_a_guest(), unparker);
        Ok(Self { inner: Loop::new(LoopClock::of(now), None, reactor)? })
    }

    /// Hands a task to the loop. It starts in a later turn.
    #[track_caller]
    pub fn spawn<T>(&self, task: T) -> JoinHandle<T::Output>
    where
        T: Task + 'static,
        T::Output: 'static,
    {
        self.spawn_at(task, None, Location::caller())
    }

    /// [`spawn`](EventLoop::spawn) with a name, which the trace, a deadlock and a stack overflow
    /// show.
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

    /// Runs the loop until `task` is done. Other tasks stay where they are, for the next run.
    ///
    /// # Errors
    ///
    /// [`RunError::Nested`] inside a running loop; [`RunError::Forked`] in a process that was
    /// forked after the loop was made; [`RunError::Deadlock`] when the task can never be done, it
    /// is then cancelled; [`RunError::Stopped`]; [`RunError::Task`] when it panicked or was
    /// cancelled.
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
        let output = self.inner.output(&mut handle);
        drop(handle);
        let output = match driven {
            Ok(()) => output,
            Err(error) => {
                // It may be the panic of a destructor that the cancel has run.
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
    /// [`RunError::Nested`] inside a running loop; [`RunError::Forked`] in a process that was
    /// forked after the loop was made; [`RunError::Deadlock`] when tasks are left that nobody
    /// outside the loop can wake. A [stop](Stopper) is no error here.
    pub fn run(&mut self) -> Result<(), RunError> {
        self.inner.expect_its_process()?;
        let _active = ActiveLoop::enter(&self.inner)?;
        match self.inner.drive(|| false) {
            Err(RunError::Stopped) => Ok(()),
            driven => driven,
        }
    }

    /// Runs one turn: every task that is ready now, once. Never sleeps, for use inside another
    /// loop; on a virtual clock, time does not jump (see [`advance`](EventLoop::advance)).
    ///
    /// # Errors
    ///
    /// [`RunError::Nested`] inside a running loop; [`RunError::Forked`] in a process that was
    /// forked after the loop was made, if tasks have waited for descriptors before.
    pub fn turn(&mut self) -> Result<Turned, RunError> {
        // The answer is a system call: it is asked for only where a turn may be one, too.
        if self.inner.reactor.sources.has_any() {
            self.inner.expect_its_process()?;
        }
        let _active = ActiveLoop::enter(&self.inner)?;
        self.inner.turn();
        Ok(self.inner.turned())
    }

    /// Lets time pass on the loop's clock: a virtual one jumps, on the real one the thread sleeps.
    ///
    /// # Panics
    ///
    /// When a virtual clock would leave the range of [`Instant`].
    pub fn advance(&mut self, duration: Duration) {
        self.inner.block_for(duration);
    }

    /// The time on the loop's clock.
    pub fn now(&self) -> Instant {
        self.inner.now()
    }

    /// The time since the loop was made, on its clock.
    pub fn elapsed(&self) -> Duration {
        self.inner.clock.elapsed()
    }

    /// Number of tasks that have not ended.
    pub fn live(&self) -> usize {
        self.inner.live()
    }

    /// Shows everything that happens to tasks from now on to `trace`.
    pub fn trace(&mut self, trace: impl Trace + 'static) {
        self.inner.trace(Box::new(trace));
    }

    /// The loop as the host of its tasks: [entered](quadrivium_core::host::enter), it is what code
    /// on this thread reaches that runs outside of them, such as the destructor of an output that
    /// is used elsewhere. Once the loop is dropped, it takes no more tasks.
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

    /// A handle that hands tasks to this loop, from any thread.
    pub fn spawner(&self) -> Spawner {
        Spawner { remote: self.inner.remote() }
    }

    /// A handle that stops this loop, from any thread.
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
