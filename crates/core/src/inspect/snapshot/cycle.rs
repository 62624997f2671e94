//! Cycles: tasks that wait for each other.

use std::{fmt, panic::Location};

use super::{
    aligned::Aligned,
    tasks::{ObjectInfo, TakenInfo, TaskInfo, TaskRef, TaskState, Tasks, WaitedFor},
    text::ShortLabel,
};
use crate::host::{Label, TaskId};

/// Tasks that wait for each other: each for the next one, and the last one for the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle {
    links: Vec<Link>,
}

/// A task of a cycle, and why it waits for the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Link {
    task: TaskId,
    /// The number and the name of the task.
    name: String,
    /// What it waits for, and the line.
    wait: (String, Option<&'static Location<'static>>),
    /// Why the next task keeps it from going on. `None` in a join.
    taken: Option<TakenByNext>,
}

/// Why the next task of a cycle keeps a task from going on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct TakenByNext {
    how: Obstacle,
    by: TaskRef,
    line: &'static Location<'static>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Obstacle {
    /// It has taken the lock or the permit.
    Taken,
    /// It has the first place in the queue, and does not resume the leaf that waits there.
    Stalls,
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
            TaskRef::Ended | TaskRef::Elsewhere | TaskRef::NoTask => None,
        };
        match &wait.object {
            WaitedFor::Task(task) => index(task).into_iter().collect(),
            WaitedFor::Object(object) => {
                object.takers_or_staller().filter_map(|taken| index(&taken.by)).collect()
            }
            WaitedFor::Nothing | WaitedFor::Descriptor(_) | WaitedFor::Parts(_) => Vec::new(),
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
        let tasks: Vec<_> = tasks.iter().map(|task| &self.tasks.tasks[*task]).collect();
        let next = tasks.iter().cycle().skip(1);
        Cycle { links: tasks.iter().zip(next).map(|(task, next)| Link::new(task, next)).collect() }
    }
}

impl Link {
    fn new(task: &TaskInfo, next: &TaskInfo) -> Self {
        let (id, name) = (task.label.id, ShortLabel(&task.label).to_string());
        let TaskState::Waiting(wait) = &task.state else {
            return Self { task: id, name, wait: (String::new(), None), taken: None };
        };
        let taken = match &wait.object {
            WaitedFor::Object(object) => object.taken_by(&next.label),
            _ => None,
        };
        Self { task: id, name, wait: (wait.without_takers().to_string(), wait.line), taken }
    }
}

impl ObjectInfo {
    /// Returns the tasks that keep others from taking the object.
    fn takers_or_staller(&self) -> impl Iterator<Item = &TakenInfo> {
        self.taken.iter().chain(&self.stalled_by)
    }

    /// Returns how this task keeps others from taking the object.
    fn taken_by(&self, task: &Label) -> Option<TakenByNext> {
        let is_by =
            |taken: &&TakenInfo| matches!(&taken.by, TaskRef::Task(id, _) if *id == task.id);
        let taken = self.takers_or_staller().find(is_by)?;
        let is_taken = self.taken.iter().any(|it| is_by(&it));
        let how = if is_taken { Obstacle::Taken } else { Obstacle::Stalls };
        Some(TakenByNext { how, by: taken.by.clone(), line: taken.line })
    }
}

impl Cycle {
    /// Returns how to change the program so that there is no such cycle.
    pub fn remedy(&self) -> &'static str {
        let hows: Vec<_> = self.links.iter().filter_map(|link| link.taken.as_ref()).collect();
        if hows.iter().any(|taken| taken.how == Obstacle::Stalls) {
            "drop a task that waits for a lock when you do not perform it any more: it keeps its \
             place in the queue"
        } else if hows.is_empty() {
            "a task must not join itself, or a task that waits for it"
        } else {
            "take the locks in the same order in every task, or wait for them with a timeout"
        }
    }

    /// Returns the tasks of the cycle. Each waits for the next.
    pub fn tasks(&self) -> impl Iterator<Item = TaskId> {
        self.links.iter().map(|link| link.task)
    }
}

/// A drawing, with a line for each task and for what it has taken.
impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.links.first() else { return Ok(()) };
        match self.links.len() {
            1 => writeln!(f, "a task waits for itself:")?,
            n => writeln!(f, "{n} tasks wait for each other:")?,
        }
        let width = self.links.iter().map(|link| link.name.chars().count()).max().unwrap_or(0);
        let mut lines = Aligned::default();
        for (i, Link { name, wait: (wait, line), taken, .. }) in self.links.iter().enumerate() {
            let arrow = if i == 0 { "┌─►" } else { "├─►" };
            lines.push(format!("  {arrow} {name:width$}  {wait}"), *line);
            if let Some(taken) = taken {
                lines.push(format!("  │   {:width$}  {taken}", ""), taken.line);
            }
        }
        write!(f, "{lines}\n  └── back to {}", first.name)
    }
}

impl fmt::Display for TakenByNext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.how {
            Obstacle::Taken => write!(f, "taken by {}", self.by),
            Obstacle::Stalls => write!(f, "its queue is stalled by {}", self.by),
        }
    }
}
