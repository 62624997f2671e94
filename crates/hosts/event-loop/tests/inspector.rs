//! Snapshots of a loop that other threads ask for.

use std::{num::NonZero, pin::Pin, sync::mpsc, thread, time::Duration};

use quadrivium_core::{Context, Step, Task, Wait, join, sleep, turn};
use quadrivium_event_loop::{
    Cluster, EventLoop, InspectError, LoopInspector, RunError, Spawner, Stopper, Unanswered,
};

/// No loop needs that long for an answer.
const PATIENCE: Duration = Duration::from_secs(60);
const NO_TIME: Duration = Duration::ZERO;

/// A task that calls a closure.
struct Call<F>(Option<F>);

impl<F: FnOnce() -> T, T> Task for Call<F> {
    type Output = T;

    fn resume(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Step<T> {
        let call = self.0.take().expect("the task is resumed once");
        Step::Done(call())
    }
}

impl<F> Unpin for Call<F> {}

/// Waits for a wake that never comes.
struct WaitForEver;

impl Task for WaitForEver {
    type Output = ();

    fn resume(self: Pin<&mut Self>, _: &mut Context<'_>) -> Step<()> {
        Step::Suspended(Wait::Wake)
    }
}

/// A loop that runs on another thread until it is dropped.
struct Elsewhere {
    inspector: LoopInspector,
    spawner: Spawner,
    stopper: Stopper,
    thread: Option<thread::JoinHandle<()>>,
}

impl Elsewhere {
    fn new() -> Self {
        let (sender, receiver) = mpsc::channel();
        let builder = thread::Builder::new().name("elsewhere".into());
        let thread = builder.spawn(move || {
            let mut event_loop = EventLoop::new().unwrap();
            let _waits = event_loop.spawn_named("waits", sleep(Duration::from_secs(3_600)));
            let stopper = event_loop.stopper();
            sender.send((event_loop.inspector(), event_loop.spawner(), stopper)).unwrap();
            event_loop.run().unwrap();
        });
        let (inspector, spawner, stopper) = receiver.recv().unwrap();
        Self { inspector, spawner, stopper, thread: Some(thread.unwrap()) }
    }

