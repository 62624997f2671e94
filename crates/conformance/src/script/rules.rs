//! What every record keeps to, whatever the script: an oracle that knows no style and no loop.

use std::{collections::BTreeMap, time::Duration};

use quadrivium::{
    event_loop::trace::{By, Event, EventKind, Waiting},
    host::TaskId,
};

use super::{Record, record::Entry};

/// Checks a record: time does not go back; a task is spawned once, resumed only when it is ready,
/// one at a time, woken by no deadline that is not over, and never heard of after its end; no place
/// says more than its instruction and its destructor; who is left at the end is in the deadlock.
///
/// With `in_order`, who became ready first is resumed first.
///
/// # Errors
///
/// The rule that is broken, and the line.
pub fn check_rules(record: &Record, in_order: bool) -> Result<(), String> {
    let mut seen = Seen { in_order, ..Seen::default() };
    for (n, entry) in record.entries.iter().enumerate() {
        let broken = match entry {
            Entry::Event(event) => seen.event(event),
            Entry::Said(line) => seen.said(line),
        };
        broken.map_err(|rule| format!("line {n}, {:?}: {rule}", entry.to_string()))?;
    }
    Ok(())
}

/// What is known of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ready,
    Running { woken: bool },
    Suspended(Waiting),
    Ended,
}

#[derive(Default)]
struct Seen {
    in_order: bool,
    now: Duration,
    tasks: BTreeMap<TaskId, State>,
    /// Who is ready, in the order of becoming so.
    ready: Vec<TaskId>,
    running: Option<TaskId>,
    said: BTreeMap<String, usize>,
}

type Broken = Result<(), &'static str>;

fn require(holds: bool, rule: &'static str) -> Broken {
    if holds { Ok(()) } else { Err(rule) }
}

impl Seen {
    fn said(&mut self, line: &str) -> Broken {
        let times = self.said.entry(line.to_string()).or_default();
        *times += 1;
        require(*times == 1, "it was said before")
    }

    fn event(&mut self, event: &Event) -> Broken {
        require(event.at >= self.now, "time goes back")?;
        self.now = event.at;
        let task = event.task;
        let state = self.tasks.get(&task).copied();
        require(state != Some(State::Ended), "the task has ended")?;
        match event.kind {
            EventKind::Spawned(_) => {
                require(state.is_none(), "the task exists")?;
                self.becomes_ready(task);
            }
            EventKind::Resumed => {
                require(state == Some(State::Ready), "the task is not ready")?;
                require(self.running.is_none(), "another task runs")?;
                let is_first = self.ready.first() == Some(&task);
                require(is_first || !self.in_order, "another task was ready before")?;
                self.ready.retain(|ready| *ready != task);
                self.running = Some(task);
                self.tasks.insert(task, State::Running { woken: false });
            }
            EventKind::Suspended(waiting) => self.suspended(task, state, waiting)?,
            EventKind::Woken(by) => self.woken(task, state, by)?,
            EventKind::Delayed(_) => require(state == Some(State::Ready), "the task is not woken")?,
            EventKind::Done | EventKind::Panicked | EventKind::Cancelled => self.ended(task),
        }
        Ok(())
    }

    fn becomes_ready(&mut self, task: TaskId) {
        self.tasks.insert(task, State::Ready);
        self.ready.push(task);
    }

    fn suspended(&mut self, task: TaskId, state: Option<State>, waiting: Waiting) -> Broken {
        let Some(State::Running { woken }) = state else { return Err("the task does not run") };
        self.running = None;
        match waiting {
            Waiting::Until(_) | Waiting::Ready | Waiting::Wake if !woken => {
                self.tasks.insert(task, State::Suspended(waiting));
            }
            Waiting::Turn | Waiting::Until(_) | Waiting::Ready | Waiting::Wake => {
                self.becomes_ready(task)
            }
        }
        Ok(())
    }

    fn woken(&mut self, task: TaskId, state: Option<State>, by: By) -> Broken {
        match (state, by) {
            (Some(State::Suspended(Waiting::Until(at))), By::Timer) => {
                require(at <= self.now, "the deadline is not over")?;
                self.becomes_ready(task);
            }
            (_, By::Timer) => return Err("the task waits for no deadline"),
            (Some(State::Suspended(_)), _) => self.becomes_ready(task),
            (Some(State::Running { .. }), _) => {
                self.tasks.insert(task, State::Running { woken: true });
            }
            _ => return Err("the task is ready already"),
        }
        Ok(())
    }

    fn ended(&mut self, task: TaskId) {
        self.tasks.insert(task, State::Ended);
        self.ready.retain(|ready| *ready != task);
        if self.running == Some(task) {
            self.running = None;
        }
    }
}
