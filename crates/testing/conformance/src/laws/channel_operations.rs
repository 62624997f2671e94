//! Random operations on a channel: sends, receives, cancels and spurious wakes. No value is lost,
//! duplicated or reordered, and no task stays asleep that could continue.

use std::{cell::RefCell, rc::Rc};

use proptest::prelude::*;
use quadrivium::{
    prelude::*,
    sync::channel::{self, Receiver, Sender, TryRecvError},
    task::Either,
};

use crate::{Probe, Subject, TestLoop, body, new_loop, random_cases, turns};

laws! { ($) channel_operations:
    /// Under random sends, receives, cancels and spurious wakes, every value arrives once and in
    /// order. No task stays asleep that could continue.
    every_value_arrives_once_and_in_order on VirtualClock;
}

#[derive(Clone, Debug)]
enum Operation {
    Send,
    TrySend,
    Recv,
    TryRecv,
    /// Cancels one of the tasks.
    Cancel(usize),
    /// Wakes one of the tasks spuriously.
    Wake(usize),
    Turn,
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        4 => Just(Operation::Send),
        1 => Just(Operation::TrySend),
        4 => Just(Operation::Recv),
        1 => Just(Operation::TryRecv),
        2 => (0..40_usize).prop_map(Operation::Cancel),
        2 => (0..40_usize).prop_map(Operation::Wake),
        4 => Just(Operation::Turn),
    ]
}

/// The values, which are numbers, by what happened to them.
#[derive(Default)]
struct ValueHistory {
    /// The values whose sends have begun, in this order.
    begun: Vec<u32>,
    received: Vec<u32>,
    /// The values dropped with a cancelled send.
    cancelled: Vec<u32>,
}

/// A task that sends or receives.
struct Worker {
    handle: JoinHandle<()>,
    probe: Probe,
    /// The value that it sends. `None` if it receives.
    value: Option<u32>,
}

struct World {
    subject: Subject,
    event_loop: TestLoop,
    sender: Sender<u32>,
    receiver: Rc<Receiver<u32>>,
    history: Rc<RefCell<ValueHistory>>,
    workers: Vec<Worker>,
    next: u32,
}

impl World {
    fn new(subject: Subject, capacity: usize) -> Self {
        let (sender, receiver) = channel::bounded(capacity);
        let (receiver, history) = (Rc::new(receiver), Rc::default());
        let (event_loop, workers) = (new_loop(), Vec::new());
        Self { subject, event_loop, sender, receiver, history, workers, next: 0 }
    }

    fn send(&mut self) {
        let (value, probe, history) = (self.next, Probe::default(), Rc::clone(&self.history));
        self.next += 1;
        // The race with a probe, which never ends, gives access to the task's waker.
        let sends = race(self.sender.send(value), probe.waits());
        let body = body().run(move || history.borrow_mut().begun.push(value)).perform(sends);
        let handle = self.event_loop.spawn(self.subject.task(body));
        self.workers.push(Worker { handle, probe, value: Some(value) });
    }

    fn recv(&mut self) {
        let (probe, history) = (Probe::default(), Rc::clone(&self.history));
        let recvs = race(self.receiver.recv(), probe.waits());
        let body = body().perform_then(
            || recvs,
            move |first| match first {
                Either::Left(value) => history.borrow_mut().received.push(value.unwrap()),
                Either::Right(()) => unreachable!("the probe is never opened"),
            },
        );
        let handle = self.event_loop.spawn(self.subject.task(body));
        self.workers.push(Worker { handle, probe, value: None });
    }

    fn try_recv(&mut self) -> Result<(), TryRecvError> {
        let value = self.receiver.try_recv()?;
        self.history.borrow_mut().received.push(value);
        Ok(())
    }

    fn carry_out(&mut self, operation: Operation) {
        match operation {
            Operation::Send => self.send(),
            Operation::TrySend => {
                if self.sender.try_send(self.next).is_ok() {
                    self.history.borrow_mut().begun.push(self.next);
                }
                self.next += 1;
            }
            Operation::Recv => self.recv(),
            Operation::TryRecv => _ = self.try_recv(),
            Operation::Cancel(n) => self.cancel(n),
            Operation::Wake(n) => {
                let started = self.workers.get(n).filter(|worker| worker.probe.resumes() > 0);
                started.into_iter().for_each(|worker| worker.probe.wake());
            }
            Operation::Turn => _ = turns(&mut self.event_loop, 1),
        }
    }

    fn cancel(&mut self, n: usize) {
        let Some(worker) = self.workers.get(n) else { return };
        if let Some(value) = worker.value
            && !worker.handle.is_finished()
        {
            self.history.borrow_mut().cancelled.push(value);
        }
        worker.handle.cancel();
    }

    /// Returns whether a task has not ended: one that sends if `sends`, else one that receives.
    fn waits(&self, sends: bool) -> bool {
        self.workers.iter().any(|it| it.value.is_some() == sends && !it.handle.is_finished())
    }

    fn check_at_the_end(&mut self) {
        turns(&mut self.event_loop, 100);
        if self.waits(false) {
            assert_eq!(
                self.try_recv(),
                Err(TryRecvError::Empty),
                "a receiver waits though there is a value"
            );
            assert!(!self.waits(true), "a sender waits though a receiver does");
        }
        while self.try_recv().is_ok() {
            turns(&mut self.event_loop, 100);
        }
        assert!(!self.waits(true), "a sender waits though there is room");
        let history = self.history.borrow();
        let expected: Vec<_> = history
            .begun
            .iter()
            .copied()
            .filter(|value| !history.cancelled.contains(value))
            .collect();
        assert_eq!(history.received, expected);
    }
}

fn every_value_arrives_once_and_in_order(subject: Subject) {
    let config = random_cases(if subject.is_pair() { 30 } else { 300 });
    let operations = prop::collection::vec(operation(), 0..80);
    proptest!(config, |(capacity in 1..4_usize, operations in operations)| {
        let mut world = World::new(subject, capacity);
        operations.into_iter().for_each(|operation| world.carry_out(operation));
        world.check_at_the_end();
    });
}
