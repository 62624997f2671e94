//! Random operations on a semaphore: requests, releases, cancels and spurious wakes. No permit is
//! lost or duplicated, no task is overtaken, and none stays asleep that could continue.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use proptest::prelude::*;
use quadrivium::{
    prelude::*,
    sync::{Permit, Semaphore},
    task::Either,
};

use crate::{Probe, Subject, TestLoop, body, new_loop, random_cases, turns};

laws! { ($) semaphore_operations:
    /// Under random requests, releases, cancels and spurious wakes, no permit is lost and no task
    /// is overtaken. No task stays asleep that could continue.
    no_permit_is_lost_and_no_task_is_overtaken on VirtualClock;
}

#[derive(Clone, Debug)]
enum Operation {
    Acquire(usize),
    TryAcquire(usize),
    /// Releases the permit of one of the holders.
    Release(usize),
    Add,
    /// One of the holders forgets its permit, which is then lost.
    Forget(usize),
    Cancel(usize),
    /// Wakes one of the tasks spuriously.
    Wake(usize),
    Turn,
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        5 => (0..4_usize).prop_map(Operation::Acquire),
        1 => (0..4_usize).prop_map(Operation::TryAcquire),
        3 => (0..20_usize).prop_map(Operation::Release),
        1 => Just(Operation::Add),
        1 => (0..20_usize).prop_map(Operation::Forget),
        2 => (0..20_usize).prop_map(Operation::Cancel),
        2 => (0..20_usize).prop_map(Operation::Wake),
        4 => Just(Operation::Turn),
    ]
}

/// A task that acquires `n` permits. The index of a worker is its id, in the order of the requests.
struct Worker {
    handle: JoinHandle<()>,
    probe: Probe,
    n: usize,
}

#[derive(Default)]
struct PermitHistory {
    held: BTreeMap<usize, Permit>,
    /// The ids of the workers, in the order in which they got their permits.
    granted: Vec<usize>,
}

struct World {
    subject: Subject,
    event_loop: TestLoop,
    semaphore: Semaphore,
    history: Rc<RefCell<PermitHistory>>,
    workers: Vec<Worker>,
    cancelled: BTreeSet<usize>,
    /// The number of all permits, free or held.
    total: usize,
}

impl World {
    fn new(subject: Subject, total: usize) -> Self {
        Self {
            subject,
            event_loop: new_loop(),
            semaphore: Semaphore::new(total),
            history: Rc::default(),
            workers: Vec::new(),
            cancelled: BTreeSet::new(),
            total,
        }
    }

    fn acquire(&mut self, n: usize) {
        let (id, probe, history) = (self.workers.len(), Probe::default(), Rc::clone(&self.history));
        // The race with a probe, which never ends, gives access to the task's waker.
        let acquires = race(self.semaphore.acquire_many(n), probe.waits());
        let body = body().perform_then(
            || acquires,
            move |first| match first {
                Either::Left(permit) => {
                    let mut history = history.borrow_mut();
                    history.held.insert(id, permit.expect("the semaphore is not closed"));
                    // A request for zero permits never waits, so it may overtake others.
                    history.granted.extend((n > 0).then_some(id));
                }
                Either::Right(()) => unreachable!("the probe is never opened"),
            },
        );
        let handle = self.event_loop.spawn(self.subject.task(body));
        self.workers.push(Worker { handle, probe, n });
    }

    fn carry_out(&mut self, operation: Operation) {
        match operation {
            Operation::Acquire(n) => self.acquire(n),
            Operation::TryAcquire(n) => drop(self.semaphore.try_acquire_many(n)),
            Operation::Release(id) => {
                let released = self.history.borrow_mut().held.remove(&id);
                drop(released);
            }
            Operation::Add => {
                self.semaphore.add_permits(1);
                self.total += 1;
            }
            Operation::Forget(id) => {
                if let Some(permit) = self.history.borrow_mut().held.remove(&id) {
                    self.total -= permit.count();
                    permit.forget();
                }
            }
            Operation::Cancel(id) => {
                if let Some(worker) = self.workers.get(id).filter(|it| !it.handle.is_finished()) {
                    worker.handle.cancel();
                    self.cancelled.insert(id);
                }
            }
            Operation::Wake(id) => {
                let started = self.workers.get(id).filter(|worker| worker.probe.resumes() > 0);
                started.into_iter().for_each(|worker| worker.probe.wake());
            }
            Operation::Turn => _ = turns(&mut self.event_loop, 1),
        }
    }

    fn check(&self) {
        let history = self.history.borrow();
        let held: usize = history.held.values().map(Permit::count).sum();
        assert_eq!(self.semaphore.available_permits() + held, self.total);
        assert!(history.granted.is_sorted(), "a task was overtaken: {:?}", history.granted);
    }

    fn check_at_the_end(&mut self) {
        turns(&mut self.event_loop, 100);
        self.check();
        let waits = self.workers.iter().find(|worker| !worker.handle.is_finished());
        if let Some(first) = waits {
            assert!(
                first.n > self.semaphore.available_permits(),
                "a task waits though there are permits for it"
            );
        }
        let ended = self.workers.len() - self.cancelled.len();
        let history = self.history.borrow();
        assert!(history.granted.iter().all(|id| !self.cancelled.contains(id)));
        assert!(history.granted.len() <= ended);
    }
}

fn no_permit_is_lost_and_no_task_is_overtaken(subject: Subject) {
    let config = random_cases(if subject.is_pair() { 20 } else { 150 });
    let operations = prop::collection::vec(operation(), 0..80);
    proptest!(config, |(total in 0..4_usize, operations in operations)| {
        let mut world = World::new(subject, total);
        for operation in operations {
            world.carry_out(operation);
            world.check();
        }
        world.check_at_the_end();
    });
}
