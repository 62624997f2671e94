//! Foreign wakers run user code when they are cloned, too. That code runs after a leaf has checked
//! its condition and before it waits, so a change it makes must not be missed.

use std::{
    cell::{Cell, OnceCell},
    panic::Location,
    pin::Pin,
    rc::Rc,
    task::Waker,
    time::Duration,
};

use quadrivium::{
    host::{self, Host, SpawnedTasks, TaskKey, Wrapper, hosted},
    prelude::*,
    sync::{Barrier, Mutex, Notify, Semaphore, broadcast, channel, oneshot, watch},
    task::{Context, Step, Wait},
};

use crate::{Subject, body, is_done, leaf, new_loop};

laws! { ($) cloned_wakers:
    /// A value that is sent while a receive clones its waker reaches that receive.
    a_send_during_a_clone_is_received;
    /// A receive returns the end if the last sender is dropped while the receive clones its waker.
    a_close_during_a_clone_is_noticed;
    /// A send returns if, while it clones its waker, a value is received or the receiver is
    /// dropped.
    a_receive_during_a_clone_ends_the_send;
    /// A notification that comes while a waiting task clones its waker reaches that task.
    a_notification_during_a_clone_arrives;
    /// A lock or permit that is released while a waiting task clones its waker goes to that task.
    a_release_during_a_clone_is_noticed;
    /// A task that arrives at a barrier while another one clones its waker there counts as arrived.
    an_arrival_during_a_clone_counts;
    /// A join returns if the joined task ends while the join clones its waker.
    an_end_during_a_clone_is_noticed;
}

/// Performs `task`, and runs `meddle` when the task clones its waker. Nothing else happens that
/// could end the wait of the task. Returns its output.
fn output_when_clone_runs<T: Task + 'static>(
    subject: Subject,
    task: T,
    meddle: impl FnOnce() + 'static,
) -> T::Output
where
    T::Output: 'static,
{
    let mut task = Box::pin(task);
    let in_clone = Rc::new(Cell::new(Some(Box::new(meddle) as Meddle)));
    let meddled = leaf(move |cx: &mut Context<'_>| {
        let wrapped = host::current().expect("it runs on a loop");
        let in_clone = Rc::clone(&in_clone);
        let _entered = host::enter(Rc::new(Meddles { wrapped, in_clone }));
        task.as_mut().resume(cx)
    });
    let output = Rc::new(Cell::new(None));
    let slot = Rc::clone(&output);
    let performs = body().perform_then(|| meddled, move |output| slot.set(Some(output)));
    new_loop()
        .block_on(subject.task(performs))
        .expect("what happens while the waker is cloned must end the task's wait");
    output.take().expect("it is done")
}

type Meddle = Box<dyn FnOnce()>;

/// A host that runs a function when it is first asked for a copy of a waker. A foreign waker whose
/// `clone` runs user code does the same.
struct Meddles {
    wrapped: Rc<dyn Host>,
    in_clone: Rc<Cell<Option<Meddle>>>,
}

impl Wrapper for Meddles {
    fn wrapped(&self) -> &Rc<dyn Host> {
        &self.wrapped
    }

    fn local_waker(&self, waker: &Waker) -> Waker {
        if let Some(meddle) = self.in_clone.take() {
            meddle();
        }
        self.wrapped.local_waker(waker)
    }
}

fn a_send_during_a_clone_is_received(subject: Subject) {
    let (sender, receiver) = oneshot::channel();
    assert_eq!(output_when_clone_runs(subject, receiver, move || sender.send(1).unwrap()), Ok(1));
    let (sender, receiver) = channel::bounded(1);
    let sends = sender.clone();
    assert_eq!(
        output_when_clone_runs(subject, receiver.recv(), move || sends.try_send(2).unwrap()),
        Ok(2)
    );
    let (sender, receiver) = broadcast::channel(1);
    let sends = sender.clone();
    assert_eq!(output_when_clone_runs(subject, receiver.recv(), move || _ = sends.send(3)), Ok(3));
    let (sender, receiver) = watch::channel(0);
    let sends = sender.clone();
    assert_eq!(
        output_when_clone_runs(subject, receiver.changed(), move || sends.send(4)).as_deref(),
        Ok(&4)
    );
}

