//! Reports of tasks that seem to wait for each other: for locks, permits, places in queues and
//! joins. They come when the cycle has stood for a while, and other tasks run meanwhile.

use std::{cell::RefCell, rc::Rc, time::Duration};

use quadrivium::{
    event_loop::Report,
    future::future,
    prelude::*,
    sync::{
        Mutex, Semaphore,
        channel::{self, Sender},
    },
    task::{BoxTask, Step},
    time::sleep,
};

use crate::{Body, Subject, TestLoop, body, leaf, new_loop, reports::Reports, traced};

laws! { ($) suspected_cycles:
    /// Two tasks that wait for each other's lock are reported after one second, and once.
    crossed_locks_are_reported_once on VirtualClock OwnClock;
    /// A task that locks a mutex which it has locked is reported.
    a_second_lock_of_one_mutex_is_reported on VirtualClock OwnClock;
    /// Three tasks around a table, each with the fork to its left, are reported together.
    dining_philosophers_are_reported on VirtualClock OwnClock;
    /// A task that holds a lock and joins a task which waits for that lock is reported with it.
    a_lock_and_a_join_are_reported on VirtualClock OwnClock;
    /// Tasks that wait for each other's permits are reported.
    crossed_permits_are_reported on VirtualClock OwnClock;
    /// A task that waits for permits is not reported if one task outside of the cycle has some.
    a_permit_of_another_task_prevents_a_report on VirtualClock OwnClock;
    /// A task that waits for a lock behind a leaf which the task itself does not resume any more is
    /// reported (a futurelock).
    a_lock_behind_an_abandoned_leaf_is_reported on VirtualClock OwnClock;
    /// The same is reported for a send into a full channel, behind a send that is not resumed.
    a_send_behind_an_abandoned_leaf_is_reported on VirtualClock OwnClock;
    /// A task that has had its turn in a queue does not stall the queue.
    a_place_that_was_left_stalls_no_task on VirtualClock OwnClock;
    /// A cycle is reported after the time that was asked for, and not before.
    the_time_can_be_set on VirtualClock OwnClock;
    /// A cycle of locks is not reported if one of its waits has a deadline.
    a_deadline_prevents_a_report on VirtualClock OwnClock;
    /// A cycle of locks is not reported if one of its waits is a race.
    a_race_prevents_a_report on VirtualClock OwnClock;
    /// Tasks that wait for locks are not reported if one of them has a canceller.
    a_canceller_prevents_a_report on VirtualClock OwnClock;
    /// A cycle that ends in time is not reported.
    a_cycle_that_ends_in_time_is_not_reported on VirtualClock OwnClock;
    /// A guard that was moved to a task which ends keeps no task in a cycle.
    a_moved_guard_prevents_a_report on VirtualClock OwnClock;
    /// The search for cycles changes nothing: with it and without it, a program leaves the same
    /// trace, and its deadlock comes at the same time.
    the_search_changes_no_trace on VirtualClock OwnClock;
    /// A cycle is reported on a real clock, too, although no task is ready and none has a deadline.
    a_cycle_is_reported_on_a_real_clock;
}

const SECOND: Duration = Duration::from_secs(1);

/// Values that a task has taken, and holds until its end.
type Held = Rc<RefCell<Vec<Box<dyn std::any::Any>>>>;

/// Makes a loop with a task that lives for ten seconds.
fn loop_that_lives() -> (TestLoop, Reports) {
    let event_loop = new_loop();
    let reports = Reports::of(&event_loop);
    drop(event_loop.spawn_named("lives", future(sleep(10 * SECOND).into_future())));
    (event_loop, reports)
}

/// Runs the loop for this long on its clock.
fn run_for(event_loop: &mut TestLoop, duration: Duration) {
    event_loop.block_on(sleep(duration)).unwrap();
}

/// A body that performs these tasks one after another, and holds their outputs to its end. After
/// each it lets the others run.
struct Takes {
    body: Body,
    held: Held,
}

fn takes() -> Takes {
    let held = Held::default();
    Takes { body: body().hold(Rc::clone(&held)), held }
}

impl Takes {
    fn take<P: Task + 'static>(self, task: P) -> Self
    where
        P::Output: 'static,
    {
        let held = Rc::clone(&self.held);
        let keep = move |output| held.borrow_mut().push(Box::new(output));
        Self { body: self.body.perform_then(|| task, keep).perform(turn()), ..self }
    }

