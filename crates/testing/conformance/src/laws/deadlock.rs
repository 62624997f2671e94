//! A deadlock is reported when it is certain, with names, and never when someone outside may help.

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

use crate::{Probe, Subject, body, leaf, new_loop, said_and_loop};

laws! { ($) deadlock:
    /// A task that joins itself is a deadlock, and is named.
    a_self_join on Deadlocks;
    /// Tasks that join each other are a deadlock, named in the order of spawning.
    a_join_cycle on Deadlocks;
    /// A receiver whose sender waits with it is a deadlock.
    a_channel_nobody_sends_on on Deadlocks;
    /// A `block_on` that can never end says so and cancels its task.
    of_a_task_blocked_on on Deadlocks;
    /// All tasks that are left are named, and may still be helped.
    others_that_wait_for_it_are_named_too on Deadlocks;
    /// No deadlock while a deadline is left.
    not_while_a_deadline_is_left on VirtualClock;
    /// No deadlock while another thread has a waker.
    not_while_a_thread_has_a_waker;
    /// No deadlock while another thread has a canceller.
    not_while_a_thread_has_a_canceller;
    /// No deadlock while another thread has a stopper.
    not_while_a_thread_has_a_stopper;
    /// No deadlock while a polled stream has a waker of the task, whatever the task says it waits
    /// for; and one as soon as the stream has what it was polled for, or is gone.
    not_while_a_polled_stream_has_a_waker on Deadlocks;
    /// When those are gone, it is one.
    certain_again_when_they_are_gone on Deadlocks;
    /// In a simulation that wakes every task for no reason, time goes on and a deadlock is found.
    spurious_wakes_hide_none;
    /// A sleep without end is a deadlock when its task waits for nothing else, however long it is.
    a_sleep_without_end on Deadlocks;
    /// A deadline that comes is no deadlock beside a sleep without end.
    a_sleep_without_end_beside_one_that_ends;
}

/// The names in a report.
fn names(deadlock: &Deadlock) -> Vec<&str> {
    deadlock.tasks.iter().map(|label| label.name.as_deref().unwrap_or("-")).collect()
}

#[track_caller]
fn expect_deadlock<T>(ran: Result<T, RunError>) -> Deadlock {
    match ran {
        Err(RunError::Deadlock(deadlock)) => deadlock,
        Err(error) => panic!("another error: {error}"),
        Ok(_) => panic!("no deadlock"),
    }
}

type Handle = Rc<RefCell<Option<JoinHandle<()>>>>;

/// Spawns a task that joins the task of `handle`.
fn joins(subject: Subject, name: &str, event_loop: &EventLoop, handle: &Handle) -> JoinHandle<()> {
    let handle = Rc::clone(handle);
    let joins = body().perform_then(move || handle.take().unwrap(), drop);
    event_loop.spawn_named(name, subject.task(joins))
}

fn a_self_join(subject: Subject) {
    let mut event_loop = new_loop();
    let own = Handle::default();
    let handle = joins(subject, "narcissus", &event_loop, &own);
    *own.borrow_mut() = Some(handle);
    let deadlock = expect_deadlock(event_loop.run());
    assert_eq!(names(&deadlock), ["narcissus"]);
    let message = deadlock.to_string();
    assert!(
        message.starts_with(
            "deadlock: no task is ready, and nothing outside the loop can wake one: \
             task 1 \"narcissus\" (spawned at "
        ),
        "{message}"
    );
}

fn a_join_cycle(subject: Subject) {
    let mut event_loop = new_loop();
    let (first, second) = (Handle::default(), Handle::default());
    let one = joins(subject, "one", &event_loop, &second);
    let two = joins(subject, "two", &event_loop, &first);
    *first.borrow_mut() = Some(one);
    *second.borrow_mut() = Some(two);
    let deadlock = expect_deadlock(event_loop.run());
    assert_eq!(names(&deadlock), ["one", "two"], "in the order they were spawned");
}

fn a_channel_nobody_sends_on(subject: Subject) {
    let mut event_loop = new_loop();
    let (sender, receiver) = oneshot::channel::<()>();
    let waits = body().hold(sender).perform(receiver);
    drop(event_loop.spawn_named("receiver", subject.task(waits)));
    drop(event_loop.spawn_named("done", subject.task(body().perform(turn()))));
    let deadlock = expect_deadlock(event_loop.run());
    assert_eq!(names(&deadlock), ["receiver"]);
}

fn of_a_task_blocked_on(subject: Subject) {
    let (said, mut event_loop) = said_and_loop();
    let notify = Notify::new();
    let body = body().hold(said.when_dropped("dropped")).perform(notify.notified());
    expect_deadlock(event_loop.block_on(subject.task(body)));
    assert_eq!(said.lines(), ["dropped"], "it is cancelled, since nobody has its handle");
    assert_eq!(event_loop.live(), 0);
    event_loop.run().unwrap();
}

