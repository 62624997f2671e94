//! Tests of small thread pools, also when the OS refuses to start threads.

use std::{
    env, panic,
    process::Command,
    sync::{
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    task::{Wake, Waker},
    time::Duration,
};

use quadrivium::{EventLoop, event_loop::Turned, prelude::join_all, time::sleep};

use super::*;
use crate::{
    dns, fs,
    offload::{Offload, offload, work::AwaitedWork},
};

type Start = fn(&'static ThreadPool) -> io::Result<()>;

/// Creates a pool for one test. Its threads end when they are idle. The pool itself is leaked.
fn pool(max_threads: usize, start: Start) -> &'static ThreadPool {
    Box::leak(Box::new(ThreadPool { start, ..ThreadPool::new("test", max_threads) }))
}

fn error() -> io::Error {
    io::ErrorKind::WouldBlock.into()
}

/// Returns work that reports when it has begun and then blocks until the returned sender is
/// dropped.
fn blocking_work(
    report_begin: &Sender<()>,
) -> (impl FnOnce(io::Result<()>) + Send + use<>, Sender<()>) {
    let ((release, is_released), report_begin) = (mpsc::channel::<()>(), report_begin.clone());
    let work = move |started: io::Result<()>| {
        started.unwrap();
        report_begin.send(()).unwrap();
        is_released.recv().unwrap_err();
    };
    (work, release)
}

/// Blocks this number of threads of a pool, until the returned senders are dropped.
fn block_threads(
    event_loop: &mut EventLoop,
    pool: &'static ThreadPool,
    threads: usize,
) -> Vec<Sender<()>> {
    let (report_begin, has_begun): (_, Receiver<()>) = mpsc::channel();
    let all = (0..threads).map(|_| {
        let (work, release) = blocking_work(&report_begin);
        drop(event_loop.spawn(Offload::to(pool, work)));
        release
    });
    let all = all.collect();
    assert_eq!(event_loop.turn().unwrap(), Turned::Waiting);
    (0..threads).for_each(|_| has_begun.recv().unwrap());
    all
}

/// Waits until no thread of a pool is left. This takes half a second, unless the machine is very
/// busy.
#[track_caller]
fn wait_until_no_thread_is_left(pool: &ThreadPool) {
    let mut event_loop = EventLoop::new().unwrap();
    for _ in 0..6_000 {
        if pool.lock().threads == 0 {
            return;
        }
        event_loop.block_on(sleep(Duration::from_millis(10))).unwrap();
    }
    panic!("{} threads are left", pool.lock().threads);
}

#[test]
fn neither_pool_starves_the_other() {
    let mut event_loop = EventLoop::new().unwrap();
    let blocked_names = block_threads(&mut event_loop, &NAMES, NAMES.max_threads);
    // All threads for names are blocked, and one more name is queued. Files are read nevertheless.
    let name = event_loop.spawn(dns::lookup("localhost:80"));
    event_loop.block_on(fs::read("/proc/self/status")).unwrap().unwrap();
    assert!(!name.is_finished());
    drop(blocked_names);
    event_loop.block_on(name).unwrap().unwrap().unwrap();
    event_loop.run().unwrap();
}

#[test]
fn an_environment_variable_limits_the_threads_for_files() {
    if env::var_os(MAX_FILE_THREADS).is_some_and(|max| max == "2") {
        let mut event_loop = EventLoop::new().unwrap();
        assert_eq!(FILES.max_threads, 2);
        let blocked_files = block_threads(&mut event_loop, &FILES, 2);
        let queued = event_loop.spawn(offload(|| ()));
        // Both threads for files are blocked. Names are looked up nevertheless.
        event_loop.block_on(dns::lookup("localhost:80")).unwrap().unwrap();
        assert!(!queued.is_finished());
        drop(blocked_files);
        event_loop.block_on(queued).unwrap().unwrap();
        return;
    }
    let test = "offload::pool::tests::an_environment_variable_limits_the_threads_for_files";
    let mut own = Command::new(env::current_exe().unwrap());
    let output = own.args(["--exact", test]).env(MAX_FILE_THREADS, "2").output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn work_begins_in_the_order_in_which_it_came() {
    let pool = pool(1, ThreadPool::start_thread);
    let mut event_loop = EventLoop::new().unwrap();
    let first = block_threads(&mut event_loop, pool, 1);
    let (sender, receiver) = mpsc::channel();
    let works = (0..20).map(|n| {
        let sender = sender.clone();
        event_loop.spawn(Offload::to(pool, move |_| sender.send(n).unwrap()))
    });
    let works: Vec<_> = works.collect();
    assert_eq!(event_loop.turn().unwrap(), Turned::Waiting);
    drop(first);
    event_loop.block_on(join_all(works)).unwrap();
    drop(sender);
    assert!(receiver.iter().eq(0..20));
}

#[test]
fn dropped_work_is_removed_from_the_queue_with_its_captures() {
    let pool = pool(1, ThreadPool::start_thread);
    let mut event_loop = EventLoop::new().unwrap();
    let first = block_threads(&mut event_loop, pool, 1);
    let captured = Arc::new(());
    let capture = Arc::clone(&captured);
    let queued = event_loop.spawn(Offload::to(pool, move |_| drop(capture)));
    assert_eq!(event_loop.turn().unwrap(), Turned::Waiting);
    assert_eq!((pool.lock().queue.len(), Arc::strong_count(&captured)), (1, 2));
    queued.cancel();
    assert_eq!((pool.lock().queue.len(), Arc::strong_count(&captured)), (0, 1));
    drop(first);
    event_loop.run().unwrap();
}

#[test]
fn idle_threads_end() {
    let pool = pool(8, ThreadPool::start_thread);
    let mut event_loop = EventLoop::new().unwrap();
    for _ in 0..2 {
        drop(block_threads(&mut event_loop, pool, 8));
        assert_eq!(pool.lock().threads, 8);
        event_loop.run().unwrap();
        wait_until_no_thread_is_left(pool);
    }
}

/// When the first thread is refused, the work gets an error. The next work tries again to start a
/// thread.
#[test]
fn without_a_thread_all_work_is_refused() {
    static IS_REFUSED: AtomicBool = AtomicBool::new(true);
    let start: Start = |pool| match IS_REFUSED.load(Ordering::SeqCst) {
        true => Err(error()),
        false => pool.start_thread(),
    };
    let pool = pool(2, start);
    let mut event_loop = EventLoop::new().unwrap();
    for _ in 0..3 {
        let refused = event_loop.block_on(Offload::to(pool, |started| started)).unwrap();
        assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::QuotaExceeded);
        let state = pool.lock();
        assert_eq!((state.threads, state.idle, state.queue.len()), (0, 0, 0));
    }
    IS_REFUSED.store(false, Ordering::SeqCst);
    event_loop.block_on(Offload::to(pool, |started| started)).unwrap().unwrap();
}

/// The OS refuses a thread while other work is already queued. All of that work is refused.
#[test]
fn work_that_is_queued_while_a_refused_thread_starts_is_refused() {
    static SECOND: Mutex<Option<AwaitedWork<io::Result<()>>>> = Mutex::new(None);
    let start: Start = |pool| {
        // Another task brings work while the first thread is being started.
        let second = AwaitedWork::enqueue(pool, Box::new(|started| started));
        assert_eq!(pool.lock().queue.len(), 2);
        SECOND.lock().unwrap().replace(second);
        Err(error())
    };
    let pool = pool(2, start);
    let first = AwaitedWork::enqueue(pool, Box::new(|started| started));
    let second = SECOND.lock().unwrap().take().unwrap();
    for work in [first, second] {
        let refused = work.poll(Waker::noop()).expect("it is refused");
        assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::QuotaExceeded);
    }
}

