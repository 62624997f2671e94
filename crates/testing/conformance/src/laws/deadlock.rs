//! Deadlocks. One is reported, with the names of the tasks, once it is certain. None is reported
//! while another thread could still wake a task.

use std::{
    cell::RefCell,
    rc::Rc,
    sync::mpsc,
    task::{self, Poll, Waker},
    thread,
    time::Duration,
};

use quadrivium::{
    event_loop::Deadlock,
    io::Polled,
    net::UnixStream,
    prelude::*,
    sync::{Notify, oneshot},
    task::{Step, Wait},
    test::{Faults, Simulation},
};

use crate::{Probe, Subject, body, leaf, new_loop, notes_and_loop};

laws! { ($) deadlock:
    /// A task that joins itself is reported as a deadlock, with its name.
    a_self_join_is_reported on Deadlocks;
    /// Tasks that join each other are reported as a deadlock, named in the order of spawning.
    a_cycle_of_joins_is_reported on Deadlocks;
    /// A task that receives while it holds the only sender itself is reported as a deadlock.
    a_receive_that_holds_its_sender_is_reported on Deadlocks;
    /// A `block_on` that can never end returns a deadlock and cancels its task.
    ends_block_on_and_cancels_its_task on Deadlocks;
    /// A deadlock names every task that is left. These tasks stay suspended, and may still be woken
    /// later.
    names_every_task_that_is_left on Deadlocks;
    /// No deadlock is reported while a deadline is left.
    is_not_reported_while_a_deadline_is_left on VirtualClock;
    /// No deadlock is reported while another thread has a waker.
    is_not_reported_while_a_thread_has_a_waker;
    /// No deadlock is reported while another thread has a canceller.
    is_not_reported_while_a_thread_has_a_canceller;
    /// No deadlock is reported while another thread has a stopper.
    is_not_reported_while_a_thread_has_a_stopper;
    /// No deadlock is reported while a polled stream has a waker of the task, whatever the task
    /// itself waits for. One is reported as soon as the stream is ready or is dropped.
    is_not_reported_while_a_polled_stream_has_a_waker on Deadlocks;
    /// A deadlock is reported once all wakers, cancellers and stoppers of other threads are gone.
    is_reported_once_no_waker_is_left on Deadlocks;
    /// In a simulation with spurious wakes for every task, time still passes and a deadlock is
    /// found.
    is_found_despite_spurious_wakes;
    /// A task that only sleeps, for too long ever to end, is reported as a deadlock.
    a_sleep_without_end_is_reported on Deadlocks;
    /// A task that joins a task of another loop is reported, because the other loop does not run
    /// meanwhile. The report names the task that was joined.
    a_join_on_another_loop_is_reported on Deadlocks Nesting;
    /// A report names a task of another loop only while a task waits for it.
    a_former_join_on_another_loop_is_not_reported on Deadlocks Nesting;
    /// A sleep without end causes no deadlock while another deadline will still come.
    is_not_reported_while_another_deadline_will_come;
}

/// The names of the tasks in a report.
fn names(deadlock: &Deadlock) -> Vec<&str> {
    deadlock.tasks.labels().map(|label| label.name.as_deref().unwrap_or("-")).collect()
}

/// Returns the deadlock with which a run must end.
#[track_caller]
pub(super) fn expect_deadlock<T>(ran: Result<T, RunError>) -> Deadlock {
    match ran {
        Err(RunError::Deadlock(deadlock)) => deadlock,
        Err(error) => panic!("expected a deadlock, but the run failed with: {error}"),
        Ok(_) => panic!("expected a deadlock, but the run ended without one"),
    }
}

type Handle = Rc<RefCell<Option<JoinHandle<()>>>>;

/// Spawns a task that joins the task of `handle`.
fn spawn_joining(
    subject: Subject,
    name: &str,
    event_loop: &EventLoop,
    handle: &Handle,
) -> JoinHandle<()> {
    let handle = Rc::clone(handle);
    let joins = body().perform_then(move || handle.take().unwrap(), drop);
    event_loop.spawn_named(name, subject.task(joins))
}

