//! Cycles: tasks that wait for each other.

use std::fmt;

use super::{TaskInfo, TaskRef, TaskState, Tasks, WaitedFor, text::ShortLabel};
use crate::host::TaskId;

/// Tasks of which each waits for the next, and the last one for the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle {
    links: Vec<Link>,
}

/// A task of a cycle, and what it waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Link {
    task: TaskId,
    /// The number and the name of the task.
    name: String,
    /// What it waits for, up to the name of the next task.
    wait: String,
}

impl Tasks {
    /// Returns the cycles of waits: a task waits for the end of another one, or for a lock or a
    /// permit that the other one has taken, or for a queue that the other one stalls. Each task is
    /// in one cycle at most.
    pub fn cycles(&self) -> Vec<Cycle> {
        let mut search = Search { tasks: self, marks: vec![Mark::New; self.tasks.len()] };
        (0..self.tasks.len()).filter_map(|start| search.from(start)).collect()
    }

    /// Returns the indices of the tasks that this task waits for.
    pub(super) fn waits_for(&self, task: &TaskInfo) -> Vec<usize> {
        let TaskState::Waiting(wait) = &task.state else { return Vec::new() };
        let index = |task: &TaskRef| match task {
            TaskRef::Task(id, _) => self.tasks.binary_search_by_key(id, |task| task.label.id).ok(),
            TaskRef::Ended | TaskRef::Elsewhere => None,
        };
        match &wait.object {
            WaitedFor::Task(task) => index(task).into_iter().collect(),
            WaitedFor::Object(object) => {
                let takers = object.taken.iter().chain(&object.stalled_by);
                takers.filter_map(|taken| index(&taken.by)).collect()
            }
            WaitedFor::Nothing | WaitedFor::Descriptor(_) => Vec::new(),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    /// On the path from the task at which the search began.
    OnPath,
    Done,
}

/// A depth-first search for a path that comes back to a task on it. The path is kept in a `Vec`, so
/// a long chain of tasks does not use the stack.
struct Search<'a> {
    tasks: &'a Tasks,
    marks: Vec<Mark>,
}

impl Search<'_> {
    /// Returns a cycle that can be reached from this task, if the search has not been there before.
    fn from(&mut self, start: usize) -> Option<Cycle> {
        if self.marks[start] != Mark::New {
            return None;
        }
        let mut cycle = None;
        let mut path = vec![(start, self.next_of(start))];
        self.marks[start] = Mark::OnPath;
        while let Some((task, left)) = path.last_mut() {
            match left.pop() {
                Some(next) => match self.marks[next] {
                    Mark::New => {
                        self.marks[next] = Mark::OnPath;
                        let left = self.next_of(next);
                        path.push((next, left));
                    }
                    Mark::OnPath if cycle.is_none() => {
                        let begin = path.iter().position(|(task, _)| *task == next);
                        let tasks = path[begin.unwrap_or(0)..].iter().map(|(task, _)| *task);
                        cycle = Some(self.cycle(tasks.collect()));
                    }
                    Mark::OnPath | Mark::Done => {}
                },
                None => {
                    self.marks[*task] = Mark::Done;
                    path.pop();
                }
            }
        }
        cycle
    }

    fn next_of(&self, task: usize) -> Vec<usize> {
        self.tasks.waits_for(&self.tasks.tasks[task])
    }

    /// Returns the cycle of these tasks. The task that was spawned first is its beginning.
    fn cycle(&self, mut tasks: Vec<usize>) -> Cycle {
        let first = tasks.iter().min().and_then(|first| tasks.iter().position(|it| it == first));
        tasks.rotate_left(first.unwrap_or(0));
        let links = tasks.iter().map(|task| {
            let task = &self.tasks.tasks[*task];
            let name = ShortLabel(&task.label).to_string();
            Link { task: task.label.id, name, wait: wait(task) }
        });
        Cycle { links: links.collect() }
    }
}

/// The wait of a task in a cycle, up to the name of the next task.
fn wait(task: &TaskInfo) -> String {
    match &task.state {
        TaskState::Waiting(wait) => match &wait.object {
            WaitedFor::Object(object) if object.taken.is_empty() => {
                format!("waits for {object}, stalled by")
            }
            WaitedFor::Object(object) => format!("waits for {object}, taken by"),
            WaitedFor::Task(_) | WaitedFor::Nothing | WaitedFor::Descriptor(_) => {
                "waits for the end of".to_string()
            }
        },
        TaskState::Ready | TaskState::Running => String::new(),
    }
}

impl Cycle {
    /// Returns the tasks of the cycle. Each waits for the next.
    pub fn tasks(&self) -> impl Iterator<Item = TaskId> {
        self.links.iter().map(|link| link.task)
    }
}

/// A line for each task.
impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, link) in self.links.iter().enumerate() {
            let line = if i == 0 { "┌─►" } else { "│  " };
            let relative = if i == 0 { "" } else { ", which" };
            writeln!(f, "  {line} {}{relative} {}", link.name, link.wait)?;
        }
        match self.links.first() {
            Some(first) => write!(f, "  └── {}", first.name),
            None => Ok(()),
        }
    }
}
