//! `arty_executor`: the single-threaded executor of Microsoft's runtime arty. arty adds threads,
//! timers and I/O to it, and its spawn needs a task that is `Send`. So the executor is compared,
//! which spawns local tasks, in the loop that its documentation describes: cycles as long as there
//! is work, and then the thread parks.

use std::{
    cell::RefCell,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

use arty_executor::{CycleOutcome, JoinError, JoinHandle, TaskOptions, TaskSet};
use quadrivium_bench_protocol::Contender;
use quadrivium_peers_common::{self as common, Executor};

struct Arty;

pub(crate) fn contender() -> Contender {
    common::contender::<Arty>("arty_executor", "arty_executor")
}

thread_local! {
    static TASKS: RefCell<Option<TaskSet>> = const { RefCell::new(None) };
}

impl Executor for Arty {
    type Handle<T: 'static> = JoinHandle<T>;

    fn run<T: 'static>(body: impl Future<Output = T> + 'static) -> T {
        let unpark = Waker::from(Arc::new(Unpark(thread::current())));
        let executor = arty_executor::Executor::builder().owner_waker(unpark).build();
        TASKS.set(Some(executor.tasks()));
        let mut handle = pin!(Self::spawn(body));
        let mut cx = Context::from_waker(Waker::noop());
        loop {
            let outcome = executor.execute_cycle();
            if let Poll::Ready(joined) = handle.as_mut().poll(&mut cx) {
                return Self::output(joined);
            }
            if outcome == CycleOutcome::Suspend {
                thread::park();
            }
        }
    }

    fn spawn<T: 'static>(body: impl Future<Output = T> + 'static) -> JoinHandle<T> {
        TASKS.with_borrow(|tasks| {
            let tasks = tasks.as_ref().expect("the executor runs");
            tasks.add(body, TaskOptions::default())
        })
    }

    fn output<T: 'static>(joined: Result<T, JoinError>) -> T {
        joined.expect("the executor is not shut down")
    }
}

/// Wakes the thread of the executor.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