fn others_that_wait_for_it_are_named_too(subject: Subject) {
    let mut event_loop = new_loop();
    let notify = Notify::new();
    let stuck = event_loop.spawn_named("stuck", subject.task(body().perform(notify.notified())));
    drop(event_loop.spawn_named("joins it", subject.task(body().perform(stuck))));
    let deadlock = expect_deadlock(event_loop.run());
    assert_eq!(names(&deadlock), ["stuck", "joins it"]);
    // They are where they were: who holds the other end may help, and the loop goes on.
    notify.notify_all();
    event_loop.run().unwrap();
}

fn not_while_a_deadline_is_left(subject: Subject) {
    let mut event_loop = new_loop();
    let notify = Notify::new();
    drop(event_loop.spawn(subject.task(body().perform(notify.notified()))));
    let helps = body().perform(sleep(Duration::from_secs(1)));
    event_loop.run_detached(subject.task(helps.run(move || notify.notify_one())));
}

/// A task that suspends until `help`, and tells `suspended` when it does.
fn tells(subject: Subject, event_loop: &EventLoop, suspended: mpsc::Sender<()>) -> JoinHandle<()> {
    let waits = leaf(move |_| {
        suspended.send(()).unwrap();
        Step::<()>::Suspended(Wait::Wake)
    });
    event_loop.spawn(subject.task(body().perform(waits)))
}

fn not_while_a_thread_has_a_waker(subject: Subject) {
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

fn not_while_a_thread_has_a_canceller(subject: Subject) {
    let mut event_loop = new_loop();
    let (sender, suspended) = mpsc::channel();
    let canceller = tells(subject, &event_loop, sender).canceller();
    let thread = thread::spawn(move || {
        suspended.recv().unwrap();
        canceller.cancel();
    });
    event_loop.run().unwrap();
    assert_eq!(event_loop.live(), 0);
    thread.join().unwrap();
}

fn not_while_a_thread_has_a_stopper(subject: Subject) {
    let mut event_loop = new_loop();
    let (sender, suspended) = mpsc::channel();
    drop(tells(subject, &event_loop, sender));
    let stopper = event_loop.stopper();
    let thread = thread::spawn(move || {
        suspended.recv().unwrap();
        stopper.stop();
    });
    event_loop.run().unwrap();
    assert_eq!(event_loop.live(), 1, "stopped, not deadlocked");
    thread.join().unwrap();
}

/// Polls a stream for a byte, once, then waits for something that never comes.
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
    // In a sum of waits, the deadline that never comes counts for more.
    let waits = join(sleep(Duration::MAX), Notify::new().notified());
    subject.task(body().perform(polls).perform(waits))
}

fn not_while_a_polled_stream_has_a_waker(subject: Subject) {
    let (one, other) = UnixStream::pair().unwrap();
    let stream = Rc::new(RefCell::new(Polled::new(one)));
    let polled = Rc::default();
    let mut event_loop = new_loop();
    let handle = event_loop.start(polls_once(subject, &stream, Rc::clone(&polled)), 1);
    assert_eq!(*polled.borrow(), [Poll::Pending]);
    // It may be polled again by whoever has it, so the thread that writes may be of help.
    let thread = thread::spawn(move || {
        let mut other = other.into_std().unwrap();
        std::io::Write::write_all(&mut other, b"!").unwrap();
        other
    });
    // It comes, wakes the task for nothing, and with that the loop knows for certain.
    expect_deadlock(event_loop.run());
    assert!(!handle.is_finished());
    let other = thread.join().unwrap();
    drop(event_loop.spawn(polls_once(subject, &stream, Rc::clone(&polled))));
    event_loop.start_detached(polls_once(subject, &stream, Rc::clone(&polled)), 1);
    assert_eq!(polled.borrow()[1..], [Poll::Ready(1), Poll::Pending]);
    // Nobody waits for a stream that is gone.
    drop(stream);
    assert_eq!(expect_deadlock(event_loop.run()).tasks.len(), 3);
    drop(other);
}

fn certain_again_when_they_are_gone(subject: Subject) {
    let mut event_loop = new_loop();
    let notify = Notify::new();
    let handle = event_loop.spawn_named("stuck", subject.task(body().perform(notify.notified())));
    let probe = Probe::default();
    let watched = event_loop.start(subject.task(body().perform(probe.waits())), 1);
    drop((handle.canceller(), event_loop.stopper()));
    // The task whose waker was given away is gone, so nobody has a waker that wakes.
    watched.cancel();
    assert_eq!(names(&expect_deadlock(event_loop.run())), ["stuck"]);
}

fn spurious_wakes_hide_none(subject: Subject) {
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

/// Durations that no clock reaches: one that no instant can count, and two that loops cannot.
const WITHOUT_END: [Duration; 3] =
    [Duration::MAX, Duration::from_secs(u64::MAX / 4), Duration::from_secs(1 << 40)];

fn a_sleep_without_end(subject: Subject) {
    for never in WITHOUT_END {
        let mut event_loop = new_loop();
        let sleeps = subject.task(body().perform(sleep(never)));
        let deadlock = expect_deadlock(event_loop.block_on(sleeps));
        assert!(!deadlock.time_is_used_up, "{subject}: {never:?}");
        let message = deadlock.to_string();
        assert!(message.contains("a sleep that is too long to end"), "{subject}: {message}");
    }
}

fn a_sleep_without_end_beside_one_that_ends(subject: Subject) {
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