/// One thread exists, and the OS refuses another one. The work waits for the thread that exists.
#[test]
fn refused_threads_leave_the_work_to_existing_threads() {
    static STARTS: AtomicUsize = AtomicUsize::new(0);
    let start: Start = |pool| match STARTS.fetch_add(1, Ordering::SeqCst) {
        0 => pool.start_thread(),
        _ => Err(error()),
    };
    let pool = pool(500, start);
    let mut event_loop = EventLoop::new().unwrap();
    let first = block_threads(&mut event_loop, pool, 1);
    let works = [(); 40].map(|()| event_loop.spawn(Offload::to(pool, |started| started)));
    assert_eq!(event_loop.turn().unwrap(), Turned::Waiting);
    // Each piece of work has tried once to start a thread, and no piece tries again by itself.
    assert_eq!((STARTS.load(Ordering::SeqCst), pool.lock().queue.len()), (41, 40));
    event_loop.block_on(sleep(Duration::from_millis(10))).unwrap();
    assert_eq!(STARTS.load(Ordering::SeqCst), 41);
    drop(first);
    for done in event_loop.block_on(join_all(works)).unwrap() {
        done.unwrap().unwrap();
    }
}

/// A waker that panics when it is woken.
struct PanickingWaker;

impl Wake for PanickingWaker {
    fn wake(self: Arc<Self>) {
        panic::resume_unwind(Box::new("a waker"));
    }
}

