//! [`TaskSlots`]: the table of a loop's tasks.
//!
//! ```text
//!   Free ─1─► Ready ─2─► Running ─3─► Ended ─4─► Free
//!               ▲           │
//!               6           5
//!               └─Suspended◄┘
//! ```
//!
//! | | stage | event | next stage | function |
//! |---|---|---|---|---|
//! | 1 | `Free` | the task is spawned | `Ready` | `TaskSlots::insert` |
//! | 2 | `Ready` | the task is the next in the ready queue | `Running` | `TaskSlots::start_step` |
//! | 3 | `Running`, `Woken`, `Cancelled` | the task is done or panics | `Ended` | `TaskSlots::end` |
//! | 4 | `Ended` | the result is joined, or dropped unread | `Free` | `TaskSlots::free` |
//! | 5 | `Running` | the task suspends, and not only for a turn | `Suspended` | `Loop::suspend` |
//! | 6 | `Suspended` | a wake, or its deadline | `Ready` | `Loop::wake_by` |
//! | 7 | `Running` | the task suspends for a turn | `Ready` | `Loop::suspend` |
//! | 8 | `Running` | a wake | `Woken` | `Loop::wake_by` |
//! | 9 | `Woken` | the task suspends | `Ready` | `Loop::suspend` |
//! | 10 | `Ready`, `Suspended` | a cancel | `Ended` | `Loop::cancel_task` |
//! | 11 | `Running`, `Woken` | a cancel | `Cancelled` | `Loop::cancel_task` |
//! | 12 | `Cancelled` | the task suspends | `Ended` | `Loop::suspend` |
//!
//! Two stages are not in the drawing. A suspended task that waits for a source, such as a socket,
//! is `SuspendedUntilReady`. The table counts these tasks. A task is `Ending` while its destructors
//! run because of a cancel.
//!
//! The data that every step uses (`TaskSlot`) is in one array. The data that spawning, labels and
//! suspensions use (`TaskRecord`) is in another. A slot is 24 bytes, so that a turn over many tasks
//! reads little memory. What only some tasks have is in tables of its own: names, wakers of tasks
//! that join, panics.

use std::{any::Any, collections::HashMap, mem, panic::Location, sync::Arc};

use quadrivium_core::{
    JoinError, LocalWaker, PanicPayload, RESUMED_AFTER_DONE,
    host::{HostedTask, Joined, Label, TaskId},
    inspect::{Note, Style},
};

use super::{
    slot_key::{GENERATIONS, SLOTS, SlotKey},
    spawn_lines::{Spawn, SpawnLines},
};

#[derive(Default)]
pub(crate) struct TaskSlots {
    slots: Vec<TaskSlot>,
    records: Vec<TaskRecord>,
    /// The slot that was freed last is used first.
    free: Vec<u32>,
    spawn_lines: SpawnLines,
    /// Number of free slots that contain the empty cell of a task.
    empty_cells: usize,
    names: HashMap<u32, Arc<str>>,
    /// The wakers of the tasks that wait for results. This is a `Vec`, because a map would compute
    /// a hash for each join. It is as long as the last slot requires that a task has waited for.
    joiners: Vec<Option<LocalWaker>>,
    /// The panics of tasks that have ended, until they are read.
    panics: HashMap<u32, PanicPayload>,
    spawned: u64,
    live: usize,
    /// Number of live tasks whose waker was cloned: code outside the loop may wake them.
    escaped: usize,
    /// Number of tasks that are suspended until a source is ready.
    waiting_for_sources: usize,
    event_loop: u16,
    first_generation: u32,
}

