//! A snapshot of the loop's tasks: what each task does, and what it waits for.
//!
//! The loop only copies its records. It resumes no task, and no user code runs meanwhile.

use std::{collections::HashMap, sync::Arc, time::Duration};

use quadrivium_core::inspect::{
    LeafKind, Note, ObjectKind, ObjectNumber, ObjectRecord, RunningTask, Side, Taken, record_of,
    snapshot::{
        EndInfo, ObjectInfo, TakenInfo, TaskInfo, TaskRef, TaskState, Tasks, WaitInfo, WaitedFor,
    },
};

use super::{Loop, LoopState};
use crate::{
    tasks::{
        slot_key::SlotKey,
        slots::{TaskSlots, TaskStage},
    },
    time::task_timers::TaskTimers,
    wake::integer_waker,
};

impl Loop {
    /// Returns what each task does that has not ended.
    pub(crate) fn tasks_snapshot(&self) -> Tasks {
        let state = self.state.borrow();
        let LoopState { slots, timers, .. } = &*state;
        let mut objects = Objects {
            slots,
            timers,
            now: self.clock.nanos_now(),
            event_loop: self.index,
            known: HashMap::new(),
            counts: HashMap::new(),
        };
        let tasks = slots.live_in_order().into_iter().map(|slot| objects.task(slot));
        Tasks { tasks: tasks.collect() }
    }
}

/// Makes the records of tasks, and one record for each object, however many tasks wait for it.
struct Objects<'a> {
    slots: &'a TaskSlots,
    timers: &'a TaskTimers,
    now: u64,
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
        TaskInfo { label, style, state }
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
            deadline: deadline.map(|at| Duration::from_nanos(at.saturating_sub(self.now))),
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
        let next_in_queue = record.next_in_queue().map(described);
        ObjectInfo {
            kind: record.kind(),
            number,
            name: record.name().map(|name| Box::from(&*name)),
            made_at: record.made_at(),
            taken: record.takers().into_iter().map(described).collect(),
            next_in_queue,
            senders: self.end(record, Side::Sending),
            receivers: self.end(record, Side::Receiving),
        }
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
