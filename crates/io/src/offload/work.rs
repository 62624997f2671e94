//! [`Work`]: a blocking call and, later, its output. The task and a [`ThreadPool`] share it.

use std::{
    io, mem,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Waker,
    thread,
};

use quadrivium_core::RESUMED_AFTER_DONE;

use super::pool::{ThreadPool, WorkId};

/// The blocking call. It is called with `Ok` on a thread of the pool, or with the error that says
/// why there is no thread.
pub(super) type BlockingCall<T> = Box<dyn FnOnce(io::Result<()>) -> T + Send>;

/// The task's handle to the work. If it is dropped before the work has begun, the work is removed
/// from the queue.
pub(super) struct AwaitedWork<T> {
    work: Arc<Work<T>>,
    pool: &'static ThreadPool,
    id: WorkId,
}

/// The methods that a pool calls on work. They hide the type of the output.
pub(super) trait AnyWork: Send + Sync {
    /// Makes the call on this thread.
    fn run(&self);

    /// Records that there is no thread that could make the call. The task then makes it with the
    /// error.
    fn refuse(&self, error: io::Error);
}

/// The state that the task and the pool share.
struct Work<T> {
    state: Mutex<State<T>>,
}

/// ```text
/// AwaitedWork::enqueue ──> Queued ──1──> AtWork ─┬─2──> Done ────┬─4──> Over
///                                                └─3──> Refused ─┘
///
/// 1: run, refuse begin   2: run ends   3: refuse ends
/// 4: AwaitedWork::poll takes it; AwaitedWork is dropped, from every state
/// ```
enum State<T> {
    /// Not begun. The waker is `None` until the task has polled the work.
    Queued(BlockingCall<T>, Option<Waker>),
    AtWork(Option<Waker>),
    Done(thread::Result<T>),
    Refused(BlockingCall<T>, io::Error),
    /// The task has taken the output, or has been dropped.
    Over,
}

impl<T: Send + 'static> AwaitedWork<T> {
    pub(super) fn enqueue(pool: &'static ThreadPool, call: BlockingCall<T>) -> Self {
        let work = Arc::new(Work { state: Mutex::new(State::Queued(call, None)) });
        let id = pool.enqueue(Arc::clone(&work) as Arc<dyn AnyWork>);
        Self { work, pool, id }
    }

    /// Returns the output if there is one. Otherwise stores `waker`, which is woken when the work
    /// is done. Only the waker of the last poll is woken.
    ///
    /// # Panics
    ///
    /// Panics with the panic of the call.
    pub(super) fn poll(&self, waker: &Waker) -> Option<T> {
        // The waker is cloned, and the former one dropped, while nothing is locked, because a waker
        // may be foreign code.
        let new_waker = Some(waker.clone());
        let mut state = self.work.lock();
        let _former = match mem::replace(&mut *state, State::Over) {
            State::Queued(call, former) => {
                *state = State::Queued(call, new_waker);
                former
            }
            State::AtWork(former) => {
                *state = State::AtWork(new_waker);
                former
            }
            State::Done(output) => {
                drop(state);
                return Some(output.unwrap_or_else(|panic| resume_unwind(panic)));
            }
            State::Refused(call, error) => {
                drop(state);
                return Some(call(Err(error)));
            }
            State::Over => panic!("{RESUMED_AFTER_DONE}"),
        };
        drop(state);
        None
    }
}

impl<T> Drop for AwaitedWork<T> {
    fn drop(&mut self) {
        let former = mem::replace(&mut *self.work.lock(), State::Over);
        if let State::Queued(..) = former {
            drop(self.pool.remove(self.id));
        }
    }
}

impl<T> Work<T> {
    /// No user code runs under this lock, so a poisoned lock cannot protect half-made changes.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the call out, unless the task has been dropped.
    fn take_call(&self) -> Option<BlockingCall<T>> {
        let mut state = self.lock();
        match mem::replace(&mut *state, State::Over) {
            State::Queued(call, waker) => {
                *state = State::AtWork(waker);
                Some(call)
            }
            State::Over => None,
            State::AtWork(_) | State::Done(_) | State::Refused(..) => {
                unreachable!("work is queued only once")
            }
        }
    }

    /// Stores the outcome of the call for the task, and wakes the task. If the task has been
    /// dropped, the outcome is dropped.
    fn complete(&self, outcome: State<T>) {
        let mut state = self.lock();
        // If the task has been dropped, the output is dropped after the lock was released, because
        // its destructor is user code.
        let (_dropped, waker) = match mem::replace(&mut *state, outcome) {
            State::AtWork(waker) => (None, waker),
            former => (Some(mem::replace(&mut *state, former)), None),
        };
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T: Send> AnyWork for Work<T> {
    fn run(&self) {
        if let Some(call) = self.take_call() {
            let output = catch_unwind(AssertUnwindSafe(|| call(Ok(()))));
            self.complete(State::Done(output));
        }
    }

    fn refuse(&self, error: io::Error) {
        if let Some(call) = self.take_call() {
            self.complete(State::Refused(call, error));
        }
    }
}