fn a_self_join_is_reported(subject: Subject) {
    let mut event_loop = new_loop();
    let own = Handle::default();
    let handle = spawn_joining(subject, "joins itself", &event_loop, &own);
    *own.borrow_mut() = Some(handle);
    let deadlock = expect_deadlock(event_loop.run());
    assert_eq!(names(&deadlock), ["joins itself"]);
    let message = deadlock.to_string();
    assert!(
        message.starts_with(
            "deadlock: no task is ready, and nothing outside the loop can wake one\n\n\
             task 1 \"joins itself\" ("
        ),
        "{message}"
    );
}

fn a_cycle_of_joins_is_reported(subject: Subject) {
    let mut event_loop = new_loop();
    let (first, second) = (Handle::default(), Handle::default());
    let one = spawn_joining(subject, "one", &event_loop, &second);
    let two = spawn_joining(subject, "two", &event_loop, &first);
    *first.borrow_mut() = Some(one);
    *second.borrow_mut() = Some(two);
    let deadlock = expect_deadlock(event_loop.run());
    assert_eq!(names(&deadlock), ["one", "two"], "tasks must be named in the order of spawning");
}

fn a_join_on_another_loop_is_reported(subject: Subject) {
    let (mut event_loop, mut other) = (new_loop(), new_loop());
    let never_runs = other.spawn_named("never runs", subject.task(body()));
    let joins = event_loop.spawn_named("joins it", subject.task(body().perform(never_runs)));
    let deadlock = expect_deadlock(event_loop.run());
    assert_eq!(names(&deadlock), ["joins it"]);
    let joined: Vec<_> = deadlock.joined_elsewhere.iter().map(|label| label.name.clone()).collect();
    assert_eq!(joined, [Some("never runs".into())]);
    let message = deadlock.to_string();
    assert!(message.contains("waits for task 1 \"never runs\" (spawned at "), "{message}");
    assert!(message.ends_with("join a handle on the loop that has spawned its task"), "{message}");
    // The wait is no fault of the tasks: it ends once the other loop has run.
    other.run().unwrap();
    event_loop.run().unwrap();
    assert!(joins.is_finished());
}

fn a_former_join_on_another_loop_is_not_reported(subject: Subject) {
    let (mut event_loop, other, notify) = (new_loop(), new_loop(), Notify::new());
    let never_runs = other.spawn(subject.task(body()));
    // The handle loses a race, and is dropped.
    let races = body().perform(race(never_runs, turn())).perform(notify.notified());
    drop(event_loop.spawn(subject.task(races)));
    let deadlock = expect_deadlock(event_loop.run());
    assert_eq!(deadlock.joined_elsewhere, []);
    assert!(deadlock.to_string().contains("look for a sender"), "{deadlock}");
}

fn a_receive_that_holds_its_sender_is_reported(subject: Subject) {
    let mut event_loop = new_loop();
    let (sender, receiver) = oneshot::channel::<()>();
    let waits = body().hold(sender).perform(receiver);
    drop(event_loop.spawn_named("receiver", subject.task(waits)));
    drop(event_loop.spawn_named("done", subject.task(body().perform(turn()))));
    let deadlock = expect_deadlock(event_loop.run());
    assert_eq!(names(&deadlock), ["receiver"]);
}

fn ends_block_on_and_cancels_its_task(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let notify = Notify::new();
    let body = body().hold(notes.when_dropped("dropped")).perform(notify.notified());
    expect_deadlock(event_loop.block_on(subject.task(body)));
    assert_eq!(notes.lines(), ["dropped"], "the task of the failed `block_on` must be cancelled");
    assert_eq!(event_loop.live(), 0);
    event_loop.run().unwrap();
}

