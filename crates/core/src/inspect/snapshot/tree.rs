//! [`TaskTree`]: tasks as a tree.

use std::fmt;

use super::{
    tasks::{TaskState, Tasks, WaitInfo},
    text::ShortLabel,
};

/// Tasks as a tree. Below each task are the tasks that it waits for. Made by [`Tasks::tree`].
///
/// ```text
/// task 1 "main": join of task 2 "worker", at src/main.rs:20:16
/// └─ task 2 "worker": recv of channel "jobs", at src/main.rs:31:40
/// ```
///
/// A task that several others wait for is printed once. Then only its number follows.
#[derive(Clone, Debug)]
pub struct TaskTree<'a> {
    tasks: &'a Tasks,
}

/// A task that is still to be printed, and the prefix of its line.
struct LeftToPrint {
    task: usize,
    /// For the line of the task.
    prefix: String,
    /// For the lines below it.
    below: String,
}

impl<'a> TaskTree<'a> {
    pub(super) fn new(tasks: &'a Tasks) -> Self {
        Self { tasks }
    }

    /// Returns the tasks that no other task waits for.
    fn roots(&self, waits: &[Vec<usize>]) -> Vec<usize> {
        let mut is_root = vec![true; waits.len()];
        waits.iter().flatten().for_each(|task| is_root[*task] = false);
        (0..waits.len()).filter(|task| is_root[*task]).collect()
    }
}

impl Tasks {
    /// Returns the tasks as a tree. Below each task are the tasks that it waits for.
    pub fn tree(&self) -> TaskTree<'_> {
        TaskTree::new(self)
    }
}

impl fmt::Display for TaskTree<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waits: Vec<_> = self.tasks.tasks.iter().map(|it| self.tasks.waits_for(it)).collect();
        let mut is_printed = vec![false; waits.len()];
        let mut start = "";
        // The tasks of a cycle have no root, so they follow at the end.
        for root in self.roots(&waits).into_iter().chain(0..waits.len()) {
            if is_printed[root] {
                continue;
            }
            let mut left =
                vec![LeftToPrint { task: root, prefix: String::new(), below: String::new() }];
            while let Some(LeftToPrint { task, prefix, below }) = left.pop() {
                let info = &self.tasks.tasks[task];
                write!(f, "{start}{prefix}{}", ShortLabel(&info.label))?;
                start = "\n";
                if std::mem::replace(&mut is_printed[task], true) {
                    f.write_str(" (above)")?;
                    continue;
                }
                write!(f, ": {info}")?;
                if let TaskState::Waiting(WaitInfo { line: Some(line), .. }) = &info.state {
                    write!(f, ", at {line}")?;
                }
                let last = waits[task].len().saturating_sub(1);
                for (i, next) in waits[task].iter().enumerate().rev() {
                    let (branch, rest) =
                        if i == last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
                    left.push(LeftToPrint {
                        task: *next,
                        prefix: format!("{below}{branch}"),
                        below: format!("{below}{rest}"),
                    });
                }
            }
        }
        Ok(())
    }
}
