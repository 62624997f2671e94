//! [`spawn_pinned`]: a task of any style on one of may's workers, where it stays.
//!
//! ```text
//!   wake ──► the runner of the worker ──► on its thread: polls the task, which is kept there
//! ```

use std::{
    cell::RefCell,
    collections::HashMap,
    fmt::Display,
    future::Future,
    panic::{AssertUnwindSafe, Location, catch_unwind},
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Wake, Waker},
};

use quadrivium_core::{
    Canceller, JoinError, Task, host,
    remote::{Promise, RemoteHandle},
};
use quadrivium_event_loop::{GuestLoop, RunError};

use crate::{
    executor::May,
    ready::Runnable,
    runtime::{self, Runtime},
    worker::workers,
};

/// Has this worker of may call `make`, and runs the task that it makes there, with a loop of its own.
///
/// What moves to the worker is `make`. The task stays on its thread, and so does what it spawns: none
/// of it need be `Send`, so it may be of any style, green threads as well. Tasks that are pinned to
/// different workers run at the same time. May's other tasks and coroutines run in between.
///
/// ```
/// use quadrivium::{may, green::perform, prelude::*};
/// use std::time::Duration;
///
/// let answer = may::spawn_pinned(0, || green(|| {
///     let half = spawn(generator(|mut co| async move {
///         co.perform(sleep(Duration::from_millis(1))).await;
///         21
///     }));
///     2 * perform(half).unwrap()
/// }));
/// assert_eq!(may::block_on(answer)??, 42);
/// # Ok::<(), JoinError>(())
/// ```
///
/// # Panics
///
/// When there is no worker of this number (they are counted from 0, and there are
/// [`workers`]), and as [`spawn`](crate::spawn). The task panics when it can never go on and nobody
/// has its handle, who could cancel it.
#[track_caller]
pub fn spawn_pinned<F, T>(worker: usize, make: F) -> RemoteHandle<T::Output>
where
    F: FnOnce() -> T + Send + 'static,
    T: Task + 'static,
    T::Output: Send + 'static,
{
    let runtime = runtime::expect();
    let there_are = workers();
    assert!(
        worker < there_are,
        "there is no worker {worker} of may: they are 0 to {}",
        there_are - 1
    );
    let spawned_at = Location::caller();
    let (promise, handle) = RemoteHandle::new();
    let make = move || -> Resident {
        Box::pin(async move {
            if !promise.is_cancelled() {
                return live(make, spawned_at, promise, May::new(runtime)).await;
            }
            // It is dropped where it was to be used.
            promise.end(match catch_unwind(AssertUnwindSafe(|| drop(make))) {
                Ok(()) => Err(JoinError::Cancelled),
                Err(payload) => Err(JoinError::panicked(payload)),
            });
        })
    };
    Arc::new(Place::new(runtime, worker, Box::new(make))).wake();
    handle
}

/// Makes the task and runs it, on a loop that ends with it. Then the waiting task is told.
async fn live<T>(
    make: impl FnOnce() -> T,
    spawned_at: &'static Location<'static>,
    promise: Promise<T::Output>,
    executor: May,
) where
    T: Task + 'static,
    T::Output: 'static,
{
    let mut guest_loop = match GuestLoop::new(executor) {
        Ok(guest_loop) => guest_loop,
        Err(error) => return promise.end(Err(panicked(&error))),
    };
    // The one that has the handle may cancel the task, so meanwhile no deadlock is certain.
    let stopper = guest_loop.stopper();
    promise.cancel_by(Canceller::new(move || stopper.stop()));
    let joined = match catch_unwind(AssertUnwindSafe(make)) {
        Ok(task) => guest_loop.perform_at(task, spawned_at).await.map_err(join_error),
        Err(payload) => Err(JoinError::panicked(payload)),
    };
    let host = guest_loop.host();
    drop(guest_loop);
    // If nobody waits, the output is dropped here: its destructor has the host that its task had.
    let _entered = host::enter(host);
    promise.end(joined);
}

fn join_error(error: RunError) -> JoinError {
    match error {
        RunError::Task(error) => error,
        RunError::Stopped => JoinError::Cancelled,
        RunError::Deadlock(_) | RunError::Nested | RunError::Forked => panicked(&error),
    }
}

fn panicked(error: &dyn Display) -> JoinError {
    JoinError::panicked(Box::new(error.to_string()))
}

/// A task and its loop. It stays on its thread.
type Resident = Pin<Box<dyn Future<Output = ()>>>;

thread_local! {
    /// What is on this worker, by the numbers of the places.
    static RESIDENTS: RefCell<HashMap<u64, Resident>> = RefCell::default();
}

/// How a task that stays on its thread is reached from others. It is its waker.
struct Place {
    runtime: &'static Runtime,
    number: u64,
    worker: usize,
    /// Makes what is here, on the worker's thread.
    make: Mutex<Option<Make>>,
    visit: Mutex<Visit>,
}

type Make = Box<dyn FnOnce() -> Resident + Send>;

/// Whether the task is being polled, or about to be.
#[derive(Clone, Copy)]
enum Visit {
    None,
    OnItsWay,
    Here,
    /// And another one is to come.
    HereAndWoken,
}

impl Place {
    fn new(runtime: &'static Runtime, worker: usize, make: Make) -> Self {
        static PLACES: AtomicU64 = AtomicU64::new(0);
        let number = PLACES.fetch_add(1, Ordering::Relaxed);
        let (make, visit) = (Mutex::new(Some(make)), Mutex::new(Visit::None));
        Self { runtime, number, worker, make, visit }
    }

    fn send(self: Arc<Self>) {
        self.runtime.push_to(self.worker, self);
    }

    /// On the thread of its worker: polls the task.
    fn visit(self: Arc<Self>) {
        *self.stage() = Visit::Here;
        let make = self.make.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A local while it is polled: nothing is borrowed meanwhile.
        let resident = match make {
            Some(make) => Some(make()),
            None => RESIDENTS.with_borrow_mut(|all| all.remove(&self.number)),
        };
        let Some(mut resident) = resident else { return };
        let waker = Waker::from(Arc::clone(&self));
        // When it panics, which takes a reactor that is gone, it is dropped.
        if resident.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            return;
        }
        RESIDENTS.with_borrow_mut(|all| all.insert(self.number, resident));
        let mut stage = self.stage();
        let is_woken = matches!(*stage, Visit::HereAndWoken);
        *stage = if is_woken { Visit::OnItsWay } else { Visit::None };
        drop(stage);
        if is_woken {
            self.send();
        }
    }

    /// No user code runs under this lock, so a poisoned one holds nothing half done.
    fn stage(&self) -> MutexGuard<'_, Visit> {
        self.visit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Runnable for Place {
    fn run(self: Arc<Self>) -> Option<Arc<dyn Runnable>> {
        self.visit();
        None
    }
}

impl Wake for Place {
    fn wake(self: Arc<Self>) {
        let mut stage = self.stage();
        let former = *stage;
        *stage = match former {
            Visit::None | Visit::OnItsWay => Visit::OnItsWay,
            Visit::Here | Visit::HereAndWoken => Visit::HereAndWoken,
        };
        drop(stage);
        if let Visit::None = former {
            self.send();
        }
    }
}
