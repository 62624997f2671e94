//! The tables of each measurement, with the columns that are measured for them.

use quadrivium_bench_protocol::{Bench, JoinKind, SyncKind};

use crate::{
    measurement::{Shown, Sizes, Table, grouped},
    numbers::{Column, Metric},
};

fn shown(bench: Bench, n: usize, metric: Metric, heading: impl Into<String>) -> Shown {
    Shown { column: Column { bench, n }, metric, heading: heading.into() }
}

/// Returns a column for each size.
fn by_size(bench: Bench, metric: Metric, sizes: &[usize]) -> Vec<Shown> {
    sizes.iter().map(|&n| shown(bench, n, metric, grouped(n as f64))).collect()
}

pub(crate) fn turn(sizes: &Sizes) -> Vec<Table> {
    let all = sizes.of(&[1, 10, 1_000, 100_000, 1_000_000], &[1, 1_000, 100_000]);
    let latency = [Metric::P50, Metric::P99, Metric::P999];
    let latency = latency.into_iter().zip(["median", "p99", "p99.9"]);
    vec![
        Table {
            name: "turn",
            title: "A turn: suspend, requeue, resume; ns, by number of tasks",
            method: "Each task increments a counter of its own and lets the others run. The clock \
                runs from the second turn of the first task to its last turn. All tasks exist all \
                the time. The turns of all tasks are counted, and a scheduler that starves tasks \
                fails.",
            compared: all.iter().position(|&n| n == 1_000).or(Some(0)),
            columns: by_size(Bench::Turn, Metric::Time, &all),
            chart: Some("tasks"),
        },
        Table {
            name: "latency",
            title: "The time from one turn of a task to its next, among 1,000 tasks that take \
                turns; ns",
            method: "The first task reads the clock at each of 10,000 turns.",
            columns: latency
                .map(|(metric, heading)| shown(Bench::Latency, 1_000, metric, heading))
                .collect(),
            compared: None,
            chart: None,
        },
    ]
}

pub(crate) fn spawn(sizes: &Sizes) -> Table {
    let all = sizes.of(&[1, 10, 1_000, 100_000, 1_000_000], &[1, 100_000]);
    Table {
        name: "spawn",
        title: "Spawn, run, join; ns per task, by number of tasks in a batch",
        method: "A task adds one to a number and returns it. All tasks of a batch are spawned. \
            Then they are joined in order, and their outputs are added up. In a batch of one, each \
            task is joined before the next is spawned. The limits have no join handles. \"limit, \
            green\" runs all tasks on one warm stack.",
        compared: all.iter().position(|&n| n == 100_000).or(Some(0)),
        columns: by_size(Bench::Spawn, Metric::Time, &all),
        chart: Some("tasks in a batch"),
    }
}

pub(crate) fn nested(sizes: &Sizes) -> Table {
    let all: &[usize] = if sizes.is_quick { &[1, 100] } else { &[1, 10, 100] };
    Table {
        name: "nested",
        title: "A turn at the bottom of a recursion; ns, by its depth",
        method: "A single task. Each level is a function of a green thread, or a boxed task of the \
            other styles, which is resumed through all levels above it.",
        columns: by_size(Bench::Nested, Metric::Time, all),
        compared: None,
        chart: Some("depth"),
    }
}

pub(crate) fn channel() -> Table {
    Table {
        name: "channel",
        title: "Messages between two tasks; ns",
        method: "A round trip is two messages, through two channels of capacity 1. The stream goes \
            one way, through a channel of capacity 64. The channel of may is not bounded: \"may\" is \
            its `spsc`. The last columns count the allocations of the process.",
        columns: vec![
            shown(Bench::RoundTrip, 1, Metric::Time, "round trip"),
            shown(Bench::Stream, 64, Metric::Time, "message of a stream"),
            shown(Bench::RoundTrip, 1, Metric::Allocations, "allocations, round trip"),
            shown(Bench::Stream, 64, Metric::Allocations, "allocations, message"),
        ],
        compared: Some(0),
        chart: None,
    }
}

/// Returns the name of a primitive.
pub(crate) fn name(kind: SyncKind) -> &'static str {
    match kind {
        SyncKind::Mutex => "mutex",
        SyncKind::Semaphore => "semaphore",
        SyncKind::Notify => "notify",
        SyncKind::Oneshot => "oneshot",
        SyncKind::Broadcast => "broadcast",
        SyncKind::Watch => "watch",
    }
}

pub(crate) fn uncontended() -> Table {
    let column = |kind| shown(Bench::Uncontended(kind), 1, Metric::Time, name(kind));
    Table {
        name: "uncontended",
        title: "Synchronisation without waiting; ns per use",
        method: "A single task locks and unlocks, acquires and releases, notifies itself, makes a \
            oneshot and uses it, or sends to itself.",
        columns: SyncKind::ALL.map(column).into(),
        compared: None,
        chart: None,
    }
}

pub(crate) fn contended() -> Table {
    let column = |kind| shown(Bench::Contended(kind), 1, Metric::Time, name(kind));
    Table {
        name: "contended",
        title: "Synchronisation with waiting; ns per use",
        method: "Mutex and semaphore (of 2): ten tasks, which each hold it for a turn. Notify: two \
            tasks notify each other. Oneshot: a task asks another one for a value. Broadcast and \
            watch: a task sends to ten others and takes a turn.",
        columns: SyncKind::ALL.map(column).into(),
        compared: None,
        chart: None,
    }
}

