//! Random operations on a few tasks in any order, checked against properties that must always hold.

use std::{cell::Cell, rc::Rc, thread, time::Duration};

use proptest::prelude::*;
use quadrivium::{
    prelude::*,
    task::{Canceller, Context, Step},
};

use crate::{Probe, Subject, TestLoop, body, in_destructor, new_loop, random_cases};

laws! { ($) random_operations:
    /// Under random operations, every body and every output is dropped once, and every handle
    /// returns a result once.
    every_body_is_dropped_once_and_every_handle_resolves_once on VirtualClock;
}

#[derive(Clone, Debug)]
enum Operation {
    /// Spawns a task that waits for a wake, or for a deadline after this number of milliseconds.
    Spawn(Option<u64>),
    Cancel(usize),
    CancelFromAThread(usize),
    /// Resumes the handle by hand, once.
    Join(usize),
    Detach(usize),
    Wake(usize),
    WakeFromAThread(usize),
    /// Lets the task end at its next resume.
    Open(usize),
    Turn,
    Advance(u64),
    DropLoop,
}

fn operation() -> impl Strategy<Value = Operation> {
    let task = 0..12_usize;
    prop_oneof![
        6 => prop::option::of(0..5_u64).prop_map(Operation::Spawn),
        2 => task.clone().prop_map(Operation::Cancel),
        1 => task.clone().prop_map(Operation::CancelFromAThread),
        4 => task.clone().prop_map(Operation::Join),
        2 => task.clone().prop_map(Operation::Detach),
        4 => task.clone().prop_map(Operation::Wake),
        1 => task.clone().prop_map(Operation::WakeFromAThread),
        3 => task.prop_map(Operation::Open),
        6 => Just(Operation::Turn),
        2 => (0..4_u64).prop_map(Operation::Advance),
        1 => Just(Operation::DropLoop),
    ]
}

/// Counts how often it is dropped.
struct Counted(Rc<Cell<usize>>);

impl Drop for Counted {
    fn drop(&mut self) {
        in_destructor(|| self.0.set(self.0.get() + 1));
    }
}

/// A task, and everything that was observed of it.
struct Seen {
    probe: Probe,
    handle: Option<JoinHandle<Counted>>,
    canceller: Canceller,
    bodies_dropped: Rc<Cell<usize>>,
    outputs_made: Rc<Cell<usize>>,
    outputs_dropped: Rc<Cell<usize>>,
    joined: usize,
    wakes: usize,
    /// The task has been resumed, so its waker is known.
    has_started: bool,
}

struct World {
    subject: Subject,
    event_loop: Option<TestLoop>,
    tasks: Vec<Seen>,
}

impl World {
    fn spawn(&mut self, deadline: Option<u64>) {
        let Some(event_loop) = &self.event_loop else { return };
        let [bodies_dropped, outputs_made, outputs_dropped] = [(); 3].map(|()| Rc::default());
        let probe = Probe::default();
        let (made, dropped) = (Rc::clone(&outputs_made), Rc::clone(&outputs_dropped));
        let mut body = body().hold(Counted(Rc::clone(&bodies_dropped)));
        body = match deadline {
            Some(ms) => body.perform(timeout(Duration::from_millis(ms), probe.waits())),
            None => body.perform(probe.waits()),
        };
        let task = self.subject.task(body.output(move || {
            made.set(made.get() + 1);
            Counted(dropped)
        }));
        let handle = event_loop.spawn(task);
        self.tasks.push(Seen {
            probe,
            canceller: handle.canceller(),
            handle: Some(handle),
            bodies_dropped,
            outputs_made,
            outputs_dropped,
            joined: 0,
            wakes: 0,
            has_started: false,
        });
    }

