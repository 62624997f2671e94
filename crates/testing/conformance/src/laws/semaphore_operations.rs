//! A semaphore under random requests, returns, cancels and spurious wakes: no permit lost, none
//! twice, nobody overtaken, nobody asleep who could go on.

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

use crate::{Probe, Subject, TestLoop, body, cases, new_loop, turns};

laws! { ($) semaphore_operations:
    /// Under random requests, returns, cancels and spurious wakes no permit is lost, nobody is
    /// overtaken, and nobody sleeps who could go on.
    every_permit_is_somewhere on VirtualClock;
}

#[derive(Clone, Debug)]
enum Operation {
    Acquire(usize),
    TryAcquire(usize),
    /// Gives back what one of the holders has.
    Release(usize),
    Add,
    /// One of the holders never gives back what it has.
    Forget(usize),
    Cancel(usize),
    /// Wakes one of the tasks for nothing.
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

/// Who wanted how many, in the order of asking.
struct Worker {
    handle: JoinHandle<()>,
    probe: Probe,
    n: usize,
}

#[derive(Default)]
struct Books {
    held: BTreeMap<usize, Permit>,
    /// In the order in which they got theirs.
    granted: Vec<usize>,
}

struct World {
    subject: Subject,
    event_loop: TestLoop,
    semaphore: Semaphore,
    books: Rc<RefCell<Books>>,
    workers: Vec<Worker>,
    cancelled: BTreeSet<usize>,
    /// All there are, free or held.
    total: usize,
}

impl World {
    fn new(subject: Subject, total: usize) -> Self {
        Self {
            subject,
            event_loop: new_loop(),
            semaphore: Semaphore::new(total),
            books: Rc::default(),
            workers: Vec::new(),
            cancelled: BTreeSet::new(),
            total,
        }
    }

    fn acquire(&mut self, n: usize) {
        let (id, probe, books) = (self.workers.len(), Probe::default(), Rc::clone(&self.books));
        // Raced against a leaf that never ends, but has a waker for us.
        let acquires = race(self.semaphore.acquire_many(n), probe.waits());
        let body = body().perform_then(
            || acquires,
            move |first| match first {
                Either::Left(permit) => {
                    let mut books = books.borrow_mut();
                    books.held.insert(id, permit.expect("nobody closes it"));
                    // Who wants nothing waits for nobody, and so overtakes.
                    books.granted.extend((n > 0).then_some(id));
                }
                Either::Right(()) => unreachable!("the probe stays shut"),
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
                let released = self.books.borrow_mut().held.remove(&id);
                drop(released);
            }
            Operation::Add => {
                self.semaphore.add_permits(1);
                self.total += 1;
            }
            Operation::Forget(id) => {
                if let Some(permit) = self.books.borrow_mut().held.remove(&id) {
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
        let books = self.books.borrow();
        let held: usize = books.held.values().map(Permit::count).sum();
        assert_eq!(self.semaphore.available_permits() + held, self.total);
        assert!(books.granted.is_sorted(), "somebody was overtaken: {:?}", books.granted);
    }

    fn check_at_the_end(&mut self) {
        turns(&mut self.event_loop, 100);
        self.check();
        let waits = self.workers.iter().find(|worker| !worker.handle.is_finished());
        if let Some(first) = waits {
            assert!(first.n > self.semaphore.available_permits(), "somebody has overslept");
        }
        let ended = self.workers.len() - self.cancelled.len();
        let books = self.books.borrow();
        assert!(books.granted.iter().all(|id| !self.cancelled.contains(id)));
        assert!(books.granted.len() <= ended);
    }
}

fn every_permit_is_somewhere(subject: Subject) {
    let config = cases(if subject.is_pair() { 20 } else { 150 });
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
