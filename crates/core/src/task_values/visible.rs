//! The values that code on this thread sees: those of the task that is being resumed, or whose
//! destructors are running.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    sync::Arc,
};

use super::InheritedValues;

/// A value, or several values of one origin, while they are visible.
#[derive(Debug)]
pub enum VisibleValues {
    /// A value of the key with this number, which is not inherited.
    Local(usize, Arc<dyn Any>),
    /// Values that the tasks inherit that are spawned meanwhile.
    Inherited(InheritedValues),
}

/// Which entries count. It is apart from the entries and has no destructor. So a thread without
/// values reads one word.
#[derive(Clone, Copy)]
struct Range {
    /// The entries before this one belong to a task outside the host that drives the thread now.
    begin: u32,
    end: u32,
    /// The number of [`VisibleValues::Inherited`] in the range.
    inherited: u32,
}

thread_local! {
    static RANGE: Cell<Range> = const { Cell::new(Range { begin: 0, end: 0, inherited: 0 }) };
    /// The innermost task comes last.
    static ENTRIES: RefCell<Vec<VisibleValues>> = const { RefCell::new(Vec::new()) };
}

/// Makes an entry visible, until the guard is dropped.
pub(super) fn show(entry: VisibleValues) -> ShownValues {
    let outer = RANGE.get();
    let is_inherited = matches!(entry, VisibleValues::Inherited(_));
    // The destructor of another thread-local may drop a task after the entries of this thread are
    // gone. Then that task sees no values.
    cut(outer.end);
    let added = ENTRIES.try_with(|entries| entries.borrow_mut().push(entry));
    if added.is_ok() {
        let inherited = outer.inherited + u32::from(is_inherited);
        RANGE.set(Range { end: outer.end + 1, inherited, ..outer });
    }
    ShownValues { outer }
}

/// Hides the entry again when it is dropped. Made by [`show`].
pub(super) struct ShownValues {
    outer: Range,
}

impl Drop for ShownValues {
    fn drop(&mut self) {
        RANGE.set(self.outer);
        cut(self.outer.end);
    }
}

/// Drops the entries from this one on. Usually that is one, or none. There are more after code that
/// drops guards of hosts in a wrong order.
fn cut(end: u32) {
    let cut = ENTRIES.try_with(|entries| {
        let mut entries = entries.borrow_mut();
        let end = entries.len().min(end as usize);
        entries.split_off(end)
    });
    // The destructor of a value is user code, which may look for values.
    drop(cut);
}

/// Hides all values, because another host drives the thread from now on. Returns what [`restore`]
/// needs.
#[inline]
pub(crate) fn hide() -> Hidden {
    let outer = RANGE.get();
    RANGE.set(Range { begin: outer.end, end: outer.end, inherited: 0 });
    Hidden(outer)
}

/// The values that were visible before a host was entered.
pub(crate) struct Hidden(Range);

#[inline]
pub(crate) fn restore(hidden: &Hidden) {
    RANGE.set(hidden.0);
}

/// Returns whether a task that is spawned now inherits values.
#[inline]
pub(crate) fn has_inherited() -> bool {
    RANGE.get().inherited > 0
}

/// Returns the value of the key with this number in the innermost task that has one.
pub(super) fn find(number: usize) -> Option<Arc<dyn Any>> {
    find_map(|entry| match entry {
        VisibleValues::Local(key, value) => (*key == number).then(|| Arc::clone(value)),
        VisibleValues::Inherited(values) => values.find(number),
    })
}

/// Returns the values that a task inherits that is spawned now.
pub(super) fn inherited() -> Option<InheritedValues> {
    let mut found: Option<InheritedValues> = None;
    if has_inherited() {
        find_map(|entry| {
            if let VisibleValues::Inherited(outer) = entry {
                found = Some(match found.take() {
                    Some(inner) => inner.around(outer),
                    None => outer.clone(),
                });
            }
            None::<()>
        });
    }
    found
}

/// Calls `f` with the visible entries, the innermost first, until it returns something. `f` runs no
/// user code.
fn find_map<R>(f: impl FnMut(&VisibleValues) -> Option<R>) -> Option<R> {
    let Range { begin, end, .. } = RANGE.get();
    if begin == end {
        return None;
    }
    let found = ENTRIES.try_with(|entries| {
        entries.borrow().get(begin as usize..end as usize)?.iter().rev().find_map(f)
    });
    found.ok().flatten()
}
