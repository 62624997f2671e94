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

#[cfg(test)]
mod tests {
    use std::{
        env, fs as std_fs,
        process::Command,
        sync::mpsc::{self, Receiver, Sender},
        time::Duration,
    };

    use quadrivium::{EventLoop, event_loop::Turned, time::sleep};

    use super::*;
    use crate::{
        dns, fs,
        offload::{Offload, offload},
    };

    /// Work that goes on when the sender is dropped, and tells that it has begun.
    fn blocked(begins: &Sender<()>) -> (impl FnOnce() + Send + use<>, Sender<()>) {
        let ((go_on, goes_on), begins) = (mpsc::channel::<()>(), begins.clone());
        let work = move || {
            begins.send(()).unwrap();
            goes_on.recv().unwrap_err();
        };
        (work, go_on)
    }

    fn fill(event_loop: &mut EventLoop, pool: Pool, threads: usize) -> Vec<Sender<()>> {
        let (begins, begun): (_, Receiver<()>) = mpsc::channel();
        let all = (0..threads).map(|_| {
            let (work, go_on) = blocked(&begins);
            drop(event_loop.spawn(Offload::to(pool, work)));
            go_on
        });
        let all = all.collect();
        assert_eq!(event_loop.turn().unwrap(), Turned::Waiting);
        (0..threads).for_each(|_| begun.recv().unwrap());
        all
    }

    const LIMIT: &str = "BLOCKING_MAX_THREADS";

    /// Runs the test of this name again, in a process in which two threads are for files.
    fn with_two_threads(test: &str, something: impl FnOnce(&mut EventLoop)) {
        if env::var_os(LIMIT).is_some_and(|limit| limit == "2") {
            return something(&mut EventLoop::new().unwrap());
        }
        let mut own = Command::new(env::current_exe().unwrap());
        let test = format!("offload::pool::tests::{test}");
        let output = own.args(["--exact", &test]).env(LIMIT, "2").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }

    #[test]
    fn neither_pool_starves_the_other() {
        with_two_threads("neither_pool_starves_the_other", |event_loop| {
            // All threads for files are blocked, and one more waits in line: names are looked up.
            let blocked_files = fill(event_loop, Pool::Shared, 2);
            let (sender, has_run) = mpsc::channel::<()>();
            let in_line = event_loop.spawn(offload(move || sender.send(())));
            event_loop.block_on(dns::lookup("localhost:80")).unwrap().unwrap();
            assert!(!in_line.is_finished());
            // What is cancelled in line never runs.
            in_line.cancel();
            drop(blocked_files);
            event_loop.run().unwrap();
            event_loop.block_on(offload(|| ())).unwrap();
            assert!(has_run.recv().is_err());
            // All threads for names are blocked: files are read.
            let blocked_names = fill(event_loop, Pool::Names, NAME_THREADS);
            let name = event_loop.spawn(dns::lookup("localhost:80"));
            event_loop.block_on(fs::read("/proc/self/status")).unwrap().unwrap();
            assert!(!name.is_finished());
            drop(blocked_names);
            event_loop.block_on(name).unwrap().unwrap().unwrap();
            event_loop.run().unwrap();
        });
    }

    #[test]
    fn idle_threads_end() {
        with_two_threads("idle_threads_end", |event_loop| {
            let threads = || std_fs::read_dir("/proc/self/task").unwrap().count();
            let before = threads();
            drop(fill(event_loop, Pool::Shared, 2));
            assert_eq!(threads(), before + 2);
            event_loop.run().unwrap();
            // Half a second, unless the machine is very busy.
            for _ in 0..2_000 {
                if threads() == before {
                    return;
                }
                event_loop.block_on(sleep(Duration::from_millis(10))).unwrap();
            }
            panic!("{} threads are left", threads() - before);
        });
    }
}
