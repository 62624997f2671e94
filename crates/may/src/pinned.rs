//! [`spawn_pinned`]: a task of any style on one of may's workers, where it stays.
//!
//! ```text
//!   wake ──► the worker's ready queue ──► on its thread: polls the task, which is kept there
//! ```

use std::{
    cell::RefCell,
    collections::HashMap,
    mem,
    panic::{AssertUnwindSafe, Location, catch_unwind},
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use quadrivium_core::{
    Canceller, JoinError, Task,
    remote::{Promise, RemoteHandle},
};
use quadrivium_event_loop::Guest;

use crate::{
    errand::contain,
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
/// [`workers`]), and as [`spawn`](crate::spawn). The task panics when it can never go on, as a
/// [`Guest`] does.
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
    let place = Arc::new_cyclic(|place: &Weak<Place>| {
        let cancelled = Weak::clone(place);
        promise.cancel_by(Canceller::new(move || _ = cancelled.upgrade().map(|it| it.cancel())));
        Place::new(runtime, worker, move || {
            Box::new(Pinned { promise: Some(promise), body: Body::Lazy(make), runtime, spawned_at })
        })
    });
    place.wake();
    handle
}

/// How a task that stays on its thread is reached from others. It is its waker.
struct Place {
    runtime: &'static Runtime,
    number: u64,
    worker: usize,
    /// Makes what is here, on the worker's thread.
    make: Mutex<Option<Make>>,
    visit: Mutex<Visit>,
    is_cancelled: AtomicBool,
}

type Make = Box<dyn FnOnce() -> Box<dyn Resident> + Send>;

/// Whether the task is being polled, or about to be.
#[derive(Clone, Copy)]
enum Visit {
    None,
    OnItsWay,
    Here,
    /// And another one is to come.
    HereAndWoken,
}

/// What is at a place. It stays on its thread.
trait Resident {
    /// Ready when it has ended, and said so.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    fn cancel(self: Box<Self>);
}

thread_local! {
    /// What is on this worker, by the numbers of the places.
    static RESIDENTS: RefCell<HashMap<u64, Box<dyn Resident>>> = RefCell::default();
}

impl Place {
    fn new(
        runtime: &'static Runtime,
        worker: usize,
        make: impl FnOnce() -> Box<dyn Resident> + Send + 'static,
    ) -> Self {
        static PLACES: AtomicU64 = AtomicU64::new(0);
        Self {
            runtime,
            number: PLACES.fetch_add(1, Ordering::Relaxed),
            worker,
            make: Mutex::new(Some(Box::new(make))),
            visit: Mutex::new(Visit::None),
            is_cancelled: AtomicBool::new(false),
        }
    }

    fn cancel(self: Arc<Self>) {
        self.is_cancelled.store(true, Ordering::Release);
        self.wake();
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
        if self.is_cancelled.load(Ordering::Acquire) {
            return resident.cancel();
        }
        let waker = Waker::from(Arc::clone(&self));
        if resident.poll(&mut Context::from_waker(&waker)).is_ready() {
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

/// A task and its loop.
struct Pinned<F, T: Task> {
    /// There until it has ended.
    promise: Option<Promise<T::Output>>,
    body: Body<F, T>,
    runtime: &'static Runtime,
    spawned_at: &'static Location<'static>,
}

enum Body<F, T: Task> {
    Lazy(F),
    Made(Guest<T, May>),
    Gone,
}

impl<F, T> Pinned<F, T>
where
    F: FnOnce() -> T,
    T: Task + 'static,
    T::Output: 'static,
{
    fn go_on(&mut self, cx: &mut Context<'_>) -> Poll<T::Output> {
        if let Body::Lazy(_) = self.body
            && let Body::Lazy(make) = mem::replace(&mut self.body, Body::Gone)
        {
            let guest = Guest::new(make(), May::new(self.runtime)).spawned_at(self.spawned_at);
            self.body = Body::Made(guest);
        }
        match &mut self.body {
            Body::Made(guest) => Pin::new(guest).poll(cx),
            Body::Lazy(_) | Body::Gone => unreachable!("who has ended is polled no more"),
        }
    }

    fn end(&mut self, joined: Result<T::Output, JoinError>) {
        // The destructors run first: who sees the task ended may rely on them.
        let body = mem::replace(&mut self.body, Body::Gone);
        let joined = match catch_unwind(AssertUnwindSafe(|| drop(body))) {
            Ok(()) => joined,
            Err(payload) => {
                contain(|| drop(joined));
                Err(JoinError::Panicked(payload))
            }
        };
        self.promise.take().expect("it ends once").end(joined);
    }
}

impl<F, T> Resident for Pinned<F, T>
where
    F: FnOnce() -> T,
    T: Task + 'static,
    T::Output: 'static,
{
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let joined = match catch_unwind(AssertUnwindSafe(|| self.go_on(cx))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(output)) => Ok(output),
            Err(payload) => Err(JoinError::Panicked(payload)),
        };
        self.end(joined);
        Poll::Ready(())
    }

    fn cancel(mut self: Box<Self>) {
        self.end(Err(JoinError::Cancelled));
    }
}