pub(crate) struct TaskSlot {
    /// The task while it is ready or suspended. After its end, its output. While the slot is free,
    /// the empty cell of a task that was joined, for the next task.
    pub(crate) body: Option<HostedTask>,
    /// Grows when the slot is freed. So the keys of former tasks find nothing.
    generation: u32,
    pub(crate) stage: TaskStage,
    /// The task has a deadline among the timers.
    pub(crate) is_armed: bool,
    /// The task's waker was cloned.
    is_escaped: bool,
    reader: Reader,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaskStage {
    Free,
    Ready,
    Running,
    /// Running, and woken meanwhile.
    Woken,
    /// Running, and cancelled meanwhile.
    Cancelled,
    Suspended,
    /// Suspended until a source, such as a socket, is ready.
    SuspendedUntilReady,
    /// Cancelled: its destructors are running.
    Ending,
    /// The result is stored, and no task has joined this one yet.
    Ended,
}

/// Whether a task will read the result of this task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    /// Perhaps: the handle exists, but no task waits for the result yet.
    Handle,
    /// Yes: a task waits, and its waker is among the `joiners`.
    Joiner,
    /// No: the handle was dropped.
    None,
}

/// A cell with more bytes than this is not kept for the next task.
const LARGEST_EMPTY_CELL: usize = 512;

/// A loop that is idle keeps this number of empty cells.
const IDLE_EMPTY_CELLS: usize = 1_024;

/// It is 24 bytes: the two words of the note are stored separately, because a [`Note`] has a gap.
struct TaskRecord {
    id: TaskId,
    spawn: Spawn,
    /// What the task waits for. This counts only while the task is suspended.
    note: u32,
    line: Option<&'static Location<'static>>,
}

/// What is left to do after the end of a task, while the state of the loop is not borrowed.
pub(crate) enum AfterEnd {
    Nothing,
    /// Wake the task that waits for the result.
    Wake(LocalWaker),
    /// Drop this result, which no task will read, and then free the slot.
    DropUnread(Joined),
}

impl TaskSlots {
    pub(crate) fn new(event_loop: u16, first_generation: u32) -> Self {
        Self { event_loop, first_generation, ..Self::default() }
    }

    /// Stores a new task, ready to start. Returns the task if the table is full.
    #[inline]
    pub(crate) fn insert(
        &mut self,
        body: HostedTask,
        name: Option<&str>,
        spawned_at: &'static Location<'static>,
    ) -> Result<SlotKey, HostedTask> {
        let (note, line) = Note::NOTHING.into_words();
        let style = body.style();
        let spawn = Spawn::new(self.spawn_lines.number(spawned_at), style);
        let record = TaskRecord { id: TaskId(self.spawned + 1), spawn, note, line };
        let index = match self.free.pop() {
            Some(index) => {
                self.records[index as usize] = record;
                index
            }
            None => match self.grow(record) {
                Some(index) => index,
                None => return Err(body),
            },
        };
        if let Some(name) = name {
            self.add_name(index, name);
        }
        self.spawned += 1;
        self.live += 1;
        let slot = &mut self.slots[index as usize];
        if slot.body.replace(body).is_some() {
            self.empty_cells -= 1;
        }
        slot.stage = TaskStage::Ready;
        slot.reader = Reader::Handle;
        Ok(SlotKey::new(self.event_loop, index, slot.generation))
    }

    /// Takes the empty cell out of the slot that the next task gets.
    #[inline]
    pub(crate) fn take_empty_cell(&mut self) -> Option<HostedTask> {
        let index = *self.free.last()?;
        let cell = self.slots[index as usize].body.take()?;
        self.empty_cells -= 1;
        Some(cell)
    }

    /// Drops empty cells while the loop is idle, so that a burst of tasks does not keep its memory.
    #[inline]
    pub(crate) fn drop_empty_cells(&mut self) {
        if self.empty_cells > IDLE_EMPTY_CELLS {
            self.drop_many_empty_cells();
        }
    }

    #[cold]
    fn drop_many_empty_cells(&mut self) {
        let (slots, mut next) = (&mut self.slots, self.free.iter().rev());
        let is_empty_cell = |index: &&u32| slots[**index as usize].body.is_some();
        let kept = next.by_ref().take(IDLE_EMPTY_CELLS).filter(is_empty_cell).count();
        for index in next {
            if self.empty_cells == kept {
                break;
            }
            self.empty_cells -= usize::from(slots[*index as usize].body.take().is_some());
        }
    }

