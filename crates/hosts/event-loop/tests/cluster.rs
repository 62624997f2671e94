//! Loops on several threads, and tasks that are handed to them.

use std::{
    any::Any,
    cell::Cell,
    collections::BTreeSet,
    num::NonZero,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    process::Command,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use quadrivium_core::{Context, JoinError, Step, Task, Wait, join, sleep, turn};
use quadrivium_event_loop::{Cluster, EventLoop, RemoteHandle, RunError, Turned};

fn cluster(threads: usize) -> Cluster {
    Cluster::new(NonZero::new(threads).unwrap()).unwrap()
}

fn wait_for<T: 'static>(handle: RemoteHandle<T>) -> Result<T, JoinError> {
    EventLoop::new().unwrap().block_on(handle).unwrap()
}

/// A task that calls a closure and returns its output.
struct Call<F>(Option<F>);

fn call<F: FnOnce() -> T, T>(call: F) -> Call<F> {
    Call(Some(call))
}

impl<F: FnOnce() -> T, T> Task for Call<F> {
    type Output = T;

    fn resume(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Step<T> {
        let call = self.0.take().expect("the task is resumed once");
        Step::Done(call())
    }
}

impl<F> Unpin for Call<F> {}

/// Waits for ever, and counts when it is dropped.
struct WaitForEver(Arc<AtomicUsize>);

impl Task for WaitForEver {
    type Output = ();

    fn resume(self: Pin<&mut Self>, _: &mut Context<'_>) -> Step<()> {
        Step::Suspended(Wait::Wake)
    }
}

impl Drop for WaitForEver {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn tasks_go_round_the_loops() {
    let cluster = cluster(3);
    let spawn = |_| cluster.spawn(|| call(|| thread::current().id()));
    let handles: Vec<_> = (0..6).map(spawn).collect();
    let threads: Vec<_> = handles.into_iter().map(|handle| wait_for(handle).unwrap()).collect();
    assert_eq!(threads.iter().map(|id| format!("{id:?}")).collect::<BTreeSet<_>>().len(), 3);
    assert_eq!(threads[..3], threads[3..]);
    cluster.finish().unwrap();
}

#[test]
fn a_task_need_not_be_send() {
    let cluster = cluster(1);
    let handle = cluster.spawn(|| {
        let cell = Rc::new(Cell::new(1));
        call(move || {
            cell.set(cell.get() + 1);
            cell.get()
        })
    });
    assert_eq!(wait_for(handle).unwrap(), 2);
}

#[test]
fn two_loops_wait_for_each_other() {
    let cluster = cluster(2);
    let (one, other) = (cluster.spawn(turn), cluster.spawn(|| sleep(Duration::from_millis(1))));
    let both = cluster.spawn(|| join(one, other));
    let (one, other) = wait_for(both).unwrap();
    one.unwrap();
    other.unwrap();
    cluster.finish().unwrap();
}

#[test]
fn finish_waits_for_the_tasks() {
    let cluster = cluster(2);
    let ended = Arc::new(AtomicUsize::new(0));
    for i in 0..10 {
        let ended = Arc::clone(&ended);
        drop(cluster.spawn(move || {
            join(
                sleep(Duration::from_millis(i)),
                call(move || ended.fetch_add(1, Ordering::SeqCst)),
            )
        }));
    }
    cluster.finish().unwrap();
    assert_eq!(ended.load(Ordering::SeqCst), 10);
}

#[test]
fn dropping_a_cluster_drops_its_tasks() {
    let cluster = cluster(2);
    let dropped = Arc::new(AtomicUsize::new(0));
    let (started, has_started) = mpsc::channel();
    let handles = [0, 1].map(|_| {
        let (dropped, started) = (Arc::clone(&dropped), started.clone());
        cluster.spawn(move || {
            started.send(()).unwrap();
            WaitForEver(dropped)
        })
    });
    has_started.iter().take(2).for_each(drop);
    drop(cluster);
    assert_eq!(dropped.load(Ordering::SeqCst), 2);
    for handle in handles {
        assert!(matches!(wait_for(handle), Err(JoinError::Cancelled)));
    }
}

/// Waits for ever, and owns a value meanwhile.
struct OwnForEver<T>(T);

impl<T> Task for OwnForEver<T> {
    type Output = ();

