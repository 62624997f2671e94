//! [`Pool`]: the OS threads that work is offloaded to, in two pools that do not starve each other.

use std::{
    future,
    sync::{Mutex, PoisonError},
    thread,
};

use async_executor::Executor;
use async_task::Task;
use futures_lite::future::block_on;

/// Where offloaded work is done.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pool {
    /// Whatever blocks: files, and what users offload. Threads come and go.
    Shared,
    /// Names: a few threads of their own. A name server that does not answer takes only these,
    /// and a slow disk none of them.
    #[expect(dead_code, reason = "names are to come")]
    Names,
}

/// Names are looked up so many at once.
const NAME_THREADS: usize = 4;

impl Pool {
    /// Puts work in line. Dropping what is returned takes it out again, if it has not begun.
    pub(crate) fn begin<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Task<T> {
        match self {
            Pool::Shared => blocking::unblock(work),
            Pool::Names => match names() {
                Some(names) => names.spawn(async { work() }),
                // Better beside the files than never.
                None => blocking::unblock(work),
            },
        }
    }
}

/// The pool for names, with its threads started; none when not even one thread can be.
fn names() -> Option<&'static Executor<'static>> {
    static NAMES: Executor<'static> = Executor::new();
    static STARTED: Mutex<usize> = Mutex::new(0);

    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    while *started < NAME_THREADS {
        let thread = thread::Builder::new().name(format!("names-{}", *started + 1));
        // It has no end: an idle one costs its stack, and sleeps.
        match thread.spawn(|| block_on(NAMES.run(future::pending::<()>()))) {
            Ok(_) => *started += 1,
            Err(_) => break,
        }
    }
    (*started > 0).then_some(&NAMES)
}