    fn spawn(self, subject: Subject, event_loop: &TestLoop, name: &str) -> JoinHandle<()> {
        event_loop.spawn_named(name, subject.task(self.body))
    }
}

fn crossed_locks_are_reported_once(subject: Subject) {
    let (mut event_loop, reports) = loop_that_lives();
    let (a, b) = (Mutex::new(()), Mutex::new(()));
    let _one = takes().take(a.lock()).take(b.lock()).spawn(subject, &event_loop, "one");
    let _two = takes().take(b.lock()).take(a.lock()).spawn(subject, &event_loop, "two");
    run_for(&mut event_loop, SECOND - Duration::from_nanos(1));
    assert_eq!(reports.len(), 0);
    run_for(&mut event_loop, Duration::from_nanos(1));
    let reported = reports.take();
    let [Report::SuspectedCycle { tasks, waited }] = &reported[..] else { panic!("{reported:?}") };
    assert_eq!((tasks.len(), *waited), (2, SECOND));
    let text = reported[0].to_string();
    for line in [
        "tasks seem to wait for each other, for 1s so far\n",
        "┌─► task 2 \"one\"  lock of mutex 1 ",
        "taken by task 3 \"two\" ",
        "├─► task 3 \"two\"  lock of mutex 2 ",
        "└── back to task 2 \"one\"",
    ] {
        assert!(text.contains(line), "{line} is missing:\n{text}");
    }
    run_for(&mut event_loop, 5 * SECOND);
    assert_eq!(reports.len(), 0);
}

fn a_second_lock_of_one_mutex_is_reported(subject: Subject) {
    let (mut event_loop, reports) = loop_that_lives();
    let mutex = Mutex::new(());
    let _one = takes().take(mutex.lock()).take(mutex.lock()).spawn(subject, &event_loop, "one");
    run_for(&mut event_loop, 2 * SECOND);
    assert_eq!(reports.take_names(), ["suspected: one"]);
}

fn dining_philosophers_are_reported(subject: Subject) {
    let (mut event_loop, reports) = loop_that_lives();
    let forks: Vec<_> = (0..3).map(Mutex::new).collect();
    let dines = |n: usize| takes().take(forks[n].lock()).take(forks[(n + 1) % 3].lock());
    let names = ["Plato", "Kant", "Hypatia"];
    let _tasks: Vec<_> = (0..3).map(|n| dines(n).spawn(subject, &event_loop, names[n])).collect();
    run_for(&mut event_loop, 5 * SECOND);
    assert_eq!(reports.take_names(), ["suspected: Plato, Kant, Hypatia"]);
}

fn a_lock_and_a_join_are_reported(subject: Subject) {
    let (mut event_loop, reports) = loop_that_lives();
    let mutex = Mutex::new(());
    let guard = mutex.lock();
    let waits = takes().take(turn()).take(mutex.lock()).spawn(subject, &event_loop, "waits");
    let _joins = takes().take(guard).take(waits).spawn(subject, &event_loop, "joins");
    run_for(&mut event_loop, 2 * SECOND);
    assert_eq!(reports.take_names(), ["suspected: waits, joins"]);
}

fn crossed_permits_are_reported(subject: Subject) {
    let (mut event_loop, reports) = loop_that_lives();
    let permits = Semaphore::new(2);
    let take_two = || takes().take(permits.acquire()).take(permits.acquire());
    let _one = take_two().spawn(subject, &event_loop, "one");
    let _two = take_two().spawn(subject, &event_loop, "two");
    run_for(&mut event_loop, 2 * SECOND);
    // Each waits for a permit of one of both. The first one waits for itself.
    assert_eq!(reports.take_names(), ["suspected: one"]);
}

fn a_permit_of_another_task_prevents_a_report(subject: Subject) {
    let (mut event_loop, reports) = loop_that_lives();
    let permits = Semaphore::new(3);
    let take_two = || takes().take(permits.acquire()).take(permits.acquire());
    let _one = take_two().spawn(subject, &event_loop, "one");
    let _two = take_two().spawn(subject, &event_loop, "two");
    let sleeps = takes().take(permits.acquire()).take(sleep(5 * SECOND));
    let _sleeps = sleeps.spawn(subject, &event_loop, "sleeps");
    run_for(&mut event_loop, 4 * SECOND);
    assert_eq!(reports.take_names(), [""; 0]);
}

