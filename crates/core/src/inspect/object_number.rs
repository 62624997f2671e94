//! [`ObjectNumber`]: what the note of a leaf says about the object that the leaf waits for.

/// The largest number that fits in a note.
pub(super) const LAST_OBJECT: u32 = (1 << 24) - 1;

/// The number of an object: no other object of this thread has it at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectNumber(pub(super) u32);

impl ObjectNumber {
    /// The leaf waits for no object, or for one that has no number.
    pub const NONE: Self = Self(0);

    /// Returns a number for the note of a leaf that does not wait for an [`Object`](super::Object).
    /// Such a leaf waits for a descriptor, for a task with an index on its host, or for a number of
    /// parts of a combinator.
    #[inline]
    pub fn of_index(index: u32) -> Self {
        Self(if index < LAST_OBJECT { index + 1 } else { 0 })
    }

    /// Returns the index that was passed to [`of_index`](Self::of_index).
    pub fn index(self) -> Option<u32> {
        self.0.checked_sub(1)
    }
}
