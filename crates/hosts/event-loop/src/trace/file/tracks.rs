//! [`Tracks`]: turns the events of a loop into slices, arrows and counters.
//!
//! ```text
//!   spawned ─► ready ─► running ─┬─► recv, sleep, ... ─ woken ─► ready ─► running
//!                                └─► ready, if it was woken meanwhile, or waits for a turn
//! ```

use std::{collections::HashMap, time::Duration};

use quadrivium_core::{host::TaskId, inspect::LeafKind};

use super::{
    super::{By, Event, EventKind, Suspension, Waiting},
    format::{Flow, Slice, TraceFormat},
};

pub(super) struct Tracks {
    format: Box<dyn TraceFormat>,
    /// When the loop was made: the time since the beginning of the file.
    begins: Duration,
    /// The number of the loop in its file.
    number: u64,
    out: Vec<u8>,
    /// The tasks that have not ended.
    tasks: HashMap<TaskId, OpenSlice>,
    /// A task that has ended and may still wake the task that joins it. Its slice is still open.
    ending: Option<TaskId>,
    ready: usize,
    flows: u64,
    latest: u64,
}

/// What the open slice of a task shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OpenSlice {
    /// No slice is open, because the trace has begun later.
    Nothing,
    Ready,
    Running,
    /// The task runs, and has been woken meanwhile.
    Woken,
    Waiting,
}

impl Tracks {
    pub(super) fn new(
        mut format: Box<dyn TraceFormat>,
        begins: Duration,
        number: u64,
        name: &str,
    ) -> Self {
        let mut out = Vec::new();
        format.begin_loop(name, &mut out);
        let (tasks, ending, ready, flows, latest) = (HashMap::new(), None, 0, 0, 0);
        Self { format, begins, number, out, tasks, ending, ready, flows, latest }
    }

    /// Returns the bytes that have not been cleared.
    pub(super) fn written(&self) -> &[u8] {
        &self.out
    }

    pub(super) fn clear(&mut self) {
        self.out.clear();
    }

    /// Ends the slice that is kept open for the task that has ended last.
    pub(super) fn close(&mut self) {
        if let Some(ended) = self.ending.take() {
            let at = self.next_time(Duration::ZERO);
            self.end_slice(at, ended);
            self.tasks.remove(&ended);
        }
    }

    pub(super) fn record(&mut self, event: &Event) {
        if !matches!(event.kind, EventKind::Woken(By::Task(waker)) if Some(waker) == self.ending) {
            self.close();
        }
        let at = self.next_time(self.begins + event.at);
        let (task, before) = (event.task, self.ready);
        self.add_task(event);
        match event.kind {
            EventKind::Spawned(parent) => self.spawned(at, task, parent),
            EventKind::Resumed => self.show(at, task, OpenSlice::Running, &slice("running")),
            EventKind::Suspended(waiting) => self.suspended(at, event, waiting),
            EventKind::Woken(by) => self.woken(at, task, by),
            EventKind::Delayed(_) => self.add_instant(at, task, &event.kind.to_string(), None),
            EventKind::Done | EventKind::Cancelled | EventKind::Panicked => {
                self.add_instant(at, task, &event.kind.to_string(), None);
                self.leave_the_queue(task);
                self.ending = Some(task);
            }
        }
        if self.ready != before {
            self.format.count_ready(at, self.ready, &mut self.out);
        }
    }

    /// Returns the time in the file. Events of one moment are a nanosecond apart, so that a viewer
    /// keeps their order and shows their slices.
    fn next_time(&mut self, at: Duration) -> u64 {
        let at = u64::try_from(at.as_nanos()).unwrap_or(u64::MAX);
        self.latest = at.max(self.latest + 1);
        self.latest
    }

    fn add_task(&mut self, event: &Event) {
        if self.tasks.contains_key(&event.task) {
            return;
        }
        self.tasks.insert(event.task, OpenSlice::Nothing);
        let (task, style) = (event.task, event.style);
        let label = match &event.name {
            Some(name) => format!("{task} {name:?} ({style})"),
            None => format!("{task} ({style})"),
        };
        self.format.add_task(task, &label, &mut self.out);
    }

    fn spawned(&mut self, at: u64, task: TaskId, parent: Option<TaskId>) {
        let by = parent.map_or_else(|| "code outside of tasks".to_owned(), |it| it.to_string());
        let flow = parent.map(|parent| self.begin_flow(at, parent, &format!("spawns {task}")));
        let details = [("spawned by", by)];
        self.show(at, task, OpenSlice::Ready, &Slice { flow, details: &details, ..slice("ready") });
    }