fn a_close_during_a_clone_is_noticed(subject: Subject) {
    let (sender, receiver) = oneshot::channel::<()>();
    assert!(output_when_clone_runs(subject, receiver, || drop(sender)).is_err());
    let (sender, receiver) = channel::bounded::<()>(1);
    assert!(output_when_clone_runs(subject, receiver.recv(), || drop(sender)).is_err());
    let (sender, receiver) = broadcast::channel::<()>(1);
    assert!(output_when_clone_runs(subject, receiver.recv(), || drop(sender)).is_err());
    let (sender, receiver) = watch::channel(());
    assert!(output_when_clone_runs(subject, receiver.changed(), || drop(sender)).is_err());
}

fn a_receive_during_a_clone_ends_the_send(subject: Subject) {
    let full = || {
        let (sender, receiver) = channel::bounded(1);
        sender.try_send(1).unwrap();
        (sender, receiver)
    };
    let (sender, receiver) = full();
    let receives = Rc::new(receiver);
    let receiver = Rc::clone(&receives);
    let send = sender.send(2);
    assert_eq!(
        output_when_clone_runs(subject, send, move || assert_eq!(receives.try_recv(), Ok(1))),
        Ok(())
    );
    assert_eq!(receiver.try_recv(), Ok(2));
    let (sender, receiver) = full();
    assert!(output_when_clone_runs(subject, sender.send(2), || drop(receiver)).is_err());
    let (sender, receiver) = watch::channel(());
    output_when_clone_runs(subject, sender.closed(), || drop(receiver));
}

fn a_notification_during_a_clone_arrives(subject: Subject) {
    let notify = Notify::new();
    let notifies = notify.clone();
    output_when_clone_runs(subject, notify.notified(), move || notifies.notify_one());
}

fn a_release_during_a_clone_is_noticed(subject: Subject) {
    let mutex = Mutex::new(7);
    let guard = mutex.try_lock().unwrap();
    assert_eq!(*output_when_clone_runs(subject, mutex.lock(), || drop(guard)), 7);
    let semaphore = Semaphore::new(2);
    let permit = semaphore.try_acquire().unwrap();
    let both = output_when_clone_runs(subject, semaphore.acquire_many(2), || drop(permit));
    assert_eq!(both.unwrap().count(), 2);
    let _permit = semaphore.try_acquire().unwrap();
    let closes = semaphore.clone();
    assert!(
        output_when_clone_runs(subject, semaphore.acquire_many(2), move || closes.close()).is_err()
    );
}

fn an_arrival_during_a_clone_counts(subject: Subject) {
    let barrier = Barrier::new(2);
    let mut other = barrier.wait();
    // It counts as arrived until it is dropped.
    let stays = Rc::new(Cell::new(None));
    let keeps = Rc::clone(&stays);
    let comes = move || {
        let mut cx = Context::new(Waker::noop());
        assert!(!is_done(&Pin::new(&mut other).resume(&mut cx)));
        keeps.set(Some(other));
    };
    assert!(output_when_clone_runs(subject, barrier.wait(), comes).is_leader());
    drop(stays);
}

fn an_end_during_a_clone_is_noticed(subject: Subject) {
    let ends = Rc::new(OnceCell::<(Rc<dyn SpawnedTasks>, TaskKey)>::new());
    let child = Rc::clone(&ends);
    let mut body = Some(subject.task(body().perform(sleep(Duration::MAX))));
    let joins = leaf(move |cx| {
        let (tasks, child) = child.get_or_init(|| {
            let host = host::current().expect("it runs on a loop");
            let body = hosted(body.take().expect("once"));
            let key = host.spawn(body, None, Location::caller());
            (host.tasks(), key)
        });
        match tasks.join(*child, cx, &mut None::<()>) {
            Some((_, joined)) => Step::Done(joined),
            None => Step::Suspended(Wait::Wake),
        }
    });
    let cancels = move || {
        let (tasks, child) = ends.get().expect("it is spawned");
        tasks.cancel(*child);
    };
    let joined = output_when_clone_runs(subject, joins, cancels);
    assert!(matches!(joined, Err(JoinError::Cancelled)), "{:?}", joined.err());
}