fn names_every_task_that_is_left(subject: Subject) {
    let mut event_loop = new_loop();
    let notify = Notify::new();
    let stuck = event_loop.spawn_named("stuck", subject.task(body().perform(notify.notified())));
    drop(event_loop.spawn_named("joins it", subject.task(body().perform(stuck))));
    let deadlock = expect_deadlock(event_loop.run());
    assert_eq!(names(&deadlock), ["stuck", "joins it"]);
    // The tasks are still suspended. The owner of the other end may wake them, and the loop goes
    // on.
    notify.notify_all();
    event_loop.run().unwrap();
}

fn is_not_reported_while_a_deadline_is_left(subject: Subject) {
    let mut event_loop = new_loop();
    let notify = Notify::new();
    drop(event_loop.spawn(subject.task(body().perform(notify.notified()))));
    let helps = body().perform(sleep(Duration::from_secs(1)));
    event_loop.run_detached(subject.task(helps.run(move || notify.notify_one())));
}

/// Spawns a task that suspends and waits to be woken. It sends on `suspended` when it does.
fn spawn_suspended(
    subject: Subject,
    event_loop: &EventLoop,
    suspended: mpsc::Sender<()>,
) -> JoinHandle<()> {
    let waits = leaf(move |_| {
        suspended.send(()).unwrap();
        Step::<()>::Suspended(Wait::Wake)
    });
    event_loop.spawn(subject.task(body().perform(waits)))
}

fn is_not_reported_while_a_thread_has_a_waker(subject: Subject) {
    let mut event_loop = new_loop();
    let (sender, receiver) = mpsc::channel::<Waker>();
    let mut has_run = false;
    let waits = leaf(move |cx| match std::mem::replace(&mut has_run, true) {
        true => Step::Done(()),
        false => {
            sender.send(cx.waker().clone()).unwrap();
            Step::Suspended(Wait::Wake)
        }
    });
    drop(event_loop.spawn(subject.task(body().perform(waits))));
    let thread = thread::spawn(move || receiver.recv().unwrap().wake());
    event_loop.run().unwrap();
    thread.join().unwrap();
}

fn is_not_reported_while_a_thread_has_a_canceller(subject: Subject) {
    let mut event_loop = new_loop();
    let (sender, suspended) = mpsc::channel();
    let canceller = spawn_suspended(subject, &event_loop, sender).canceller();
    let thread = thread::spawn(move || {
        suspended.recv().unwrap();
        canceller.cancel();
    });
    event_loop.run().unwrap();
    assert_eq!(event_loop.live(), 0);
    thread.join().unwrap();
}

fn is_not_reported_while_a_thread_has_a_stopper(subject: Subject) {
    let mut event_loop = new_loop();
    let (sender, suspended) = mpsc::channel();
    drop(spawn_suspended(subject, &event_loop, sender));
    let stopper = event_loop.stopper();
    let thread = thread::spawn(move || {
        suspended.recv().unwrap();
        stopper.stop();
    });
    event_loop.run().unwrap();
    assert_eq!(event_loop.live(), 1, "the run must be stopped, and the task must be left");
    thread.join().unwrap();
}

/// A task that polls a stream for one byte, once, and then waits for something that never comes.
fn polls_once(
    subject: Subject,
    stream: &Rc<RefCell<Polled<UnixStream>>>,
    says: Rc<RefCell<Vec<Poll<usize>>>>,
) -> quadrivium::task::BoxTask<()> {
    let stream = Rc::clone(stream);
    let polls = leaf(move |cx| {
        let cx = &mut task::Context::from_waker(cx.waker());
        let polled = stream.borrow_mut().poll_read(cx, &mut [0]);
        says.borrow_mut().push(polled.map(|n| n.unwrap()));
        Step::Done(())
    });
    // In a join, the deadline that never comes outweighs the wait for a wake.
    let waits = join(sleep(Duration::MAX), Notify::new().notified());
    subject.task(body().perform(polls).perform(waits))
}

