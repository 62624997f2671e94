//! [`Work`]: a call on its way to a thread of a [`Pool`], and its output on the way back.

use std::{
    io, mem,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Waker,
    thread,
};

use quadrivium_core::RESUMED_AFTER_DONE;

use super::pool::{Place, Pool};

/// The call. It gets `Ok` on a thread of the pool, or the error that says why there is no thread.
pub(super) type Call<T> = Box<dyn FnOnce(io::Result<()>) -> T + Send>;

/// The task's share of the work. Dropping it takes the work out of the line, if it has not begun.
pub(super) struct Awaited<T> {
    work: Arc<Work<T>>,
    pool: &'static Pool,
    place: Place,
}

/// What a pool does with work whose output it does not know.
pub(super) trait InLine: Send + Sync {
    /// Makes the call, on this thread.
    fn run(&self);

    /// Says that there is no thread to make the call on.
    fn refuse(&self, error: io::Error);
}

/// What the task and the pool share.
struct Work<T> {
    progress: Mutex<Progress<T>>,
}

/// ```text
/// Awaited::begin ──> InLine ──1──> AtWork ─┬─2──> Done ────┬─4──> Over
///                                          └─3──> Refused ─┘
///
/// 1: run, refuse begin   2: run ends   3: refuse ends
/// 4: Awaited::poll takes it; Awaited is dropped, from every state
/// ```
enum Progress<T> {
    /// The waker is there once the task has looked.
    InLine(Call<T>, Option<Waker>),
    AtWork(Option<Waker>),
    Done(thread::Result<T>),
    Refused(Call<T>, io::Error),
    /// The task has the output, or is gone.
    Over,
}

impl<T: Send + 'static> Awaited<T> {
    pub(super) fn begin(pool: &'static Pool, call: Call<T>) -> Self {
        let work = Arc::new(Work { progress: Mutex::new(Progress::InLine(call, None)) });
        let place = pool.begin(Arc::clone(&work) as Arc<dyn InLine>);
        Self { work, pool, place }
    }

    /// The output, once it is there. Until then, the last of these wakers is woken when it is.
    ///
    /// # Panics
    ///
    /// With the panic of the call.
    pub(super) fn poll(&self, waker: &Waker) -> Option<T> {
        // Cloned and dropped while nothing is locked: a waker may be foreign code.
        let own = Some(waker.clone());
        let mut progress = self.work.lock();
        let _former = match mem::replace(&mut *progress, Progress::Over) {
            Progress::InLine(call, former) => {
                *progress = Progress::InLine(call, own);
                former
            }
            Progress::AtWork(former) => {
                *progress = Progress::AtWork(own);
                former
            }
            Progress::Done(output) => {
                drop(progress);
                return Some(output.unwrap_or_else(|panic| resume_unwind(panic)));
            }
            Progress::Refused(call, error) => {
                drop(progress);
                return Some(call(Err(error)));
            }
            Progress::Over => panic!("{RESUMED_AFTER_DONE}"),
        };
        drop(progress);
        None
    }
}

impl<T> Drop for Awaited<T> {
    fn drop(&mut self) {
        let former = mem::replace(&mut *self.work.lock(), Progress::Over);
        if let Progress::InLine(..) = former {
            drop(self.pool.forget(self.place));
        }
    }
}

impl<T> Work<T> {
    /// No user code runs under this lock, so a poisoned one holds nothing half done.
    fn lock(&self) -> MutexGuard<'_, Progress<T>> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the call, if the task still wants it made.
    fn call(&self) -> Option<Call<T>> {
        let mut progress = self.lock();
        match mem::replace(&mut *progress, Progress::Over) {
            Progress::InLine(call, waker) => {
                *progress = Progress::AtWork(waker);
                Some(call)
            }
            Progress::Over => None,
            Progress::AtWork(_) | Progress::Done(_) | Progress::Refused(..) => {
                unreachable!("it is in line once")
            }
        }
    }

    /// Leaves the task what has become of the call, unless the task is gone.
    fn end(&self, end: Progress<T>) {
        let mut progress = self.lock();
        // When the task is gone, the output is dropped after the lock was released: its destructor
        // is user code.
        let (_dropped, waker) = match mem::replace(&mut *progress, end) {
            Progress::AtWork(waker) => (None, waker),
            former => (Some(mem::replace(&mut *progress, former)), None),
        };
        drop(progress);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T: Send> InLine for Work<T> {
    fn run(&self) {
        if let Some(call) = self.call() {
            let output = catch_unwind(AssertUnwindSafe(|| call(Ok(()))));
            self.end(Progress::Done(output));
        }
    }

    fn refuse(&self, error: io::Error) {
        if let Some(call) = self.call() {
            self.end(Progress::Refused(call, error));
        }
    }
}