/// Resumes a task once, keeps it in `held`, and goes on without it.
fn abandons<T: Task + 'static>(task: T, held: &Held) -> BoxTask<()> {
    let (mut task, held) = (Some(Box::pin(task)), Rc::clone(held));
    Box::pin(leaf(move |cx| {
        let mut task = task.take().expect("it is done in one step");
        assert!(matches!(task.as_mut().resume(cx), Step::Suspended(_)));
        held.borrow_mut().push(Box::new(task));
        Step::Done(())
    }))
}

fn a_lock_behind_an_abandoned_leaf_is_reported(subject: Subject) {
    let (mut event_loop, reports) = loop_that_lives();
    let mutex = Mutex::new(());
    let locks = mutex.clone();
    let holds = body().perform_then(move || locks.lock(), drop).perform(turn());
    let guard = mutex.try_lock().expect("it is free");
    let held = Held::default();
    let waits = body()
        .hold(Rc::clone(&held))
        .perform(abandons(mutex.lock(), &held))
        .run(move || drop(guard))
        .perform(mutex.lock());
    let _waits = event_loop.spawn_named("waits", subject.task(waits));
    // It waits behind both leaves, so it is part of no cycle.
    let _behind = event_loop.spawn_named("behind", subject.task(holds));
    run_for(&mut event_loop, 2 * SECOND);
    let report = reports.take();
    let text = report.first().expect("there is a report").to_string();
    assert_eq!(report.len(), 1);
    for line in
        ["┌─► task 2 \"waits\"  lock of mutex 1 ", "its queue is stalled by task 2 \"waits\" "]
    {
        assert!(text.contains(line), "{line} is missing:\n{text}");
    }
}

fn a_place_that_was_left_stalls_no_task(subject: Subject) {
    let (mut event_loop, reports) = loop_that_lives();
    let mutex = Mutex::new(());
    let holds = |time| takes().take(mutex.lock()).take(sleep(time));
    let _first = holds(SECOND / 4).spawn(subject, &event_loop, "first");
    let (handle, locks) = (Rc::new(RefCell::new(None::<JoinHandle<()>>)), mutex.lock());
    let joined = Rc::clone(&handle);
    // It waits for the lock, releases it, and then joins a task that waits for the same lock.
    let had_it = body()
        .perform_then(|| locks, drop)
        .perform_then(move || joined.take().expect("it was spawned"), drop);
    let _had_it = event_loop.spawn_named("had it", subject.task(had_it));
    let _holds = holds(6 * SECOND).spawn(subject, &event_loop, "holds");
    let waits = takes().take(mutex.lock()).spawn(subject, &event_loop, "waits");
    *handle.borrow_mut() = Some(waits);
    run_for(&mut event_loop, 5 * SECOND);
    assert_eq!(reports.take_names(), [""; 0]);
}

fn a_send_behind_an_abandoned_leaf_is_reported(subject: Subject) {
    let (mut event_loop, reports) = loop_that_lives();
    let (sender, receiver) = channel::bounded(1);
    let receiver = Rc::new(receiver);
    let receives = Rc::clone(&receiver);
    let send = |sender: &Sender<u32>| sender.send(1);
    let held = Held::default();
    let sends = body()
        .hold((Rc::clone(&held), receiver))
        .perform(send(&sender))
        .perform(abandons(send(&sender), &held))
        .run(move || assert!(receives.try_recv().is_ok(), "the first value is there"))
        .perform(send(&sender));
    let _sends = event_loop.spawn_named("sends", subject.task(sends));
    run_for(&mut event_loop, 2 * SECOND);
    assert_eq!(reports.take_names(), ["suspected: sends"]);
}

fn the_time_can_be_set(subject: Subject) {
    let (mut event_loop, reports) = loop_that_lives();
    event_loop.suspect_after(3 * SECOND);
    let mutex = Mutex::new(());
    let _one = takes().take(mutex.lock()).take(mutex.lock()).spawn(subject, &event_loop, "one");
    run_for(&mut event_loop, 3 * SECOND - Duration::from_nanos(1));
    assert_eq!(reports.len(), 0);
    run_for(&mut event_loop, Duration::from_nanos(1));
    assert_eq!(reports.take_names(), ["suspected: one"]);
}

