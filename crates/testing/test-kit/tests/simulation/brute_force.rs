//! The number of orders, compared with a model that uses no loop and no style.

use std::{cell::RefCell, rc::Rc};

use quadrivium::{
    EventLoop, JoinHandle, spawn,
    sync::channel::{self, Receiver, Sender},
    test::every_order,
    time::turn,
};

use crate::styles::{Script, Style, in_every_style, script};

/// One action of a task. The tasks share one channel of capacity two. Only the first task can be
/// cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Action {
    Turn,
    Send,
    Recv,
    SpawnTurn,
    CancelFirst,
}

use Action::{CancelFirst, Recv, Send, SpawnTurn, Turn};

/// The state of the program that decides how it goes on.
#[derive(Clone, Debug)]
struct Model {
    /// The actions that each task has left, or `None` when it has ended.
    tasks: Vec<Option<Vec<Action>>>,
    ready: Vec<usize>,
    /// The tasks that wait for room.
    sending: Vec<usize>,
    /// The tasks that wait for a value, and whether each was woken. A task keeps its place until it
    /// takes a value.
    receiving: Vec<(usize, bool)>,
    values: usize,
    /// Whether each task is suspended for a turn, which ends with its next resume.
    in_turn: Vec<bool>,
}

const CAPACITY: usize = 2;

impl Model {
    fn new(program: &[&[Action]]) -> Self {
        let tasks: Vec<_> = program.iter().map(|task| Some(task.to_vec())).collect();
        let ready = (0..tasks.len()).collect();
        let in_turn = vec![false; tasks.len()];
        let (sending, receiving) = (Vec::new(), Vec::new());
        Self { tasks, ready, sending, receiving, values: 0, in_turn }
    }

    /// Returns the number of orders in which the program can go on.
    fn orders(&self) -> u64 {
        let next = |n: usize| {
            let mut model = self.clone();
            let task = model.ready.remove(n);
            model.step(task);
            model.orders()
        };
        (0..self.ready.len()).map(next).sum::<u64>().max(1)
    }

    fn wake(&mut self, task: usize) {
        if self.tasks[task].is_some() && !self.ready.contains(&task) {
            self.ready.push(task);
        }
    }

    /// Runs a task to its next suspension.
    fn step(&mut self, task: usize) {
        if self.in_turn[task] {
            self.in_turn[task] = false;
            self.tasks[task].as_mut().unwrap().remove(0);
        }
        loop {
            let Some(action) = self.tasks[task].as_ref().and_then(|left| left.first().copied())
            else {
                self.tasks[task] = None;
                return;
            };
            match action {
                Turn => {
                    self.in_turn[task] = true;
                    return self.ready.push(task);
                }
                Send if self.values < CAPACITY => {
                    self.values += 1;
                    self.wake_receiver(self.values - 1);
                }
                Send => return self.sending.push(task),
                Recv if self.values > 0 && self.is_first_to_receive(task) => {
                    self.values -= 1;
                    self.receiving.retain(|(waiting, _)| *waiting != task);
                    self.wake_sender();
                    self.wake_next_receiver();
                }
                Recv => return self.wait_to_receive(task),
                SpawnTurn => {
                    self.tasks.push(Some(vec![Turn]));
                    self.in_turn.push(false);
                    self.ready.push(self.tasks.len() - 1);
                }
                CancelFirst => {
                    self.tasks[0] = None;
                    self.ready.retain(|ready| *ready != 0);
                    self.sending.retain(|waiting| *waiting != 0);
                    self.receiving.retain(|(waiting, _)| *waiting != 0);
                    self.wake_next_receiver();
                }
            }
            self.tasks[task].as_mut().unwrap().remove(0);
        }
    }

    fn wake_sender(&mut self) {
        if !self.sending.is_empty() {
            let first = self.sending.remove(0);
            self.wake(first);
        }
    }

    fn is_first_to_receive(&self, task: usize) -> bool {
        self.receiving.first().is_none_or(|(first, _)| *first == task)
    }

    /// Enters the queue of receivers. A task that is there already stays, and can be woken again.
    fn wait_to_receive(&mut self, task: usize) {
        match self.receiving.iter_mut().find(|(waiting, _)| *waiting == task) {
            Some((_, is_woken)) => *is_woken = false,
            None => self.receiving.push((task, false)),
        }
    }

    fn wake_next_receiver(&mut self) {
        if self.values > 0 {
            self.wake_receiver(0);
        }
    }

    fn wake_receiver(&mut self, place: usize) {
        if let Some((task, is_woken)) = self.receiving.get_mut(place)
            && !std::mem::replace(is_woken, true)
        {
            let task = *task;
            self.wake(task);
        }
    }
}

/// The values that the tasks of a run share.
#[derive(Clone)]
struct World {
    style: Style,
    sender: Sender<()>,
    receiver: Rc<Receiver<()>>,
    first: Rc<RefCell<Option<JoinHandle<()>>>>,
}

impl World {
    fn task(&self, actions: &[Action]) -> Script {
        actions.iter().fold(script(), |script, action| {
            let world = self.clone();
            match action {
                Turn => script.perform(turn()),
                Send => script.then(move || world.sender.send(()), drop),
                Recv => script.then(move || world.receiver.recv(), drop),
                SpawnTurn => script.run(move || drop(spawn(world.style.task(world.task(&[Turn]))))),
                CancelFirst => script.run(move || world.first.borrow().as_ref().unwrap().cancel()),
            }
        })
    }
}

/// Runs the program once. A task that waits for ever is dropped with the loop.
fn run(style: Style, event_loop: &mut EventLoop, program: &[&[Action]]) {
    let (sender, receiver) = channel::bounded(CAPACITY);
    let (receiver, first) = (Rc::new(receiver), Rc::default());
    let world = World { style, sender, receiver, first };
    for (n, actions) in program.iter().enumerate() {
        let handle = event_loop.spawn(style.task(world.task(actions)));
        if n == 0 {
            world.first.replace(Some(handle));
        }
    }
    let _ = event_loop.run();
}

#[test]
fn the_simulation_tries_as_many_orders_as_the_model_counts() {
    let first: [&[Action]; 3] = [&[Recv, Turn], &[Send, Send], &[SpawnTurn, Recv]];
    let second: [&[Action]; 3] = [&[Recv, Recv], &[SpawnTurn], &[Turn, Send]];
    let third: [&[Action]; 4] =
        [&[CancelFirst], &[Turn, CancelFirst], &[Send, Recv], &[Send, Send, Turn]];
    in_every_style(|style| {
        for a in first {
            for b in second {
                for c in third {
                    let program = [a, b, c];
                    let found = every_order(|event_loop| run(style, event_loop, &program));
                    assert_eq!(found, Model::new(&program).orders(), "{program:?}");
                }
            }
        }
    });
}