    fn resume(self: Pin<&mut Self>, _: &mut Context<'_>) -> Step<()> {
        Step::Suspended(Wait::Wake)
    }
}

/// Each of two clusters is owned only by a task of the other.
#[test]
fn two_clusters_that_drop_each_other_do_not_wait_for_each_other() {
    let (one, other) = (Arc::new(cluster(1)), Arc::new(cluster(1)));
    let ((ended, has_ended), (go_on, may_go_on)) = (mpsc::channel::<()>(), mpsc::channel());
    let held = (Arc::clone(&one), ended.clone());
    drop(other.spawn(move || OwnForEver(held)));
    let (cluster, held) = (Arc::clone(&other), ended);
    drop(one.spawn(move || {
        call(move || {
            may_go_on.recv().unwrap();
            drop(cluster);
            drop(held);
        })
    }));
    drop((one, other));
    go_on.send(()).unwrap();
    assert!(has_ended.recv().is_err(), "both clusters have dropped their tasks");
}

#[test]
fn a_cluster_that_cannot_be_made_leaves_no_thread_and_no_descriptor() {
    const CHILD: &str = "FEW_DESCRIPTORS";
    if std::env::var_os(CHILD).is_none() {
        // Runs the same test again, in a process that may open few descriptors.
        let own = std::env::current_exe().unwrap();
        let script = r#"ulimit -n 32 && exec "$0" --exact "$1""#;
        let this = "a_cluster_that_cannot_be_made_leaves_no_thread_and_no_descriptor";
        let mut again = Command::new("sh");
        again.args(["-c", script]).arg(own).arg(this).env(CHILD, "");
        let output = again.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        return;
    }
    let count = |of: &str| std::fs::read_dir(of).unwrap().count();
    let before = ["/proc/self/task", "/proc/self/fd"].map(count);
    assert!(Cluster::new(NonZero::new(1000).unwrap()).is_err());
    // The kernel may still list a thread for a moment after it was joined.
    for _ in 0..2_000 {
        if ["/proc/self/task", "/proc/self/fd"].map(count) == before {
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
    panic!("{:?} instead of {before:?}", ["/proc/self/task", "/proc/self/fd"].map(count));
}

#[test]
fn a_deadlock_is_found_at_the_end() {
    let cluster = cluster(2);
    drop(cluster.spawn(|| WaitForEver(Arc::default())));
    let Err(RunError::Deadlock(deadlock)) = cluster.finish() else { panic!("this is a deadlock") };
    assert_eq!(
        deadlock.tasks.len(),
        2,
        "the task, and the task that reports its result: {deadlock}"
    );
}

#[test]
fn a_panic_in_the_task_or_in_its_closure_is_reported() {
    let cluster = cluster(1);
    let handle = cluster.spawn(|| call(|| -> u32 { panic!("as planned") }));
    let error = wait_for(handle).unwrap_err();
    assert_eq!(error.panic_message(), Some("as planned"));
    let handle = cluster.spawn(|| -> Call<fn()> { panic!("at once") });
    let error = wait_for(handle).unwrap_err();
    assert_eq!(error.panic_message(), Some("at once"));
    wait_for(cluster.spawn(turn)).unwrap();
    cluster.finish().unwrap();
}

#[test]
fn a_task_is_cancelled_before_or_after_it_starts() {
    let mut event_loop = EventLoop::new().unwrap();
    let spawner = event_loop.spawner();
    let dropped = Arc::new(AtomicUsize::new(0));
    let spawn_waiting = || {
        let dropped = Arc::clone(&dropped);
        spawner.spawn(move || WaitForEver(dropped))
    };
    let (early, late) = (spawn_waiting(), spawn_waiting());
    early.cancel();
    event_loop.turn().unwrap();
    assert_eq!(event_loop.live(), 2, "the late task, and the task that reports its result");
    late.cancel();
    late.cancel();
    while !late.is_finished() {
        event_loop.turn().unwrap();
    }
    assert_eq!(dropped.load(Ordering::SeqCst), 1, "the early task was never made");
    for handle in [early, late] {
        assert!(matches!(event_loop.block_on(handle).unwrap(), Err(JoinError::Cancelled)));
    }
    assert_eq!(event_loop.live(), 0);
}

#[test]
fn a_loop_that_is_gone_takes_no_tasks() {
    let event_loop = EventLoop::new().unwrap();
    let spawner = event_loop.spawner();
    // This request is posted, and never read.
    let posted = spawner.spawn(turn);
    drop(event_loop);
    let late = spawner.spawn(turn);
    // Another loop has the mailbox now.
    let mut other = EventLoop::new().unwrap();
    let later = spawner.spawn(turn);
    for handle in [posted, late, later] {
        assert!(handle.is_finished());
        assert!(matches!(other.block_on(handle).unwrap(), Err(JoinError::Cancelled)));
    }
}

#[test]
fn while_a_spawner_exists_there_is_no_deadlock() {
    let mut event_loop = EventLoop::new().unwrap();
    let spawner = event_loop.spawner();
    let waits = event_loop.spawn(WaitForEver(Arc::default()));
    let canceller = waits.canceller();
    let elsewhere = thread::spawn(move || {
        thread::sleep(Duration::from_millis(20));
        wait_for(spawner.spawn(move || call(move || canceller.cancel()))).unwrap();
    });
    assert!(matches!(event_loop.block_on(waits).unwrap(), Err(JoinError::Cancelled)));
    event_loop.run().unwrap();
    elsewhere.join().unwrap();
}

#[test]
fn a_handle_that_is_resumed_after_its_end_panics() {
    let cluster = cluster(1);
    let mut handle = cluster.spawn(turn);
    let mut event_loop = EventLoop::new().unwrap();
    let again = catch_unwind(AssertUnwindSafe(|| {
        event_loop.block_on(call(move || {
            let waker = std::task::Waker::noop();
            let mut steps = 0;
            while steps < 2 {
                let step = Pin::new(&mut handle).resume(&mut Context::new(waker));
                steps += usize::from(matches!(step, Step::Done(_)));
            }
        }))
    }));
    assert!(matches!(again.unwrap(), Err(RunError::Task(JoinError::Panicked(_)))));
}

#[test]
fn many_threads_spawn_many_tasks() {
    let cluster = cluster(2);
    let sum = thread::scope(|scope| {
        let spawn_tasks = |_| {
            scope.spawn(|| {
                let handles: Vec<_> = (0..250).map(|_| cluster.spawn(|| call(|| 1))).collect();
                handles.into_iter().map(|handle| wait_for(handle).unwrap()).sum::<u32>()
            })
        };
        let threads: Vec<_> = (0..4).map(spawn_tasks).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum::<u32>()
    });
    assert_eq!(sum, 1000);
    cluster.finish().unwrap();
}

#[test]
fn dropping_the_last_spawner_wakes_its_loop() {
    let (sender, receiver) = mpsc::channel();
    let (ended, has_ended) = mpsc::channel();
    thread::spawn(move || {
        let mut event_loop = EventLoop::new().unwrap();
        drop(event_loop.spawn(WaitForEver(Arc::default())));
        sender.send(event_loop.spawner()).unwrap();
        ended.send(event_loop.run()).unwrap();
    });
    let spawner = receiver.recv().unwrap();
    thread::sleep(Duration::from_millis(20));
    drop(spawner);
    let run =
        has_ended.recv_timeout(Duration::from_secs(10)).expect("the loop must not sleep for ever");
    assert!(matches!(run, Err(RunError::Deadlock(_))));
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        if !thread::panicking() {
            panic!("in a destructor");
        }
    }
}

#[test]
fn a_panic_in_a_destructor_harms_no_other_task() {
    let mut event_loop = EventLoop::new().unwrap();
    let spawner = event_loop.spawner();
    let spawn_bomb = || {
        let bomb = Bomb;
        spawner.spawn(move || {
            let _bomb = &bomb;
            turn()
        })
    };
    // A task that is never made, a task whose closure panics when it is dropped, and a task behind
    // them.
    let (early, late) = (spawn_bomb(), spawn_bomb());
    early.cancel();
    let behind = spawner.spawn(turn);
    event_loop.block_on(behind).unwrap().unwrap();
    assert!(matches!(event_loop.block_on(early).unwrap(), Err(JoinError::Cancelled)));
    assert!(event_loop.block_on(late).unwrap().is_err());
    // A request that the loop never reads.
    let (unread, behind) = (spawn_bomb(), spawner.spawn(turn));
    drop(event_loop);
    assert!(unread.is_finished() && behind.is_finished());
}

/// Covers a handle that is dropped after its task has ended, and one that is dropped before.
#[test]
fn an_output_that_panics_when_dropped_harms_no_other_task() {
    let mut event_loop = EventLoop::new().unwrap();
    let spawner = event_loop.spawner();
    let (ended, early) = (spawner.spawn(|| call(|| Bomb)), spawner.spawn(|| call(|| Bomb)));
    drop(early);
    while !ended.is_finished() {
        event_loop.turn().unwrap();
    }
    drop(ended);
    event_loop.block_on(spawner.spawn(turn)).unwrap().unwrap();
    // The same on another thread, and with a handle that cancels its task when it is dropped.
    let cluster = cluster(1);
    for attached in [false, true] {
        let handle = cluster.spawn(|| call(|| Bomb));
        while !handle.is_finished() {
            thread::yield_now();
        }
        if attached { drop(handle.attached()) } else { drop(handle) }
    }
    cluster.finish().unwrap();
}

/// If the loop is gone, the closure is dropped on the thread that hands it over.
#[test]
fn a_closure_that_panics_when_dropped_harms_no_caller() {
    let event_loop = EventLoop::new().unwrap();
    let spawner = event_loop.spawner();
    drop(event_loop);
    let bomb = Bomb;
    let handle = spawner.spawn(move || {
        let _bomb = &bomb;
        turn()
    });
    assert!(handle.is_finished());
}

#[test]
fn a_chain_of_outputs_is_dropped_without_recursion() {
    let mut event_loop = EventLoop::new().unwrap();
    let spawner = event_loop.spawner();
    let dropped = Arc::new(AtomicUsize::new(0));
    let mut next: Option<Box<dyn Any + Send>> = None;
    for _ in 0..30_000 {
        let output = (next, WaitForEver(Arc::clone(&dropped)));
        next = Some(Box::new(spawner.spawn(move || call(move || output))));
    }
    while event_loop.turn().unwrap() == Turned::Ready {}
    assert_eq!(dropped.load(Ordering::SeqCst), 0);
    drop(next);
    assert_eq!(dropped.load(Ordering::SeqCst), 30_000);
}
