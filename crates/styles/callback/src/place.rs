//! [`StagePlace`]: an allocation for one value after another, of any type. It is as large as the
//! largest value so far.

#![allow(unsafe_code)]

use std::{
    alloc::{Layout, alloc, dealloc, handle_alloc_error},
    ptr::NonNull,
};

/// An allocation for one value after another. It never drops a value itself.
pub(crate) struct StagePlace {
    /// Dangling if the size is 0.
    pointer: NonNull<u8>,
    /// The size and the alignment are small numbers, because every callback task has them.
    size: u32,
    align: u16,
    /// Whether there is a value. It is here and not in the owner, because here it needs no memory.
    pub(crate) is_full: bool,
}

impl StagePlace {
    /// Makes an empty place, without an allocation.
    pub(crate) fn new() -> Self {
        Self { pointer: NonNull::dangling(), size: 0, align: 1, is_full: false }
    }

    #[inline]
    pub(crate) fn pointer(&self) -> NonNull<u8> {
        self.pointer
    }

    /// Makes the empty place large enough for a value with this layout.
    #[inline]
    pub(crate) fn fit(&mut self, value: Layout) {
        if value.size() > self.size as usize || value.align() > usize::from(self.align) {
            self.grow(value);
        }
    }

    #[cold]
    fn grow(&mut self, value: Layout) {
        let size = u32::try_from(value.size()).expect("a stage is smaller than 4 GiB");
        let align = u16::try_from(value.align()).expect("a stage is aligned to 32 KiB at most");
        let (size, align) = (size.max(self.size).max(1), align.max(self.align));
        *self = Self::new();
        let layout = layout(size, align);
        // SAFETY: the size is not 0.
        let pointer = NonNull::new(unsafe { alloc(layout) });
        let pointer = pointer.unwrap_or_else(|| handle_alloc_error(layout));
        *self = Self { pointer, size, align, is_full: false };
    }
}

fn layout(size: u32, align: u16) -> Layout {
    Layout::from_size_align(size as usize, align.into()).expect("both come from a layout")
}

impl Drop for StagePlace {
    fn drop(&mut self) {
        if self.size > 0 {
            // SAFETY: `grow` has allocated it with this layout.
            unsafe { dealloc(self.pointer.as_ptr(), layout(self.size, self.align)) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smaller_value_uses_the_same_allocation() {
        let mut place = StagePlace::new();
        place.fit(Layout::new::<[u64; 4]>());
        let pointer = place.pointer();
        place.fit(Layout::new::<u8>());
        place.fit(Layout::new::<[u64; 4]>());
        assert_eq!(place.pointer(), pointer);
    }

    #[test]
    fn a_value_without_size_needs_no_allocation() {
        let mut place = StagePlace::new();
        place.fit(Layout::new::<()>());
        assert_eq!(place.size, 0);
    }

    #[test]
    fn a_place_is_aligned_for_the_largest_alignment_and_size_so_far() {
        let mut place = StagePlace::new();
        place.fit(Layout::new::<[u64; 4]>());
        place.fit(Layout::from_size_align(0, 4_096).unwrap());
        assert!(place.pointer().cast::<u8>().addr().get().is_multiple_of(4_096));
        assert_eq!((place.size, place.align), (32, 4_096));
    }

    #[test]
    fn a_place_is_two_words() {
        assert_eq!(size_of::<StagePlace>(), 2 * size_of::<usize>());
    }
}
