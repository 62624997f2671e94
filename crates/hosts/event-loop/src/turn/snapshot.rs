//! A snapshot of the loop's tasks: what each task does, and what it waits for.
//!
//! The loop only copies its records. It resumes no task, and no user code runs meanwhile.

use std::{collections::HashMap, sync::Arc, time::Duration};

use quadrivium_core::inspect::{
    LeafKind, Note, ObjectKind, ObjectNumber, ObjectRecord, RunningTask, Side, Taken, record_of,
    snapshot::{
        EndInfo, ObjectInfo, TakenInfo, TaskInfo, TaskRef, TaskState, Tasks, WaitInfo, WaitedFor,
        WatchedInfo,
    },
};

use super::{Loop, LoopState};
use crate::{
    tasks::{
        slot_key::SlotKey,
        slots::{TaskSlots, TaskStage},
    },
    threads::last_snapshot::LastSnapshot,
    time::{clock::LoopClock, task_timers::TaskTimers},
    wake::integer_waker,
    watch::WatchTable,
};

impl Loop {
    /// Returns what each task does that has not ended.
    pub(crate) fn tasks_snapshot(&self) -> Tasks {
        let (state, watch) = (self.state.borrow(), self.watch.borrow());
        let LoopState { slots, timers, .. } = &*state;
        let mut objects = Objects {
            slots,
            timers,
            clock: &self.clock,
            watch: watch.as_deref(),
            now: self.clock.elapsed(),
            event_loop: self.index,
            known: HashMap::new(),
            counts: HashMap::new(),
        };
        let tasks = slots.live_in_order().into_iter().map(|slot| objects.task(slot));
        Tasks { tasks: tasks.collect() }
    }

    /// Sends a snapshot to the threads that have asked for it.
    pub(crate) fn answer(&self) {
        self.watch();
        self.record.answer(LastSnapshot::now(self.tasks_snapshot()));
    }

    /// Returns what these tasks do, in the order in which they were spawned.
    pub(super) fn snapshot_of(&self, slots: &[u32]) -> Tasks {
        let ids: Vec<_> = {
            let state = self.state.borrow();
            slots.iter().map(|slot| state.slots.id(*slot)).collect()
        };
        let mut tasks = self.tasks_snapshot();
        tasks.tasks.retain(|task| ids.contains(&task.label.id));
        tasks
    }
}

/// Makes the records of tasks, and one record for each object, however many tasks wait for it.
struct Objects<'a> {
    slots: &'a TaskSlots,
    timers: &'a TaskTimers,
    clock: &'a LoopClock,
    watch: Option<&'a WatchTable>,
    now: Duration,
    event_loop: u16,
    known: HashMap<ObjectNumber, Arc<ObjectInfo>>,
    /// The number of objects of each kind so far.
    counts: HashMap<ObjectKind, usize>,
}