    /// Adds a slot to the table and returns its index. Returns `None` if there can be no more.
    #[inline(never)]
    fn grow(&mut self, record: TaskRecord) -> Option<u32> {
        let index = u32::try_from(self.slots.len()).ok().filter(|index| *index < SLOTS)?;
        self.records.push(record);
        self.slots.push(TaskSlot {
            body: None,
            generation: self.first_generation,
            stage: TaskStage::Free,
            is_armed: false,
            is_escaped: false,
            reader: Reader::Handle,
        });
        // So `free` does not grow while tasks end. A large allocation after many small frees makes
        // the allocator of glibc look at all of them.
        self.free.reserve(self.slots.len());
        Some(index)
    }

    /// Returns the slot of this task, unless it has been freed.
    #[inline]
    pub(crate) fn at(&mut self, key: SlotKey) -> Option<&mut TaskSlot> {
        let slot = self.slots.get_mut(key.slot() as usize)?;
        (slot.generation == key.generation()).then_some(slot)
    }

    /// Takes a task out of its slot, to resume it. Returns `None` if it is not ready.
    #[inline]
    pub(crate) fn start_step(&mut self, key: SlotKey) -> Option<HostedTask> {
        let slot = self.at(key)?;
        if slot.stage != TaskStage::Ready {
            return None;
        }
        slot.stage = TaskStage::Running;
        slot.body.take()
    }

    /// Returns whether this task is ready.
    pub(crate) fn is_ready(&mut self, key: SlotKey) -> bool {
        self.at(key).is_some_and(|slot| slot.stage == TaskStage::Ready)
    }

    /// Returns whether this task is suspended.
    pub(crate) fn is_suspended(&mut self, key: SlotKey) -> bool {
        self.at(key).is_some_and(|slot| {
            matches!(slot.stage, TaskStage::Suspended | TaskStage::SuspendedUntilReady)
        })
    }

    /// Returns the slot with this index.
    #[inline]
    pub(crate) fn slot(&mut self, index: u32) -> &mut TaskSlot {
        &mut self.slots[index as usize]
    }

    /// Returns the key of the task that is in this slot now, if there is such a slot.
    pub(crate) fn key_at(&self, index: u32) -> Option<SlotKey> {
        ((index as usize) < self.slots.len()).then(|| self.key(index))
    }

    /// Returns the key of the task that is in this slot now.
    pub(crate) fn key(&self, index: u32) -> SlotKey {
        let generation = self.slots[index as usize].generation;
        SlotKey::new(self.event_loop, index, generation)
    }

    /// Stores what a suspended task waits for.
    #[inline]
    pub(crate) fn keep_note(&mut self, index: u32, note: Note) {
        let record = &mut self.records[index as usize];
        (record.note, record.line) = note.into_words();
    }

    /// Returns what a suspended task waits for.
    pub(crate) fn note(&self, index: u32) -> Note {
        let record = &self.records[index as usize];
        Note::from_words(record.note, record.line)
    }

    /// Returns the style of a task. It is kept, because a task that is running is not in its slot.
    pub(crate) fn style(&self, index: u32) -> Style {
        self.records[index as usize].spawn.style()
    }

    pub(crate) fn stage(&self, index: u32) -> TaskStage {
        self.slots[index as usize].stage
    }

    /// Returns whether this task has not ended.
    pub(crate) fn is_live(&self, key: SlotKey) -> bool {
        let slot = self.slots.get(key.slot() as usize);
        slot.is_some_and(|slot| slot.generation == key.generation() && slot.is_live())
    }

    /// Returns whether the waker of this live task was cloned.
    pub(crate) fn is_escaped(&self, index: u32) -> bool {
        self.slots[index as usize].is_escaped
    }

    /// Records that the task's waker was cloned.
    pub(crate) fn escape(&mut self, key: SlotKey) {
        if let Some(slot) = self.at(key)
            && !slot.is_escaped
            && slot.is_live()
        {
            slot.is_escaped = true;
            self.escaped += 1;
        }
    }