fn is_not_reported_while_a_polled_stream_has_a_waker(subject: Subject) {
    let (one, other) = UnixStream::pair().unwrap();
    let stream = Rc::new(RefCell::new(Polled::new(one)));
    let polled = Rc::default();
    let mut event_loop = new_loop();
    let handle = event_loop.start(polls_once(subject, &stream, Rc::clone(&polled)), 1);
    assert_eq!(*polled.borrow(), [Poll::Pending]);
    // The owner of the stream may poll it again, so the thread that writes could help the task.
    let thread = thread::spawn(move || {
        let mut other = other.into_std().unwrap();
        std::io::Write::write_all(&mut other, b"!").unwrap();
        other
    });
    // The byte arrives and wakes the task spuriously. Now the loop knows that this is a deadlock.
    expect_deadlock(event_loop.run());
    assert!(!handle.is_finished());
    let other = thread.join().unwrap();
    drop(event_loop.spawn(polls_once(subject, &stream, Rc::clone(&polled))));
    event_loop.start_detached(polls_once(subject, &stream, Rc::clone(&polled)), 1);
    assert_eq!(polled.borrow()[1..], [Poll::Ready(1), Poll::Pending]);
    // A stream that is dropped wakes no task.
    drop(stream);
    assert_eq!(expect_deadlock(event_loop.run()).tasks.len(), 3);
    drop(other);
}

fn is_reported_once_no_waker_is_left(subject: Subject) {
    let mut event_loop = new_loop();
    let notify = Notify::new();
    let handle = event_loop.spawn_named("stuck", subject.task(body().perform(notify.notified())));
    let probe = Probe::default();
    let watched = event_loop.start(subject.task(body().perform(probe.waits())), 1);
    drop((handle.canceller(), event_loop.stopper()));
    // The task whose waker was given away has ended, so that waker no longer wakes a task.
    watched.cancel();
    assert_eq!(names(&expect_deadlock(event_loop.run())), ["stuck"]);
}

fn is_found_despite_spurious_wakes(subject: Subject) {
    const SECOND: Duration = Duration::from_secs(1);
    for within in [Duration::ZERO, SECOND] {
        let always = Faults::none().spurious_wakes(1.0, within);
        Simulation::new().seeds(0..3).max_steps(100).faults(always).run(|event_loop| {
            event_loop.block_on(subject.task(body().perform(sleep(SECOND)))).unwrap();
            let stuck = subject.task(body().perform(Notify::new().notified()));
            drop(event_loop.spawn_named("stuck", stuck));
            assert_eq!(names(&expect_deadlock(event_loop.run())), ["stuck"]);
        });
    }
}

/// Durations that no clock reaches: one too large for an `Instant`, and two too large for a loop.
const WITHOUT_END: [Duration; 3] =
    [Duration::MAX, Duration::from_secs(u64::MAX / 4), Duration::from_secs(1 << 40)];

fn a_sleep_without_end_is_reported(subject: Subject) {
    for never in WITHOUT_END {
        let mut event_loop = new_loop();
        let sleeps = subject.task(body().perform(sleep(never)));
        let deadlock = expect_deadlock(event_loop.block_on(sleeps));
        assert!(!deadlock.time_is_used_up, "{subject}: {never:?}");
        let message = deadlock.to_string();
        assert!(message.contains("a sleep that is too long to end"), "{subject}: {message}");
    }
}

fn is_not_reported_while_another_deadline_will_come(subject: Subject) {
    for never in WITHOUT_END {
        let mut event_loop = new_loop();
        let sleeps = event_loop.spawn(subject.task(body().perform(sleep(never))));
        let limited = timeout(Duration::from_millis(1), sleep(never));
        let limited = subject.task(body().perform_then(|| limited, |done| assert!(done.is_err())));
        event_loop.block_on(limited).unwrap();
        let unlimited = timeout(never, sleep(Duration::from_millis(1)));
        let unlimited = body().perform_then(|| unlimited, |done| assert_eq!(done, Ok(())));
        event_loop.block_on(subject.task(unlimited)).unwrap();
        assert!(!sleeps.is_finished(), "{subject}: {never:?}");
    }
}
