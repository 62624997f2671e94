//! Green threads on our event loop.

use std::{
    hint::black_box,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use quadrivium::{
    green::perform,
    prelude::*,
    sync::{Mutex, Notify, Semaphore, broadcast, channel, oneshot, watch},
};
use quadrivium_bench_protocol::{
    Contender, Counter, Gate, JoinKind, Sleeper, SyncKind, bump, memory,
};

use super::on_loop::{self, LONG, Never, Question};

macro_rules! task {
    ($co:ident, $body:block) => {
        green(move || $body)
    };
}

macro_rules! perform {
    ($co:ident, $task:expr) => {
        perform($task)
    };
}

programs! { task, perform }
contender! { "green" }

/// A recursive function of a green thread is a function.
fn descend(depth: usize, times: u64) -> u64 {
    if black_box(depth) > 0 {
        return black_box(descend(depth - 1, times)) + 1;
    }
    for _ in 0..times {
        perform(turn());
    }
    0
}

fn nested(depth: usize, times: u64) -> impl Task<Output = Duration> {
    green(move || {
        let start = Instant::now();
        black_box(descend(depth, times));
        start.elapsed()
    })
}

fn suspends() -> impl Task<Output = u64> {
    green(|| {
        let count = bump(0);
        memory::count_suspended();
        perform(Never);
        bump(count)
    })
}
