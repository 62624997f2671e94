//! [`Object`]: what reports say about an object that tasks wait for, such as a channel or a lock.

use std::{
    cell::{Cell, RefCell},
    fmt,
    ops::Deref,
    panic::Location,
    rc::Rc,
};

use super::{
    note::{PastTask, RunningTask},
    object_number::ObjectNumber,
    object_table,
    places::{KeptPlace, Places},
};
use crate::QueuePlace;

/// What kind of object tasks wait for. Its `Display` is what reports call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ObjectKind {
    /// A [`channel`](crate::sync::channel) for many values.
    Channel,
    /// A [`oneshot`](crate::sync::oneshot) channel.
    Oneshot,
    /// A [`watch`](crate::sync::watch) channel.
    Watch,
    /// A [`broadcast`](crate::sync::broadcast) channel.
    Broadcast,
    /// A [`Mutex`](crate::sync::Mutex).
    Mutex,
    /// A [`RwLock`](crate::sync::RwLock).
    RwLock,
    /// A [`OnceCell`](crate::sync::OnceCell).
    OnceCell,
    /// A [`Semaphore`](crate::sync::Semaphore).
    Semaphore,
    /// A [`Notify`](crate::sync::Notify).
    Notify,
    /// A [`Barrier`](crate::sync::Barrier).
    Barrier,
    /// A [`Scope`](crate::scope::Scope).
    Scope,
}

impl ObjectKind {
    /// Returns whether this is a channel, which has ends.
    pub fn has_ends(self) -> bool {
        matches!(self, Self::Channel | Self::Oneshot | Self::Watch | Self::Broadcast)
    }
}

/// An object that tasks wait for. The state of a channel or a lock contains one, and reports show
/// its [record](ObjectRecord).
///
/// ```text
///   Mutex, Sender, Receiver ──► state: values, queue, Object ─► record ◄── the table of the thread
/// ```
///
/// The state may contain values that borrow, so the table cannot refer to the state. It refers to
/// the record, which contains no values. When the object is dropped, its record serves the next
/// object.
pub struct Object {
    record: Rc<ObjectRecord>,
    /// The number of the record. It is here, too, because every wait uses it.
    number: ObjectNumber,
}

/// What is known about an object.
pub struct ObjectRecord {
    pub(super) number: ObjectNumber,
    kind: Cell<ObjectKind>,
    made_at: Cell<&'static Location<'static>>,
    name: RefCell<Option<Rc<str>>>,
    /// For channels.
    ends: [End; 2],
    /// For locks and semaphores.
    takers: Takers,
    /// For objects in whose queues a leaf keeps its place until it goes on. Usually none are kept.
    places: Places,
}

/// One kind of end of a channel.
#[derive(Debug)]
pub struct End {
    count: Cell<usize>,
    last_used_by: Cell<PastTask>,
}

/// Which end of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The senders.
    Sending,
    /// The receivers.
    Receiving,
}

/// A task has taken a lock, permits of a semaphore, or a place in the queue of one of them.
///
/// A guard or a permit can be moved to another task. So this is the task that took it, and perhaps
/// not the task that has it now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    by: PastTask,
    line: &'static Location<'static>,
}

impl Taken {
    /// The running task takes an object now, or a place in its queue.
    #[inline]
    pub(crate) fn now(line: &'static Location<'static>) -> Self {
        Self { by: PastTask::now(), line }
    }

    /// Returns the task, unless no task was running.
    pub fn by(self) -> Option<RunningTask> {
        self.by.get()
    }

    /// Returns the line that made the leaf which took it.
    pub fn line(self) -> &'static Location<'static> {
        self.line
    }
}

/// The number under which a [`Taken`] is found in its object.
#[derive(Clone, Copy, Debug)]
pub struct TakenIndex(u32);

impl TakenIndex {
    /// The index of the only task that has taken an object, if there is never more than one.
    pub const ONLY: Self = Self(0);
}

/// The tasks that have taken the object. Most objects are taken by one task at most, so the first
/// entry needs no allocation.
#[derive(Default)]
struct Takers {
    first: Cell<Option<Taken>>,
    more: RefCell<MoreTakers>,
}

#[derive(Default)]
struct MoreTakers {
    entries: Vec<Option<Taken>>,
    free: Vec<u32>,
}

impl Object {
    /// Makes an object. `made_at` is the line that made it.
    pub fn new(kind: ObjectKind, made_at: &'static Location<'static>) -> Self {
        let record = object_table::take_record(kind, made_at);
        record.kind.set(kind);
        record.made_at.set(made_at);
        Self { number: record.number, record }
    }

    /// Returns the number by which the note of a waiting leaf refers to this object.
    #[inline]
    pub fn number(&self) -> ObjectNumber {
        self.number
    }
}

impl Deref for Object {
    type Target = ObjectRecord;

    fn deref(&self) -> &ObjectRecord {
        &self.record
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        object_table::return_record(&self.record);
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Object").field(&self.number.0).finish()
    }
}

impl ObjectRecord {
    pub(super) fn new(
        number: ObjectNumber,
        kind: ObjectKind,
        made_at: &'static Location<'static>,
    ) -> Self {
        Self {
            number,
            kind: Cell::new(kind),
            made_at: Cell::new(made_at),
            name: RefCell::default(),
            ends: [End::new(), End::new()],
            takers: Takers::default(),
            places: Places::default(),
        }
    }