impl Objects<'_> {
    fn task(&mut self, slot: u32) -> TaskInfo {
        let state = match self.slots.stage(slot) {
            TaskStage::Suspended | TaskStage::SuspendedUntilReady => {
                TaskState::Waiting(self.wait(slot, self.slots.note(slot)))
            }
            TaskStage::Running | TaskStage::Woken | TaskStage::Cancelled => TaskState::Running,
            TaskStage::Ready | TaskStage::Ending | TaskStage::Ended | TaskStage::Free => {
                TaskState::Ready
            }
        };
        let (label, style) = (self.slots.label(slot), self.slots.style(slot));
        let watched = self.watched(slot, &state);
        TaskInfo { label, style, state, watched }
    }

    /// Returns what is known about a task only while the loop is watched.
    fn watched(&self, slot: u32, state: &TaskState) -> Option<WatchedInfo> {
        let task = self.watch?.get(slot, self.slots.id(slot))?;
        let since = match state {
            TaskState::Waiting(_) => task.wait.since,
            TaskState::Ready | TaskState::Running => task.step_began,
        };
        Some(WatchedInfo {
            since: self.now.saturating_sub(since),
            steps: task.steps,
            longest_step: task.longest_step,
            parent: task.parent.map(|key| self.task_ref(RunningTask(key.0))),
            since_its_spawn: task.since_its_spawn,
        })
    }

    fn wait(&mut self, slot: u32, note: Note) -> WaitInfo {
        let index = note.object().index();
        let object = match note.kind() {
            LeafKind::Join => self.joined(slot, index).map(WaitedFor::Task),
            kind if kind.has_descriptor() => index.map(WaitedFor::Descriptor),
            kind if kind.has_parts() => index.map(WaitedFor::Parts),
            _ => self.object(note.object()).map(WaitedFor::Object),
        };
        let deadline = self.timers.get(slot);
        WaitInfo {
            kind: note.kind(),
            line: note.line(),
            object: object.unwrap_or(WaitedFor::Nothing),
            deadline: deadline
                .map(|at| Duration::from_nanos(at.saturating_sub(self.clock.nanos_now()))),
            is_one_of_several: note.is_one_of_several(),
        }
    }

    /// Returns the task in the slot `joined`, if the task in `slot` still waits for its end. The
    /// handle may have gone to another task meanwhile, or the slot to another task.
    fn joined(&self, slot: u32, joined: Option<u32>) -> Option<TaskRef> {
        let Some(joined) = joined else { return Some(TaskRef::Elsewhere) };
        let joined = self.slots.key(joined);
        let joiner = integer_waker::task(self.slots.joiner(joined)?.as_waker());
        let still_waits = joiner.is_none_or(|joiner| joiner == self.slots.key(slot));
        still_waits.then(|| self.task_ref(RunningTask(joined.0)))
    }

    fn object(&mut self, number: ObjectNumber) -> Option<Arc<ObjectInfo>> {
        if let Some(known) = self.known.get(&number) {
            return Some(Arc::clone(known));
        }
        let record = record_of(number)?;
        let count = self.counts.entry(record.kind()).or_default();
        *count += 1;
        let count = *count;
        let object = Arc::new(self.describe(&record, count));
        self.known.insert(number, Arc::clone(&object));
        Some(object)
    }

    fn describe(&self, record: &ObjectRecord, number: usize) -> ObjectInfo {
        let described = |taken: Taken| TakenInfo {
            by: taken.by().map_or(TaskRef::NoTask, |task| self.task_ref(task)),
            line: taken.line(),
        };
        ObjectInfo {
            kind: record.kind(),
            number,
            name: record.name().map(|name| Box::from(&*name)),
            made_at: record.made_at(),
            taken: record.takers().into_iter().map(described).collect(),
            stalled_by: self.stalled_by(record),
            senders: self.end(record, Side::Sending),
            receivers: self.end(record, Side::Receiving),
        }
    }

    /// Returns the task of the first place in the queue, if it waits for something else.
    fn stalled_by(&self, record: &ObjectRecord) -> Option<TakenInfo> {
        let places = record.places();
        let first = places.first()?;
        let owner = SlotKey(first.task().0);
        if owner.event_loop() != self.event_loop || !self.slots.is_live(owner) {
            return None;
        }
        let of_owner = places.iter().filter(|place| place.task() == first.task());
        let is_last = of_owner.map(|place| place.waited()).max() == Some(first.waited());
        let waits_here = is_last && self.slots.note(owner.slot()).object() == record.number();
        let stalls = self.slots.stage(owner.slot()) == TaskStage::Suspended && !waits_here;
        stalls.then(|| TakenInfo { by: self.task_ref(first.task()), line: first.line() })
    }

    fn end(&self, record: &ObjectRecord, side: Side) -> EndInfo {
        let end = record.end(side);
        let last_used_by = end.last_used_by().map(|task| self.task_ref(task));
        EndInfo { count: end.count(), last_used_by }
    }

    fn task_ref(&self, RunningTask(number): RunningTask) -> TaskRef {
        let key = SlotKey(number);
        if key.event_loop() != self.event_loop {
            return TaskRef::Elsewhere;
        }
        match self.slots.is_live(key) {
            true => TaskRef::Task(self.slots.id(key.slot()), self.slots.name(key.slot())),
            false => TaskRef::Ended,
        }
    }
}
