//! How a cycle of joins is found: each task waits for the end of the next, and the last one for the
//! end of the first.

/// The joins of a loop. A task joins one task at most, and is joined by one task at most.
pub(crate) trait Joins {
    /// Returns the task for whose end this task certainly waits.
    fn joined_by(&self, task: u32) -> Option<u32>;

    /// Returns the task that certainly waits for the end of this one.
    fn joiner_of(&self, task: u32) -> Option<u32>;
}

/// Returns the cycle that contains this task, in the order in which the tasks join each other.
///
/// The joins form chains and cycles. The search goes along the chain in both directions at once,
/// and stops at the nearer end. So it is quick in a program whose tasks form a long chain.
pub(crate) fn cycle_of(task: u32, joins: &impl Joins) -> Option<Vec<u32>> {
    let (mut forward, mut backward) = (task, task);
    loop {
        forward = joins.joined_by(forward)?;
        if forward == task {
            break;
        }
        backward = joins.joiner_of(backward)?;
    }
    let next = |task: &u32| joins.joined_by(*task);
    let others = std::iter::successors(next(&task), next).take_while(|next| *next != task);
    Some(std::iter::once(task).chain(others).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each task joins the one after it, and the last one joins this one.
    struct Chain {
        last: u32,
        last_joins: Option<u32>,
    }

    impl Joins for Chain {
        fn joined_by(&self, task: u32) -> Option<u32> {
            if task == self.last { self.last_joins } else { Some(task + 1) }
        }

        fn joiner_of(&self, task: u32) -> Option<u32> {
            (0..=self.last).find(|joiner| self.joined_by(*joiner) == Some(task))
        }
    }

    #[test]
    fn a_cycle_is_found_from_each_of_its_tasks() {
        let cycle = Chain { last: 2, last_joins: Some(0) };
        assert_eq!(cycle_of(0, &cycle), Some(vec![0, 1, 2]));
        assert_eq!(cycle_of(2, &cycle), Some(vec![2, 0, 1]));
    }

    #[test]
    fn a_task_that_joins_itself_is_a_cycle() {
        assert_eq!(cycle_of(0, &Chain { last: 0, last_joins: Some(0) }), Some(vec![0]));
    }

    #[test]
    fn a_chain_is_no_cycle() {
        let chain = Chain { last: 5, last_joins: None };
        assert!((0..=5).all(|task| cycle_of(task, &chain).is_none()));
    }
}