    /// Stores the result of a task that has ended, unless no task will read it.
    #[inline(always)]
    pub(crate) fn end(&mut self, key: SlotKey, joined: Joined) -> AfterEnd {
        let index = key.slot() as usize;
        let slot = &mut self.slots[index];
        slot.stage = TaskStage::Ended;
        self.live -= 1;
        self.escaped -= usize::from(slot.is_escaped);
        slot.is_escaped = false;
        if slot.reader == Reader::None {
            return AfterEnd::DropUnread(joined);
        }
        match joined {
            // The slot is empty.
            Ok(done) => mem::forget(slot.body.replace(done)),
            Err(JoinError::Cancelled) => {}
            Err(JoinError::Panicked(payload)) => _ = self.panics.insert(key.slot(), payload),
        }
        match slot.reader {
            Reader::Joiner => self.joiners[index].take().map_or(AfterEnd::Nothing, AfterEnd::Wake),
            Reader::Handle | Reader::None => AfterEnd::Nothing,
        }
    }

    /// Takes the result of a task that has ended, and frees its slot. Moves the output into
    /// `output`. Returns `None` before the end.
    #[inline]
    pub(crate) fn take_joined(
        &mut self,
        key: SlotKey,
        output: &mut dyn Any,
    ) -> Option<(TaskId, Result<(), JoinError>)> {
        let slot = self.at(key).expect(RESUMED_AFTER_DONE);
        if slot.stage != TaskStage::Ended {
            return None;
        }
        let joined = match &mut slot.body {
            Some(done) => {
                done.as_mut().take_output(output);
                match size_of_val(&**done) <= LARGEST_EMPTY_CELL {
                    true => self.empty_cells += 1,
                    false => slot.body = None,
                }
                Ok(())
            }
            None => Err(self.take_error(key.slot())),
        };
        let id = self.id(key.slot());
        self.free(key);
        Some((id, joined))
    }

    /// Takes the reason why a task has ended without an output.
    #[cold]
    fn take_error(&mut self, index: u32) -> JoinError {
        self.panics.remove(&index).map_or(JoinError::Cancelled, JoinError::Panicked)
    }

    /// Stores the waker of a task that waits for the result, and returns the former one.
    pub(crate) fn join(&mut self, key: SlotKey, joiner: LocalWaker) -> Option<LocalWaker> {
        let index = key.slot() as usize;
        self.slots[index].reader = Reader::Joiner;
        if index >= self.joiners.len() {
            self.joiners.resize_with(index + 1, || None);
        }
        self.joiners[index].replace(joiner)
    }

    /// Returns the waker of the task that waits for the result of this task.
    pub(crate) fn joiner(&self, key: SlotKey) -> Option<&LocalWaker> {
        let index = key.slot() as usize;
        self.slots.get(index).filter(|slot| slot.generation == key.generation())?;
        self.joiners.get(index)?.as_ref()
    }

    /// Records that the handle of this task was dropped. Returns the waker of the task that waited
    /// for the result. If the task has ended, also returns the result. The caller drops them. If
    /// there is a result, the caller then frees the slot.
    pub(crate) fn detach(&mut self, key: SlotKey) -> (Option<LocalWaker>, Option<Joined>) {
        let Some(slot) = self.at(key) else { return (None, None) };
        let joiner = match mem::replace(&mut slot.reader, Reader::None) {
            Reader::Joiner => self.joiners[key.slot() as usize].take(),
            Reader::Handle | Reader::None => None,
        };
        let slot = self.slot(key.slot());
        let joined = (slot.stage == TaskStage::Ended).then(|| slot.body.take());
        (joiner, joined.map(|body| body.ok_or_else(|| self.take_error(key.slot()))))
    }

    /// Returns whether the task has ended and its result is stored, or its slot was freed.
    pub(crate) fn is_finished(&mut self, key: SlotKey) -> bool {
        self.at(key).is_none_or(|slot| slot.stage == TaskStage::Ended)
    }

