//! [`LoopPartWakers`]: the wakers that a loop makes for the parts of a combinator.

use std::{sync::Arc, task::Waker};

use quadrivium_core::host::{PartWakers, WokenParts};

use crate::{
    tasks::{part_slots::PartKeys, slot_key::SlotKey},
    turn::Loop,
    wake::{active_loop, integer_waker, mailbox::RemoteRequest, mailbox_table},
};

struct LoopPartWakers {
    keys: Option<PartKeys>,
    index: u16,
    first_generation: u32,
}

impl Loop {
    /// Returns wakers for the parts of a combinator. There are none for a loop that does not run
    /// now, and none if the loop has too many parts.
    pub(crate) fn make_part_wakers(&self, woken: &Arc<WokenParts>) -> Option<Box<dyn PartWakers>> {
        let (index, first_generation) = (self.index(), self.first_generation());
        if !active_loop::with(index, |_| ()) {
            return None;
        }
        let keys = Some(self.parts.borrow_mut().insert(woken)?);
        Some(Box::new(LoopPartWakers { keys, index, first_generation }))
    }

    /// Records a wake of a part. Returns the waker of the combinator if it has to be woken.
    #[inline]
    pub(crate) fn wake_part(&self, key: SlotKey) -> Option<Arc<Waker>> {
        let parts = self.parts.borrow();
        let (woken, part) = parts.at(key)?;
        woken.wake(part)
    }

    /// Records that a part's waker was cloned, so that code outside the loop may wake the
    /// combinator.
    pub(crate) fn part_waker_escapes(&self, key: SlotKey) {
        if let Some((woken, _)) = self.parts.borrow().at(key) {
            woken.escape(integer_waker::escape);
        }
    }
}

impl PartWakers for LoopPartWakers {
    #[inline]
    fn waker(&self, part: usize) -> Waker {
        let keys = self.keys.as_ref().expect("only `drop` takes the keys");
        integer_waker::part_waker(keys.key(part))
    }

    fn are_of_this_host(&self) -> bool {
        // An earlier loop may have had the same index.
        let mut are_of_it = false;
        let is_of_it = |it: &Loop| are_of_it = it.first_generation() == self.first_generation;
        active_loop::with(self.index, is_of_it);
        are_of_it
    }
}

/// Frees the slots. If the loop does not run on this thread now, it does that in its next turn.
impl Drop for LoopPartWakers {
    fn drop(&mut self) {
        let Some(keys) = self.keys.take() else { return };
        let (index, first_generation) = (self.index, self.first_generation);
        let remove = move || {
            active_loop::with(index, |it| it.parts.borrow_mut().remove(&keys));
        };
        match self.are_of_this_host() {
            true => remove(),
            false => mailbox_table::of(index)
                .request(RemoteRequest::Run(Box::new(remove)), first_generation),
        }
    }
}
