//! The limit of the callback style: a bare queue of boxed closures.

use quadrivium_bench_protocol::{Contender, Counter, bump, memory};

use super::bare_queue;

/// A closure that is called once per step. It returns whether it must be called again.
type OnStep = Box<dyn FnMut() -> bool>;

pub(super) fn contender() -> Contender {
    Contender {
        turn: Some(|counters| {
            let task = |mut counter: Counter| -> OnStep { Box::new(move || counter.turn()) };
            bare_queue::turn(counters, task, resume);
        }),
        spawn: Some(|n, times| {
            let task = |mut count| -> OnStep {
                Box::new(move || {
                    count = bump(count);
                    false
                })
            };
            bare_queue::spawn(n, times, task, resume)
        }),
        memory: Some(|n| bare_queue::memory(n, suspends, resume)),
        ..Contender::new("limit, callback", "bare")
    }
}

fn suspends() -> OnStep {
    let mut count = 0;
    Box::new(move || {
        count = bump(count);
        memory::count_suspended();
        true
    })
}

/// Returns the output of a task that has ended. These closures have no output, so it is 1, the
/// output of the tasks of other contenders.
#[inline]
fn resume(task: &mut OnStep) -> Option<u64> {
    if task() { None } else { Some(1) }
}
