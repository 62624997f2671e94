//! Which tasks can never go on, if each of them can only be helped by certain others.

use std::collections::HashMap;

/// What a task waits for, as far as other tasks matter.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    /// Each of these tasks must go on before this one can.
    pub(crate) each: Vec<u32>,
    /// One of these tasks must go on before this one can.
    pub(crate) one: Vec<u32>,
}

/// Returns the cycles of tasks that cannot go on. A task that is not in `waiting` can go on.
///
/// First every task is removed that can go on, or that can be helped by a removed one. Each task
/// that is left waits for another one that is left. So every path among them leads to a cycle.
pub(crate) fn cycles(mut waiting: HashMap<u32, Needs>) -> Vec<Vec<u32>> {
    let mut helped_by: HashMap<u32, Vec<u32>> = HashMap::new();
    for (task, needs) in &waiting {
        for other in needs.each.iter().chain(&needs.one) {
            helped_by.entry(*other).or_default().push(*task);
        }
    }
    let can_go_on = |task: u32, waiting: &HashMap<u32, Needs>| blocked_by(task, waiting).is_none();
    let mut free: Vec<_> = waiting.keys().copied().filter(|it| can_go_on(*it, &waiting)).collect();
    while let Some(task) = free.pop() {
        if waiting.remove(&task).is_some() {
            let helped = helped_by.get(&task).into_iter().flatten().copied();
            free.extend(helped.filter(|it| waiting.contains_key(it) && can_go_on(*it, &waiting)));
        }
    }
    paths_to_cycles(&waiting)
}

/// Returns a waiting task that keeps this one from going on, if there is one.
fn blocked_by(task: u32, waiting: &HashMap<u32, Needs>) -> Option<u32> {
    let Needs { each, one } = waiting.get(&task)?;
    let each = each.iter().find(|other| waiting.contains_key(other));
    let all_wait = one.iter().all(|other| waiting.contains_key(other));
    each.or_else(|| one.first().filter(|_| all_wait)).copied()
}

/// Follows a path from each task, and returns the cycles at the ends of the paths. Each cycle
/// begins with its lowest task.
fn paths_to_cycles(waiting: &HashMap<u32, Needs>) -> Vec<Vec<u32>> {
    let mut starts: Vec<_> = waiting.keys().copied().collect();
    starts.sort_unstable();
    let (mut cycles, mut seen) = (Vec::new(), HashMap::new());
    for start in starts {
        let (mut path, mut task) = (Vec::new(), start);
        while !seen.contains_key(&task) {
            seen.insert(task, start);
            path.push(task);
            task = blocked_by(task, waiting).expect("a task that can go on was removed");
        }
        if seen[&task] == start {
            let begin = path.iter().position(|it| *it == task).expect("the path was here");
            let mut cycle = path.split_off(begin);
            let lowest = cycle.iter().enumerate().min_by_key(|(_, task)| **task);
            let lowest = lowest.map_or(0, |(index, _)| index);
            cycle.rotate_left(lowest);
            cycles.push(cycle);
        }
    }
    cycles
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each task, the tasks that it needs all, and the tasks among which it needs one.
    fn cycles_of(tasks: &[(u32, &[u32], &[u32])]) -> Vec<Vec<u32>> {
        let needs = |each: &[u32], one: &[u32]| Needs { each: each.to_vec(), one: one.to_vec() };
        cycles(tasks.iter().map(|(task, each, one)| (*task, needs(each, one))).collect())
    }

    #[test]
    fn a_cycle_of_each_is_found_with_a_path_to_it() {
        let tasks: &[(u32, &[u32], &[u32])] =
            &[(0, &[1], &[]), (1, &[2], &[]), (2, &[1], &[]), (3, &[3], &[])];
        assert_eq!(cycles_of(tasks), [vec![1, 2], vec![3]]);
    }

    #[test]
    fn one_task_that_can_go_on_breaks_a_cycle_of_one() {
        assert_eq!(cycles_of(&[(0, &[], &[1]), (1, &[], &[0])]), [[0, 1]]);
        // Task 2 is not waiting, so it may help task 1, which may then help task 0.
        assert!(cycles_of(&[(0, &[], &[1]), (1, &[], &[0, 2])]).is_empty());
        // It does not help if task 1 needs each of them.
        assert_eq!(cycles_of(&[(0, &[], &[1]), (1, &[0, 2], &[])]), [[0, 1]]);
    }

    #[test]
    fn a_chain_to_a_task_that_can_go_on_is_no_cycle() {
        let chain: Vec<_> = (0..1000).map(|n| (n, vec![n + 1])).collect();
        let chain: Vec<(u32, &[u32], &[u32])> =
            chain.iter().map(|(n, next)| (*n, &next[..], &[][..])).collect();
        assert!(cycles_of(&chain).is_empty());
    }

    #[test]
    fn a_task_without_needs_can_go_on() {
        assert!(cycles_of(&[(0, &[], &[]), (1, &[0], &[])]).is_empty());
    }
}