/// Two tasks that wait for each other's lock, the first of them in this way. They are not reported.
fn is_not_reported<W: Task + 'static>(
    subject: Subject,
    wait: impl FnOnce(quadrivium::sync::mutex::Lock<()>) -> W,
) where
    W::Output: 'static,
{
    let (mut event_loop, reports) = loop_that_lives();
    let (a, b) = (Mutex::new(()), Mutex::new(()));
    let _one = takes().take(a.lock()).take(wait(b.lock())).spawn(subject, &event_loop, "one");
    let _two = takes().take(b.lock()).take(a.lock()).spawn(subject, &event_loop, "two");
    run_for(&mut event_loop, 5 * SECOND);
    assert_eq!(reports.take_names(), [""; 0]);
}

fn a_deadline_prevents_a_report(subject: Subject) {
    is_not_reported(subject, |lock| timeout(8 * SECOND, lock));
}

fn a_race_prevents_a_report(subject: Subject) {
    let notify = quadrivium::sync::Notify::new();
    is_not_reported(subject, |lock| race(lock, notify.notified()));
    is_not_reported(subject, |lock| race(notify.notified(), lock));
}

fn a_canceller_prevents_a_report(subject: Subject) {
    let (mut event_loop, reports) = loop_that_lives();
    let mutex = Mutex::new(());
    let one = takes().take(mutex.lock()).take(mutex.lock()).spawn(subject, &event_loop, "one");
    let canceller = one.canceller();
    run_for(&mut event_loop, 5 * SECOND);
    assert_eq!(reports.take_names(), [""; 0]);
    canceller.cancel();
}

fn a_cycle_that_ends_in_time_is_not_reported(subject: Subject) {
    let (mut event_loop, reports) = loop_that_lives();
    let mutex = Mutex::new(());
    let one = takes().take(mutex.lock()).take(mutex.lock()).spawn(subject, &event_loop, "one");
    run_for(&mut event_loop, SECOND / 2);
    one.cancel();
    run_for(&mut event_loop, 5 * SECOND);
    assert_eq!(reports.take_names(), [""; 0]);
}

fn a_moved_guard_prevents_a_report(subject: Subject) {
    let (mut event_loop, reports) = loop_that_lives();
    let mutex = Mutex::new(());
    let (sender, receiver) = channel::unbounded();
    let lock = mutex.lock();
    // The task that takes the lock ends, and its output is kept by another task.
    let moves = body().perform_then(|| lock, move |guard| assert!(sender.try_send(guard).is_ok()));
    let _moves = event_loop.spawn_named("moves", subject.task(moves));
    let keeps = takes().take(receiver.recv()).take(sleep(5 * SECOND));
    let _keeps = keeps.spawn(subject, &event_loop, "keeps");
    let _waits = takes().take(turn()).take(mutex.lock()).spawn(subject, &event_loop, "waits");
    run_for(&mut event_loop, 4 * SECOND);
    assert_eq!(reports.take_names(), [""; 0]);
}

fn the_search_changes_no_trace(subject: Subject) {
    let run = |reports: bool| {
        let (mut event_loop, trace) = traced();
        if reports {
            _ = Reports::of(&event_loop);
        } else {
            event_loop.suspect_after(Duration::MAX);
        }
        let mutex = Mutex::new(());
        drop(takes().take(mutex.lock()).take(mutex.lock()).spawn(subject, &event_loop, "one"));
        drop(event_loop.spawn(subject.task(body().perform(sleep(3 * SECOND)))));
        assert!(event_loop.run().is_err(), "a deadlock");
        (trace.lines(), event_loop.elapsed())
    };
    let (lines, elapsed) = run(true);
    assert_eq!(elapsed, 3 * SECOND);
    assert_eq!((lines, elapsed), run(false));
}

fn a_cycle_is_reported_on_a_real_clock(subject: Subject) {
    let mut event_loop = crate::event_loop::real_loop();
    let reports = Reports::of(&event_loop);
    event_loop.suspect_after(Duration::from_millis(5));
    // As long as the spawner exists, there is no deadlock.
    let spawner = event_loop.spawner();
    let stopper = event_loop.stopper();
    let kept = reports.clone();
    let mutex = Mutex::new(());
    let _one = takes().take(mutex.lock()).take(mutex.lock()).spawn(subject, &event_loop, "one");
    let stops = std::thread::spawn(move || {
        while kept.len() == 0 {
            std::thread::yield_now();
        }
        stopper.stop();
        drop(spawner);
    });
    event_loop.run().unwrap();
    stops.join().unwrap();
    assert_eq!(reports.take_names(), ["suspected: one"]);
}