pub(crate) fn timers(sizes: &Sizes) -> Vec<Table> {
    let all = sizes.of(&[1_000, 100_000, 1_000_000], &[1_000_000]);
    let lateness = all.iter().flat_map(|&n| {
        let size = grouped(n as f64);
        [
            shown(Bench::Timers, n, Metric::P50, format!("{size}: median")),
            shown(Bench::Timers, n, Metric::P99, format!("{size}: p99")),
        ]
    });
    vec![
        Table {
            name: "timers",
            title: "Tasks that sleep between 0 and 1,000 ms; ns of processor time each, by number",
            method: "Each task is spawned, reads the clock, sleeps, reads the clock and is joined. \
                The whole process is counted. Each sample is a new process.",
            compared: Some(all.len() - 1),
            columns: by_size(Bench::Timers, Metric::Processor, &all),
            chart: Some("timers"),
        },
        Table {
            name: "lateness",
            title: "How late these tasks run; ns, by number",
            method: "The time from the call of sleep to the resumption, without the duration.",
            columns: lateness.collect(),
            compared: None,
            chart: None,
        },
        Table {
            name: "timer_cancel",
            title: "Timers that are armed and dropped before they expire; ns each",
            method: "One task makes all timers, polls each once, and drops them all. The styles \
                share the leaf, so only futures are measured.",
            columns: by_size(Bench::TimerCancel, Metric::Time, &[100_000]),
            compared: Some(0),
            chart: None,
        },
    ]
}

pub(crate) fn timeout() -> Table {
    Table {
        name: "timeout",
        title: "What a timeout of an hour adds to a turn; ns and allocations",
        method: "A single task takes turns, and takes turns with a timeout around each. Both are \
            measured in each round, and the difference is taken.",
        columns: vec![
            shown(Bench::Bare, 1, Metric::Time, "turn"),
            shown(Bench::Timeout, 1, Metric::Time, "turn in a timeout"),
            shown(Bench::Timeout, 1, Metric::Added, "added"),
            shown(Bench::Timeout, 1, Metric::Allocations, "allocations"),
        ],
        compared: Some(2),
        chart: None,
    }
}

pub(crate) fn join(sizes: &Sizes) -> Vec<Table> {
    let all = sizes.of(&[16, 1_600, 16_000, 100_000], &[1_600, 16_000]);
    let table = |kind, name, title, method| Table {
        name,
        title,
        method,
        compared: all.iter().position(|&n| n == 16_000).or(Some(0)),
        columns: by_size(Bench::Join(kind), Metric::Time, &all),
        chart: Some("parts"),
    };
    vec![
        table(
            JoinKind::OneByOne,
            "join",
            "`join_all` of parts that are woken one by one; ns per part, by number of parts",
            "Each part waits for an event of its own. Another task fires one event per turn. The \
             time includes the making and dropping of the parts, and the turns of the other task.",
        ),
        table(
            JoinKind::Together,
            "join_together",
            "`join_all` of parts that take one turn each; ns per part, by number of parts",
            "All parts are woken at the same time.",
        ),
        table(
            JoinKind::Select,
            "select",
            "`select` of parts that are woken one by one; ns per part, by number of parts",
            "As for `join_all`, but the task takes each output when it is there.",
        ),
        table(
            JoinKind::Race,
            "race",
            "`race_all` of parts; ns per part, by number of parts",
            "Each part waits for an event of its own. Another task fires the middle one, and the \
             other parts are dropped.",
        ),
    ]
}

pub(crate) fn memory(sizes: &Sizes) -> Table {
    let all = sizes.of(&[100_000, 1_000_000], &[1_000_000]);
    let mut columns = by_size(Bench::Memory, Metric::Resident, &all);
    let heap = all.iter().map(|&n| {
        shown(Bench::Memory, n, Metric::Heap, format!("{} on the heap", grouped(n as f64)))
    });
    columns.extend(heap);
    Table {
        name: "memory",
        title: "Resident bytes of a suspended task and its join handle, by number of tasks",
        method: "Growth of the resident set (/proc/self/statm) of a new process, divided by the \
            number of tasks. It is read before the first spawn and when all tasks are suspended. A \
            task keeps a counter of 8 bytes. The heap is the allocated part (mallinfo2).",
        compared: Some(all.len() - 1),
        columns,
        chart: None,
    }
}

pub(crate) fn wake() -> Table {
    Table {
        name: "wake",
        title: "A wake from another thread; ns",
        method: "The other thread waits 30 µs, so that the loop sleeps, wakes a task and spins \
            until it answers. In a storm it wakes 100,000 times without waiting. `write` calls \
            (/proc/self/io) are divided by the sleeps of the loop's thread.",
        columns: vec![
            shown(Bench::Wake, 1, Metric::P50, "median"),
            shown(Bench::Wake, 1, Metric::P99, "p99"),
            shown(Bench::WakeStorm, 1, Metric::Time, "wake in a storm"),
            shown(Bench::WakeStorm, 1, Metric::WritesPerSleep, "writes per sleep"),
        ],
        compared: Some(0),
        chart: None,
    }
}