/// An output that panics when it is dropped.
struct PanickingOutput;

impl Drop for PanickingOutput {
    fn drop(&mut self) {
        panic::resume_unwind(Box::new("a destructor"));
    }
}

#[test]
fn panics_of_wakers_and_destructors_end_no_thread() {
    let pool = pool(1, ThreadPool::start_thread);
    let mut event_loop = EventLoop::new().unwrap();
    let (report_begin, has_begun) = mpsc::channel();
    let (work, release) = blocking_work(&report_begin);
    let woken = AwaitedWork::enqueue(pool, Box::new(work));
    assert!(woken.poll(&Waker::from(Arc::new(PanickingWaker))).is_none());
    has_begun.recv().unwrap();
    drop(release);
    let (work, release) = blocking_work(&report_begin);
    let unread = AwaitedWork::enqueue(
        pool,
        Box::new(|started| {
            work(started);
            PanickingOutput
        }),
    );
    has_begun.recv().unwrap();
    drop(unread);
    drop(release);
    // The same thread does this work, because the pool may have only one.
    event_loop.block_on(Offload::to(pool, |started| started)).unwrap().unwrap();
    assert_eq!(woken.poll(Waker::noop()), Some(()));
    wait_until_no_thread_is_left(pool);
}

/// Several loops bring work and drop some of it, while threads are refused at random. All other
/// work is done or refused, none is lost, and all threads end.
#[test]
fn no_work_is_lost_when_threads_are_refused_and_tasks_are_dropped() {
    static SEED: AtomicUsize = AtomicUsize::new(0);
    let start: Start = |pool| match SEED.fetch_add(0x9E37_79B9, Ordering::SeqCst) >> 7 & 3 {
        0 => pool.start_thread(),
        _ => Err(error()),
    };
    let pool = pool(5, start);
    thread::scope(|scope| {
        let bring_work = |n: usize| {
            let mut event_loop = EventLoop::new().unwrap();
            for round in 0..100 {
                let work = move |started: io::Result<()>| {
                    (0..(n + round) % 30).for_each(|_| thread::yield_now());
                    started.is_ok()
                };
                let works = (0..20).map(|_| event_loop.spawn(Offload::to(pool, work)));
                let mut works: Vec<_> = works.collect();
                event_loop.turn().unwrap();
                works.drain(n * 3..n * 5).for_each(|work| work.cancel());
                for done in event_loop.block_on(join_all(works)).unwrap() {
                    done.unwrap();
                }
            }
        };
        for n in 1..4 {
            scope.spawn(move || bring_work(n));
        }
    });
    wait_until_no_thread_is_left(pool);
    let state = pool.lock();
    assert!(state.queue.is_empty() && state.idle == 0 && !state.is_starting);
}
