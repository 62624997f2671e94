//! The number of orders against a count that knows no loop and no style.

use std::{cell::RefCell, rc::Rc};

use quadrivium::{
    EventLoop, JoinHandle, spawn,
    sync::channel::{self, Receiver, Sender},
    test::every_order,
    time::turn,
};

use crate::styles::{Script, Style, in_every_style, script};

/// One thing a task does. There is one channel of two, and one task that can be cancelled: the
/// first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Does {
    Turn,
    Send,
    Recv,
    SpawnTurn,
    CancelFirst,
}

use Does::{CancelFirst, Recv, Send, SpawnTurn, Turn};

/// All that decides what comes next.
#[derive(Clone, Debug)]
struct Model {
    /// What each task has yet to do; none when it has ended.
    tasks: Vec<Option<Vec<Does>>>,
    ready: Vec<usize>,
    /// Who waits for room.
    sending: Vec<usize>,
    /// Who is in line for a value, and whether he was woken: he keeps his place until he takes it.
    receiving: Vec<(usize, bool)>,
    values: usize,
    /// A turn was taken and is over with the next resume.
    in_turn: Vec<bool>,
}

const CAPACITY: usize = 2;

impl Model {
    fn new(program: &[&[Does]]) -> Self {
        let tasks: Vec<_> = program.iter().map(|task| Some(task.to_vec())).collect();
        let ready = (0..tasks.len()).collect();
        let in_turn = vec![false; tasks.len()];
        let (sending, receiving) = (Vec::new(), Vec::new());
        Self { tasks, ready, sending, receiving, values: 0, in_turn }
    }

    /// In how many orders it can go on.
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
            let Some(does) = self.tasks[task].as_ref().and_then(|left| left.first().copied())
            else {
                self.tasks[task] = None;
                return;
            };
            match does {
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
                    self.receiving.retain(|(waits, _)| *waits != task);
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
                    self.sending.retain(|waits| *waits != 0);
                    self.receiving.retain(|(waits, _)| *waits != 0);
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

    /// Gets in line, or stays there and can be woken again.
    fn wait_to_receive(&mut self, task: usize) {
        match self.receiving.iter_mut().find(|(waits, _)| *waits == task) {
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

/// What the tasks of a run share.
#[derive(Clone)]
struct World {
    style: Style,
    sender: Sender<()>,
    receiver: Rc<Receiver<()>>,
    first: Rc<RefCell<Option<JoinHandle<()>>>>,
}

impl World {
    fn task(&self, does: &[Does]) -> Script {
        does.iter().fold(script(), |script, does| {
            let world = self.clone();
            match does {
                Turn => script.perform(turn()),
                Send => script.then(move || world.sender.send(()), drop),
                Recv => script.then(move || world.receiver.recv(), drop),
                SpawnTurn => script.run(move || drop(spawn(world.style.task(world.task(&[Turn]))))),
                CancelFirst => script.run(move || world.first.borrow().as_ref().unwrap().cancel()),
            }
        })
    }
}

/// Runs the program once; who waits for ever is dropped with the loop.
fn run(style: Style, event_loop: &mut EventLoop, program: &[&[Does]]) {
    let (sender, receiver) = channel::bounded(CAPACITY);
    let (receiver, first) = (Rc::new(receiver), Rc::default());
    let world = World { style, sender, receiver, first };
    for (n, does) in program.iter().enumerate() {
        let handle = event_loop.spawn(style.task(world.task(does)));
        if n == 0 {
            world.first.replace(Some(handle));
        }
    }
    let _ = event_loop.run();
}

#[test]
fn as_many_orders_are_tried_as_there_are() {
    let first: [&[Does]; 3] = [&[Recv, Turn], &[Send, Send], &[SpawnTurn, Recv]];
    let second: [&[Does]; 3] = [&[Recv, Recv], &[SpawnTurn], &[Turn, Send]];
    let third: [&[Does]; 4] =
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