    /// Forgets everything but the number.
    pub(super) fn clear(&self) {
        if self.name.borrow().is_some() {
            *self.name.borrow_mut() = None;
        }
        for end in &self.ends {
            end.count.set(0);
            end.last_used_by.set(PastTask::NONE);
        }
        self.takers.clear();
        self.places.clear();
    }

    /// Returns the number of the object.
    pub fn number(&self) -> ObjectNumber {
        self.number
    }

    /// Returns what kind of object this is.
    pub fn kind(&self) -> ObjectKind {
        self.kind.get()
    }

    /// Returns the line that made the object.
    pub fn made_at(&self) -> &'static Location<'static> {
        self.made_at.get()
    }

    /// Returns the name of the object, if it has one.
    pub fn name(&self) -> Option<Rc<str>> {
        self.name.borrow().clone()
    }

    /// Gives the object a name, which reports show instead of its line.
    pub fn rename(&self, name: &str) {
        *self.name.borrow_mut() = Some(name.into());
    }

    /// Returns one kind of end of a channel.
    #[inline]
    pub fn end(&self, side: Side) -> &End {
        match side {
            Side::Sending => &self.ends[0],
            Side::Receiving => &self.ends[1],
        }
    }

    /// Records that the running task has taken the object. `line` is the line that made the leaf.
    #[inline]
    pub fn take(&self, line: &'static Location<'static>) -> TakenIndex {
        self.takers.add(Taken::now(line))
    }

    /// Records that the object was released.
    #[inline]
    pub fn release(&self, index: TakenIndex) {
        self.takers.remove(index);
    }

    /// Records that the running task waits in this place of the object's queue. The leaf keeps the
    /// place until it goes on or is dropped, and no other leaf goes on before it.
    #[inline]
    pub(crate) fn waits_in(&self, place: &QueuePlace) {
        self.places.add(place.number(), place.line());
    }

    /// Records that the leaf in this place goes on or is dropped, if it has waited.
    #[inline]
    pub(crate) fn leaves(&self, place: &QueuePlace) {
        if let Some(number) = place.number() {
            self.places.remove(number);
        }
    }

    /// Returns the places in the object's queue, in their order, if they are
    /// [kept](super::keep_places).
    pub fn places(&self) -> Vec<KeptPlace> {
        self.places.in_order()
    }

    /// Returns the tasks that have taken the object, in no order.
    pub fn takers(&self) -> Vec<Taken> {
        self.takers.all()
    }
}

impl End {
    fn new() -> Self {
        Self { count: Cell::new(0), last_used_by: Cell::new(PastTask::NONE) }
    }

    /// Returns the number of ends of this kind. A leaf counts as an end until it is done.
    #[inline]
    pub fn count(&self) -> usize {
        self.count.get()
    }

    /// Counts one more end.
    #[inline]
    pub fn add(&self) {
        self.count.update(|n| n + 1);
    }

    /// Counts one end less, and returns how many are left.
    #[inline]
    pub fn remove(&self) -> usize {
        self.count.update(|n| n - 1);
        self.count.get()
    }

    /// Records that the running task uses an end of this kind.
    #[inline]
    pub fn is_used(&self) {
        self.last_used_by.set(PastTask::now());
    }

    /// Returns the task that used an end of this kind last.
    pub fn last_used_by(&self) -> Option<RunningTask> {
        self.last_used_by.get().get()
    }
}

impl Takers {
    #[inline]
    fn add(&self, taken: Taken) -> TakenIndex {
        match self.first.get() {
            None => {
                self.first.set(Some(taken));
                TakenIndex(0)
            }
            Some(_) => self.add_more(taken),
        }
    }

    fn add_more(&self, taken: Taken) -> TakenIndex {
        let MoreTakers { entries, free } = &mut *self.more.borrow_mut();
        let index = free.pop().unwrap_or_else(|| {
            entries.push(None);
            u32::try_from(entries.len()).expect("there are fewer than 4 billion permits")
        });
        entries[index as usize - 1] = Some(taken);
        TakenIndex(index)
    }

    #[inline]
    fn remove(&self, TakenIndex(index): TakenIndex) {
        match index {
            0 => self.first.set(None),
            index => self.remove_more(index),
        }
    }

    fn remove_more(&self, index: u32) {
        let MoreTakers { entries, free } = &mut *self.more.borrow_mut();
        entries[index as usize - 1] = None;
        free.push(index);
    }

    fn clear(&self) {
        self.first.set(None);
        if !self.more.borrow().entries.is_empty() {
            *self.more.borrow_mut() = MoreTakers::default();
        }
    }

    fn all(&self) -> Vec<Taken> {
        let more = self.more.borrow();
        self.first.get().into_iter().chain(more.entries.iter().flatten().copied()).collect()
    }
}

impl fmt::Debug for ObjectRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectRecord")
            .field("kind", &self.kind)
            .field("made_at", &self.made_at)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Channel => "channel",
            Self::Oneshot => "oneshot channel",
            Self::Watch => "watch channel",
            Self::Broadcast => "broadcast channel",
            Self::Mutex => "mutex",
            Self::RwLock => "read-write lock",
            Self::OnceCell => "once cell",
            Self::Semaphore => "semaphore",
            Self::Notify => "notify",
            Self::Barrier => "barrier",
            Self::Scope => "scope",
        })
    }
}
