//! The table of the objects of a thread: it finds the record of an object by its number.

use std::{cell::RefCell, panic::Location, rc::Rc};

use super::{
    object::{ObjectKind, ObjectRecord},
    object_number::{LAST_OBJECT, ObjectNumber},
};

#[derive(Default)]
struct ObjectTable {
    /// The record with the number `n` is at `n - 1`.
    records: Vec<Rc<ObjectRecord>>,
    /// The numbers of the records whose objects were dropped.
    free: Vec<ObjectNumber>,
}

thread_local! {
    static OBJECTS: RefCell<ObjectTable> = RefCell::default();
}

/// Returns a record for a new object. If there are too many objects, or if the thread is ending, it
/// has no number, and reports do not show it.
pub(super) fn take_record(
    kind: ObjectKind,
    made_at: &'static Location<'static>,
) -> Rc<ObjectRecord> {
    let record = OBJECTS.try_with(|objects| objects.borrow_mut().take_record(kind, made_at));
    record.unwrap_or_else(|_| Rc::new(ObjectRecord::new(ObjectNumber::NONE, kind, made_at)))
}

/// Returns the record of an object that is being dropped.
pub(super) fn return_record(record: &ObjectRecord) {
    if record.number != ObjectNumber::NONE {
        record.clear();
        // The table may be gone, if a thread-local has contained the object.
        _ = OBJECTS.try_with(|objects| objects.borrow_mut().free.push(record.number));
    }
}

/// Returns the record of the object with this number, if there is one on this thread.
pub fn record_of(number: ObjectNumber) -> Option<Rc<ObjectRecord>> {
    let index = (number.0 as usize).checked_sub(1)?;
    OBJECTS.try_with(|objects| objects.borrow().records.get(index).cloned()).ok().flatten()
}

impl ObjectTable {
    #[inline]
    fn take_record(
        &mut self,
        kind: ObjectKind,
        made_at: &'static Location<'static>,
    ) -> Rc<ObjectRecord> {
        match self.free.pop() {
            Some(number) => Rc::clone(&self.records[number.0 as usize - 1]),
            None => self.grow(kind, made_at),
        }
    }

    #[cold]
    fn grow(&mut self, kind: ObjectKind, made_at: &'static Location<'static>) -> Rc<ObjectRecord> {
        let number = match u32::try_from(self.records.len() + 1) {
            Ok(number) if number <= LAST_OBJECT => ObjectNumber(number),
            Ok(_) | Err(_) => ObjectNumber::NONE,
        };
        let record = Rc::new(ObjectRecord::new(number, kind, made_at));
        if number != ObjectNumber::NONE {
            self.records.push(Rc::clone(&record));
        }
        record
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::{Object, Side};

    #[test]
    fn a_record_serves_one_object_after_another() {
        let line = Location::caller();
        let first = Object::new(ObjectKind::Mutex, line);
        first.rename("first");
        first.end(Side::Sending).add();
        let index = first.take(line);
        let number = first.number();
        drop(first);
        let second = Object::new(ObjectKind::Channel, line);
        assert_eq!(second.number(), number);
        let record = record_of(number).expect("the object exists");
        assert_eq!(record.kind(), ObjectKind::Channel);
        assert_eq!(record.name(), None);
        assert_eq!(record.end(Side::Sending).count(), 0);
        assert_eq!(record.takers(), []);
        _ = index;
    }

    #[test]
    fn an_entry_of_a_taker_is_used_again() {
        let line = Location::caller();
        let semaphore = Object::new(ObjectKind::Semaphore, line);
        let mut taken: Vec<_> = (0..3).map(|_| semaphore.take(line)).collect();
        for _ in 0..100 {
            semaphore.release(taken.remove(0));
            taken.push(semaphore.take(line));
            assert_eq!(semaphore.takers().len(), 3);
        }
    }
}