    /// Keeps the loop's thread busy until the sender is dropped.
    fn occupy(&self) -> mpsc::Sender<()> {
        let (started_sender, started) = mpsc::channel();
        let (sender, receiver) = mpsc::channel::<()>();
        let block = move || {
            started_sender.send(()).unwrap();
            _ = receiver.recv();
        };
        drop(self.spawner.spawn(move || Call(Some(block))));
        started.recv().unwrap();
        sender
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        self.stopper.stop();
        self.thread.take().unwrap().join().unwrap();
    }
}

#[test]
fn another_thread_gets_a_snapshot() {
    let elsewhere = Elsewhere::new();
    // The first answers may come before the task has run.
    let mut tasks = (0..).map(|_| elsewhere.inspector.tasks(PATIENCE).unwrap());
    let tasks = tasks.find(|tasks| !tasks.to_string().contains("(ready)")).unwrap();
    let names: Vec<_> = tasks.labels().map(|label| label.name.as_deref()).collect();
    assert_eq!(names, [Some("waits")]);
    assert!(tasks.to_string().contains("sleep, which ends in 3"), "{tasks}");
    // The second snapshot is a new one.
    let (_release, spawner) = (elsewhere.inspector.last(), &elsewhere.spawner);
    let _more = spawner.spawn(|| sleep(Duration::from_secs(3_600)));
    let more = (0..).map(|_| elsewhere.inspector.tasks(PATIENCE).unwrap().len());
    assert_eq!(more.take(100).max(), Some(3), "a spawner adds a task that passes the result on");
}

#[test]
fn a_task_inspects_its_own_loop() {
    let mut event_loop = EventLoop::with_virtual_clock().unwrap();
    let inspector = event_loop.inspector();
    let tasks = event_loop.block_on(Call(Some(move || inspector.tasks(NO_TIME)))).unwrap();
    let tasks = tasks.unwrap();
    assert!(tasks.to_string().contains("(running)"), "{tasks}");
}

#[test]
fn a_busy_loop_does_not_answer_in_time() {
    let elsewhere = Elsewhere::new();
    assert!(elsewhere.inspector.last().is_none());
    let before = elsewhere.inspector.tasks(PATIENCE).unwrap();
    let release = elsewhere.occupy();
    let limit = Duration::from_millis(1);
    let error = elsewhere.inspector.tasks(limit).unwrap_err();
    assert_eq!(error, InspectError::NoAnswer(limit, Unanswered::Busy));
    assert_eq!(error.to_string(), "the loop has not answered for 1ms: a task keeps its thread");
    let last = elsewhere.inspector.last().unwrap();
    assert_eq!((&last.tasks, last.age() >= limit), (&before, true));
    drop(release);
    elsewhere.inspector.tasks(PATIENCE).unwrap();
}

#[test]
fn a_loop_that_no_code_runs_says_so() {
    let event_loop = EventLoop::new().unwrap();
    let inspector = event_loop.inspector();
    let asked = thread::spawn(move || inspector.tasks(NO_TIME)).join().unwrap();
    assert_eq!(asked.unwrap_err(), InspectError::NoAnswer(NO_TIME, Unanswered::NotRun));
}

#[test]
fn a_loop_that_has_ended_says_so() {
    let elsewhere = Elsewhere::new();
    let inspector = elsewhere.inspector.clone();
    let waits = thread::spawn({
        let release = elsewhere.occupy();
        let inspector = inspector.clone();
        move || {
            inspector.ask();
            drop(release);
            inspector.tasks(PATIENCE)
        }
    });
    drop(elsewhere);
    // The thread asked while the loop lived, or when it ended.
    assert!(matches!(waits.join().unwrap(), Ok(_) | Err(InspectError::Gone)));
    assert_eq!(inspector.tasks(PATIENCE).unwrap_err(), InspectError::Gone);
    // Another loop has its place now.
    let others: Vec<_> = (0..8).map(|_| EventLoop::new().unwrap()).collect();
    let error = inspector.tasks(PATIENCE).unwrap_err();
    assert_eq!((error, error.to_string().as_str()), (InspectError::Gone, "the loop has ended"));
    drop(others);
}

#[test]
fn an_inspector_hides_no_deadlock() {
    let mut event_loop = EventLoop::new().unwrap();
    let _inspector = event_loop.inspector();
    assert!(matches!(event_loop.block_on(WaitForEver), Err(RunError::Deadlock(_))));
}

#[test]
fn a_question_moves_no_virtual_clock() {
    let mut event_loop = EventLoop::with_virtual_clock().unwrap();
    let inspector = event_loop.inspector();
    let handle = event_loop.spawn(sleep(Duration::from_secs(5)));
    for _ in 0..10 {
        inspector.ask();
        event_loop.turn().unwrap();
        assert_eq!(event_loop.elapsed(), NO_TIME);
    }
    event_loop.block_on(join(handle, turn())).unwrap().0.unwrap();
    assert_eq!(event_loop.elapsed(), Duration::from_secs(5));
}

#[test]
fn each_loop_of_a_cluster_answers() {
    let cluster = Cluster::new(NonZero::new(3).unwrap()).unwrap();
    for index in 0..3 {
        let inspector = cluster.inspector(index);
        let tasks = inspector.tasks(PATIENCE).unwrap();
        let names: Vec<_> = tasks.labels().filter_map(|label| label.name.as_deref()).collect();
        assert_eq!(names, ["the idle task of a cluster"]);
        assert_eq!(inspector.thread(), Some(&*format!("quadrivium-loop-{index}")));
        assert!(!inspector.is_guest());
    }
    cluster.finish().unwrap();
}

#[test]
fn all_loops_of_the_process_are_found() {
    let elsewhere = Elsewhere::new();
    let all = LoopInspector::all();
    let found = all.iter().find(|it| it.number() == elsewhere.inspector.number()).unwrap();
    assert_eq!(found.thread(), Some("elsewhere"));
    assert_eq!(found.tasks(PATIENCE).unwrap().len(), 1);
    let number = found.number();
    drop(elsewhere);
    // Another test may make a loop with this number, but not on such a thread that has ended.
    let is_gone =
        |it: &LoopInspector| it.number() != number || it.tasks(NO_TIME) != Err(InspectError::Gone);
    assert!(LoopInspector::all().iter().all(is_gone));
}