    fn carry_out(&mut self, operation: Operation) {
        match operation {
            Operation::Spawn(deadline) => self.spawn(deadline),
            Operation::Cancel(n) => self.with(n, |task| {
                if let Some(handle) = &task.handle {
                    handle.cancel();
                    assert!(
                        handle.is_finished(),
                        "no task runs, so the task must be cancelled at once"
                    );
                }
            }),
            Operation::CancelFromAThread(n) => self.with(n, |task| {
                let canceller = task.canceller.clone();
                thread::spawn(move || canceller.cancel()).join().unwrap();
            }),
            Operation::Join(n) => self.with(n, Seen::join),
            Operation::Detach(n) => self.with(n, |task| task.handle = None),
            Operation::Wake(n) => self.with(n, |task| task.wake(|waker| waker.wake())),
            Operation::WakeFromAThread(n) => self.with(n, |task| {
                task.wake(|waker| thread::spawn(|| waker.wake()).join().unwrap());
            }),
            Operation::Open(n) => self.with(n, |task| task.probe.open()),
            Operation::Turn => {
                if let Some(event_loop) = &mut self.event_loop {
                    event_loop.turn().unwrap();
                }
            }
            Operation::Advance(ms) => {
                if let Some(event_loop) = &mut self.event_loop {
                    event_loop.advance(Duration::from_millis(ms));
                }
            }
            Operation::DropLoop => self.event_loop = None,
        }
    }

    fn with(&mut self, n: usize, something: impl FnOnce(&mut Seen)) {
        if let Some(task) = self.tasks.get_mut(n) {
            something(task);
        }
    }

    fn check(&mut self) {
        let mut live = 0;
        for task in &mut self.tasks {
            task.has_started |= task.probe.resumes() > 0;
            task.check();
            live += usize::from(task.bodies_dropped.get() == 0);
        }
        let counted = self.event_loop.as_ref().map_or(0, |it| it.live());
        assert_eq!(counted, live, "the loop must count the tasks whose bodies are not dropped");
    }
}

impl Seen {
    fn join(&mut self) {
        let Some(handle) = &mut self.handle else { return };
        let step = std::pin::Pin::new(handle).resume(&mut Context::new(std::task::Waker::noop()));
        match step {
            Step::Suspended(_) => assert!(!self.handle.as_ref().unwrap().is_finished()),
            Step::Done(joined) => {
                self.joined += 1;
                assert_eq!(joined.is_ok(), self.outputs_made.get() == 1);
                self.handle = None;
            }
        }
    }

    fn wake(&mut self, wake: impl FnOnce(std::task::Waker)) {
        if self.has_started {
            self.wakes += 1;
            wake(self.probe.waker());
        }
    }

    fn check(&self) {
        assert!(self.bodies_dropped.get() <= 1);
        assert!(self.outputs_made.get() <= 1);
        assert!(self.outputs_dropped.get() <= self.outputs_made.get());
        assert!(self.joined <= 1);
        // One resume for the start, one for each wake, and one for the deadline.
        assert!(self.probe.resumes() <= self.wakes + 2);
        if let Some(handle) = &self.handle {
            assert_eq!(handle.is_finished(), self.bodies_dropped.get() == 1);
        }
    }

    fn check_at_the_end(&mut self) {
        self.join();
        self.handle = None;
        assert_eq!(self.bodies_dropped.get(), 1, "each body must be dropped once");
        assert_eq!(
            self.outputs_dropped.get(),
            self.outputs_made.get(),
            "each output must be dropped once"
        );
    }
}

fn every_body_is_dropped_once_and_every_handle_resolves_once(subject: Subject) {
    let config = random_cases(if subject.is_pair() { 30 } else { 200 });
    // Handles, wakers and cancellers may outlive the loop, and do here.
    proptest!(config, |(operations in prop::collection::vec(operation(), 0..80))| {
        let mut world =
            World { subject, event_loop: Some(new_loop()), tasks: Vec::new() };
        for operation in operations {
            world.carry_out(operation);
            world.check();
        }
        world.event_loop = None;
        world.check();
        world.tasks.iter_mut().for_each(Seen::check_at_the_end);
    });
}
