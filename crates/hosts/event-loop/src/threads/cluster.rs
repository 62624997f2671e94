//! [`Cluster`]: a loop on each of several threads.

use std::{
    cell::Cell,
    fmt, io,
    num::NonZero,
    panic::resume_unwind,
    pin::Pin,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use quadrivium_core::{
    Canceller, Context, Step, Task, Wait, host::refused, remote_task::RemoteHandle,
};

use crate::{
    error::RunError,
    event_loop::EventLoop,
    threads::{spawner::Spawner, stopper::Stopper},
};

/// Loops on threads of their own, one for each core, say: each with its own ready queue, timers and
/// reactor. A task stays on the loop it was spawned on, so it need not be `Send`.
///
/// Dropped, it stops its loops, which drops their tasks, and waits for their threads. On the thread
/// of a cluster's loop it waits for no thread: when one of its own tasks holds the last reference
/// to it and drops that, the task goes on to its next suspension, and then its loop ends as well.
///
/// ```
/// use quadrivium_core::turn;
/// use quadrivium_event_loop::{Cluster, EventLoop};
/// use std::num::NonZero;
///
/// let cluster = Cluster::new(NonZero::new(2).unwrap())?;
/// let handles = [cluster.spawn(turn), cluster.spawn(turn)];
/// for handle in handles {
///     EventLoop::new()?.block_on(handle)??;
/// }
/// cluster.finish()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Cluster {
    members: Vec<Member>,
    next: AtomicUsize,
}

/// One loop and its thread.
struct Member {
    /// Gone when the loop is to end.
    reach: Option<Reach>,
    thread: Option<thread::JoinHandle<Result<(), RunError>>>,
}

/// What reaches a loop from other threads.
struct Reach {
    spawner: Spawner,
    stopper: Stopper,
    /// Ends the task that keeps the loop from running out of tasks.
    idle: Canceller,
}

impl Cluster {
    /// So many loops, without tasks.
    ///
    /// # Errors
    ///
    /// `QuotaExceeded` when the operating system refuses a thread; when it refuses the descriptors
    /// a loop needs. The loops that were there by then have ended.
    pub fn new(threads: NonZero<usize>) -> io::Result<Self> {
        let mut cluster = Self { members: Vec::new(), next: AtomicUsize::new(0) };
        for index in 0..threads.get() {
            // Those that are there end with the cluster.
            cluster.members.push(Member::new(index)?);
        }
        Ok(cluster)
    }

    /// Number of loops. There is at least one.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Has the next loop, in turn, call `make`, and takes the task that it makes.
    pub fn spawn<F, T>(&self, make: F) -> RemoteHandle<T::Output>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Task + 'static,
        T::Output: Send + 'static,
    {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        self.spawner(next % self.members.len()).spawn(make)
    }

    /// Hands tasks to the loop with this index, from any thread.
    ///
    /// # Panics
    ///
    /// When there are not so many.
    pub fn spawner(&self, index: usize) -> &Spawner {
        &self.members[index].reach.as_ref().expect("it is there until the end").spawner
    }

    /// Waits until no task is left on any of the loops. Each ends when it has none left: a task
    /// that another one hands it after that counts as cancelled.
    ///
    /// # Errors
    ///
    /// [`RunError::Deadlock`] when tasks are left that nobody can wake; they have been cancelled.
    /// A clone of a [`Spawner`] that is still about could bring one that does: then this waits.
    ///
    /// [`RunError::Nested`] on the thread of one of these loops, as in their tasks: it would wait
    /// for itself. The loops are stopped then, as by a drop. Join the handles of the tasks instead.
    ///
    /// # Panics
    ///
    /// When a loop has panicked, which takes a [trace](crate::Trace) that does.
    pub fn finish(mut self) -> Result<(), RunError> {
        if self.members.iter().any(Member::is_this_thread) {
            return Err(RunError::Nested);
        }
        // All before the first is waited for: they may wait for each other's tasks.
        for member in &mut self.members {
            let reach = member.reach.take();
            reach.inspect(|reach| reach.idle.cancel());
        }
        let ends = self.members.iter_mut().map(Member::join).collect::<Vec<_>>();
        ends.into_iter().try_for_each(|end| end.unwrap_or_else(|panic| resume_unwind(panic)))
    }
}

impl Drop for Cluster {
    /// Stops the loops, which drops their tasks, and waits for their threads: not on the thread of
    /// a member, as no thread can wait for itself, and two clusters whose tasks drop them would
    /// wait for each other.
    fn drop(&mut self) {
        for reach in self.members.iter().filter_map(|member| member.reach.as_ref()) {
            reach.stopper.stop();
        }
        if IS_MEMBER.get() {
            return;
        }
        for member in &mut self.members {
            // Whoever cares how it ends calls `finish`.
            let _ = member.join();
        }
    }
}

impl Member {
    fn new(index: usize) -> io::Result<Self> {
        let (sender, receiver) = mpsc::channel();
        let thread = thread::Builder::new()
            .name(format!("quadrivium-loop-{index}"))
            .spawn(move || run(&sender))
            .map_err(|error| refused("a thread for a loop", &error))?;
        let reach = receiver.recv().expect("the loop is made first of all")?;
        Ok(Self { reach: Some(reach), thread: Some(thread) })
    }

    fn is_this_thread(&self) -> bool {
        self.thread.as_ref().is_some_and(|it| it.thread().id() == thread::current().id())
    }

    fn join(&mut self) -> thread::Result<Result<(), RunError>> {
        self.thread.take().map_or(Ok(Ok(())), thread::JoinHandle::join)
    }
}

thread_local! {
    /// Whether this thread is that of a member.
    static IS_MEMBER: Cell<bool> = const { Cell::new(false) };
}

/// The life of a member's thread.
fn run(made: &mpsc::Sender<io::Result<Reach>>) -> Result<(), RunError> {
    IS_MEMBER.set(true);
    let mut event_loop = match EventLoop::new() {
        Ok(event_loop) => event_loop,
        Err(error) => {
            let _ = made.send(Err(error));
            return Ok(());
        }
    };
    let idle = event_loop.spawn_named("the idle task of a cluster", Idle);
    let reach = Reach {
        spawner: event_loop.spawner(),
        stopper: event_loop.stopper(),
        idle: idle.canceller(),
    };
    drop(idle);
    // If nobody is there to take it, there is nobody to keep the loop from ending.
    let _ = made.send(Ok(reach));
    event_loop.run()
}

/// Waits for ever.
struct Idle;

impl Task for Idle {
    type Output = ();

    fn resume(self: Pin<&mut Self>, _: &mut Context<'_>) -> Step<()> {
        Step::Suspended(Wait::Wake)
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("len", &self.len()).finish_non_exhaustive()
    }
}