    /// Frees the slot of a task.
    #[inline]
    pub(crate) fn free(&mut self, key: SlotKey) {
        let index = key.slot();
        // The check comes first, because a removal computes a hash even if the map is empty.
        if !self.names.is_empty() {
            self.remove_name(index);
        }
        let slot = &mut self.slots[index as usize];
        slot.stage = TaskStage::Free;
        slot.generation += 1;
        // A slot that has run out of generations is never used again. That loses a few bytes for
        // every 16 million tasks.
        if slot.generation < GENERATIONS {
            self.free.push(index);
        }
    }

    #[cold]
    fn add_name(&mut self, index: u32, name: &str) {
        self.names.insert(index, name.into());
    }

    #[cold]
    fn remove_name(&mut self, index: u32) {
        self.names.remove(&index);
    }

    pub(crate) fn label(&self, index: u32) -> Label {
        let record = &self.records[index as usize];
        let spawned_at = self.spawn_lines.line(record.spawn.line());
        Label { id: record.id, name: self.name(index), spawned_at }
    }

    pub(crate) fn id(&self, index: u32) -> TaskId {
        self.records[index as usize].id
    }

    pub(crate) fn name(&self, index: u32) -> Option<Arc<str>> {
        self.names.get(&index).cloned()
    }

    /// Counts a task that has been suspended until a source is ready.
    pub(crate) fn add_source_waiter(&mut self) {
        self.waiting_for_sources += 1;
    }

    /// No longer counts a task that has waited for a source.
    pub(crate) fn remove_source_waiter(&mut self) {
        self.waiting_for_sources -= 1;
    }

    /// Returns whether a task waits for a source, so that the operating system may wake it.
    pub(crate) fn any_waits_for_a_source(&self) -> bool {
        self.waiting_for_sources > 0
    }

    /// Returns the number of tasks that have not ended.
    pub(crate) fn live_tasks(&self) -> usize {
        self.live
    }

    /// Returns whether no live task's waker was cloned, so that no code outside the loop has one.
    pub(crate) fn all_wakers_are_local(&self) -> bool {
        self.escaped == 0
    }

    /// Returns the slots of the tasks that have not ended, in the order they were spawned.
    pub(crate) fn live_in_order(&self) -> Vec<u32> {
        let live = |(_, slot): &(usize, &TaskSlot)| slot.is_live();
        let indices = self.slots.iter().enumerate().filter(live).map(|(index, _)| index as u32);
        let mut live: Vec<u32> = indices.collect();
        live.sort_by_key(|index| self.id(*index));
        live
    }

    /// Returns one more than the highest generation in use.
    pub(crate) fn next_generation(&self) -> u32 {
        let used = self.slots.iter().map(|slot| slot.generation).max();
        used.unwrap_or(self.first_generation) + 1
    }
}

impl TaskSlot {
    /// Returns whether the task has not ended, and no cancel is ending it.
    fn is_live(&self) -> bool {
        use TaskStage::{Ended, Ending, Free};
        !matches!(self.stage, Free | Ending | Ended)
    }
}

#[cfg(test)]
mod tests {
    use quadrivium_core::{host::hosted, turn};

    use super::*;

    #[test]
    fn a_burst_of_tasks_leaves_few_empty_cells_in_an_idle_loop() {
        let mut slots = TaskSlots::new(0, 0);
        let insert = |slots: &mut TaskSlots| {
            let key = slots.insert(hosted(turn()), None, Location::caller());
            key.unwrap_or_else(|_| panic!("there is room"))
        };
        let keys: Vec<_> = (0..5_000).map(|_| insert(&mut slots)).collect();
        for key in keys {
            let done = slots.slot(key.slot()).body.take().expect("it is ready");
            assert!(matches!(slots.end(key, Ok(done)), AfterEnd::Nothing));
            assert!(slots.take_joined(key, &mut None::<()>).is_some());
        }
        assert_eq!(slots.empty_cells, 5_000);
        slots.drop_empty_cells();
        assert_eq!(slots.empty_cells, IDLE_EMPTY_CELLS);
        assert!((0..IDLE_EMPTY_CELLS).all(|_| {
            let is_kept = slots.take_empty_cell().is_some();
            insert(&mut slots);
            is_kept
        }));
        assert!(slots.take_empty_cell().is_none());
        assert_eq!(slots.empty_cells, 0);
    }
}