    fn woken(&mut self, at: u64, task: TaskId, by: By) {
        let flow = match by {
            By::Task(waker) if waker != task => {
                Some(self.begin_flow(at, waker, &format!("wakes {task}")))
            }
            By::Task(_) | By::Timer | By::Reactor | By::Outside | By::Fault => None,
        };
        match self.tasks[&task] {
            OpenSlice::Running | OpenSlice::Woken => _ = self.tasks.insert(task, OpenSlice::Woken),
            OpenSlice::Nothing | OpenSlice::Ready | OpenSlice::Waiting => {
                let details = [("woken", woken_text(by))];
                let slice = Slice { flow, details: &details, ..slice("ready") };
                self.show(at, task, OpenSlice::Ready, &slice);
            }
        }
    }

    fn suspended(&mut self, at: u64, event: &Event, waiting: Waiting) {
        let details = details(event.suspension.as_ref(), waiting);
        let is_ready = waiting == Waiting::Turn || self.tasks[&event.task] == OpenSlice::Woken;
        let (shown, name) = match is_ready {
            true => (OpenSlice::Ready, "ready".to_owned()),
            false => (OpenSlice::Waiting, wait_name(event.suspension.as_ref(), waiting)),
        };
        self.show(at, event.task, shown, &Slice { details: &details, ..slice(&name) });
    }

    /// Ends the open slice of a task, and begins the next one.
    fn show(&mut self, at: u64, task: TaskId, shown: OpenSlice, slice: &Slice<'_>) {
        self.leave_the_queue(task);
        self.end_slice(at, task);
        self.format.begin_slice(at, task, slice, &mut self.out);
        self.tasks.insert(task, shown);
        self.ready += usize::from(shown == OpenSlice::Ready);
    }

    fn leave_the_queue(&mut self, task: TaskId) {
        if self.tasks[&task] == OpenSlice::Ready {
            // The slice stays open until the next one begins.
            self.tasks.insert(task, OpenSlice::Waiting);
            self.ready -= 1;
        }
    }

    fn end_slice(&mut self, at: u64, task: TaskId) {
        if self.tasks[&task] != OpenSlice::Nothing {
            self.format.end_slice(at, task, &mut self.out);
        }
    }

    /// Begins an arrow on the track of a task.
    fn begin_flow(&mut self, at: u64, from: TaskId, name: &str) -> Flow {
        self.flows += 1;
        // The loops of a file have flows with different numbers.
        let flow = Flow(self.number << 48 | self.flows);
        self.add_instant(at, from, name, Some(flow));
        flow
    }

    fn add_instant(&mut self, at: u64, task: TaskId, name: &str, flow: Option<Flow>) {
        self.format.add_instant(at, task, name, flow, &mut self.out);
    }
}

fn slice(name: &str) -> Slice<'_> {
    Slice { name, ..Slice::default() }
}

fn woken_text(by: By) -> String {
    EventKind::Woken(by).to_string().trim_start_matches("woken ").to_owned()
}

/// Returns the leaf in which a task waits, or what it waits for if the leaf is not known.
fn wait_name(suspension: Option<&Suspension>, waiting: Waiting) -> String {
    let leaf = suspension.and_then(|it| it.leaf).filter(|leaf| *leaf != LeafKind::Outside);
    match (leaf, waiting) {
        (Some(leaf), _) => leaf.to_string(),
        (None, Waiting::Turn) => "turn".to_owned(),
        (None, Waiting::Until(_)) => "deadline".to_owned(),
        (None, Waiting::Ready) => "descriptor".to_owned(),
        (None, Waiting::Wake) => "wake from outside".to_owned(),
    }
}

fn details(suspension: Option<&Suspension>, waiting: Waiting) -> Vec<(&'static str, String)> {
    let mut details = Vec::new();
    if let Waiting::Until(at) = waiting {
        details.push(("until", format!("{at:?}")));
    }
    if let Some(Suspension { object, line, bytes, .. }) = suspension {
        details.extend(object.as_ref().map(|object| ("object", object.to_string())));
        details.extend(line.map(|line| ("line", line.to_string())));
        details.push(("keeps", format!("{bytes} bytes")));
    }
    details
}
