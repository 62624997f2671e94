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
    threads::{inspector::LoopInspector, spawner::Spawner, stopper::Stopper},
};

/// Several loops, each on a thread of its own, for example one for each core. Each loop has its own
/// ready queue, timers and reactor. A task stays on the loop on which it was spawned, so it need
/// not be `Send`.
///
/// When a cluster is dropped, it stops its loops, which drops their tasks, and waits for their
/// threads. It does not wait if it is dropped on the thread of a cluster's loop. So a task of the
/// cluster may drop the last reference to it. That task then goes on to its next suspension before
/// its loop ends.
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
    /// Taken when the loop is to end.
    handles: Option<MemberHandles>,
    thread: Option<thread::JoinHandle<Result<(), RunError>>>,
}

/// The handles that reach a loop from other threads.
struct MemberHandles {
    spawner: Spawner,
    stopper: Stopper,
    inspector: LoopInspector,
    /// Cancels the task that keeps the loop from running out of tasks.
    idle: Canceller,
}

impl Cluster {
    /// Makes a cluster of `threads` loops, without tasks.
    ///
    /// # Errors
    ///
    /// Fails with `QuotaExceeded` when the operating system refuses a thread. Fails when it refuses
    /// the descriptors that a loop needs. Loops that were made before have ended then.
    pub fn new(threads: NonZero<usize>) -> io::Result<Self> {
        let mut cluster = Self { members: Vec::new(), next: AtomicUsize::new(0) };
        for index in 0..threads.get() {
            // On an error, the members that were made before end with the cluster.
            cluster.members.push(Member::new(index)?);
        }
        Ok(cluster)
    }

    /// Returns the number of loops, which is at least one.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Hands `make` to the next loop, going round the loops. That loop calls it and runs the task
    /// that it returns.
    pub fn spawn<F, T>(&self, make: F) -> RemoteHandle<T::Output>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Task + 'static,
        T::Output: Send + 'static,
    {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        self.spawner(next % self.members.len()).spawn(make)
    }

    /// Returns the handle that hands tasks to the loop with this index, from any thread.
    ///
    /// # Panics
    ///
    /// Panics when the cluster has fewer loops.
    pub fn spawner(&self, index: usize) -> &Spawner {
        &self.handles(index).spawner
    }

    /// Returns the handle that asks the loop with this index for a snapshot of its tasks, from any
    /// thread. A snapshot contains the task that keeps the loop from ending.
    ///
    /// # Panics
    ///
    /// Panics when the cluster has fewer loops.
    pub fn inspector(&self, index: usize) -> &LoopInspector {
        &self.handles(index).inspector
    }

    fn handles(&self, index: usize) -> &MemberHandles {
        self.members[index].handles.as_ref().expect("a member has its handles until `finish`")
    }

    /// Waits until no task is left on any of the loops. Each loop ends when it has no task left. A
    /// task that another task hands to it after that counts as cancelled.
    ///
    /// # Errors
    ///
    /// * [`RunError::Deadlock`]: tasks are left that nothing can wake. They have been cancelled.
    ///   While a clone of a [`Spawner`] exists, a new task might still wake them, so this method
    ///   waits.
    /// * [`RunError::Nested`]: the method was called on the thread of one of these loops, for
    ///   example in a task, and would wait for itself. The loops are stopped, as by a drop. Join
    ///   the handles of the tasks instead.
    ///
    /// # Panics
    ///
    /// Panics when a loop has panicked, which happens only if a [trace](crate::Trace) panics.
    pub fn finish(mut self) -> Result<(), RunError> {
        if self.members.iter().any(Member::is_this_thread) {
            return Err(RunError::Nested);
        }
        // All loops begin to end before the first is joined, because they may wait for each other's
        // tasks.
        for member in &mut self.members {
            let handles = member.handles.take();
            handles.inspect(|handles| handles.idle.cancel());
        }
        let ends = self.members.iter_mut().map(Member::join).collect::<Vec<_>>();
        ends.into_iter().try_for_each(|end| end.unwrap_or_else(|panic| resume_unwind(panic)))
    }
}

impl Drop for Cluster {
    /// Stops the loops, which drops their tasks, and waits for their threads. On the thread of a
    /// member it does not wait. A thread cannot wait for itself, and two clusters that are dropped
    /// by each other's tasks would wait for each other.
    fn drop(&mut self) {
        for handles in self.members.iter().filter_map(|member| member.handles.as_ref()) {
            handles.stopper.stop();
        }
        if IS_MEMBER.get() {
            return;
        }
        for member in &mut self.members {
            // The result is ignored here: `finish` returns it.
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
        let handles = receiver.recv().expect("the thread sends its handles, or an error, first")?;
        Ok(Self { handles: Some(handles), thread: Some(thread) })
    }

    fn is_this_thread(&self) -> bool {
        self.thread.as_ref().is_some_and(|it| it.thread().id() == thread::current().id())
    }

    fn join(&mut self) -> thread::Result<Result<(), RunError>> {
        self.thread.take().map_or(Ok(Ok(())), thread::JoinHandle::join)
    }
}

thread_local! {
    /// Whether this thread runs a member of a cluster.
    static IS_MEMBER: Cell<bool> = const { Cell::new(false) };
}

/// Runs on the thread of a member: makes the loop, sends its handles to the cluster, and runs it.
fn run(sender: &mpsc::Sender<io::Result<MemberHandles>>) -> Result<(), RunError> {
    IS_MEMBER.set(true);
    let mut event_loop = match EventLoop::new() {
        Ok(event_loop) => event_loop,
        Err(error) => {
            let _ = sender.send(Err(error));
            return Ok(());
        }
    };
    let idle = event_loop.spawn_named("the idle task of a cluster", Idle);
    let handles = MemberHandles {
        spawner: event_loop.spawner(),
        stopper: event_loop.stopper(),
        inspector: event_loop.inspector(),
        idle: idle.canceller(),
    };
    drop(idle);
    // If the cluster is gone, the handles are dropped here, so nothing keeps the loop from ending.
    let _ = sender.send(Ok(handles));
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
