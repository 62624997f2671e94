//! [`Line`]: the tasks that wait for their share of something, first come first served.

use std::collections::VecDeque;

use crate::{
    LocalWaker,
    sync::waiters::{Ticket, Waiter, WakeAll},
};

/// A queue whose members keep their place until they leave it themselves.
///
/// ```text
///  tickets    7      8      9     10
///          ┌──────┬──────┬──────┬──────┐    who was woken goes on when it is resumed as the first,
///   first  │ woken│ woken│ waker│ waker│    and otherwise waits again: so a spurious resume lets
///          └──────┴──────┴──────┴──────┘    nobody overtake
/// ```
#[derive(Debug, Default)]
pub(crate) struct Line {
    places: VecDeque<(Ticket, Option<LocalWaker>)>,
    next: Ticket,
}

impl Line {
    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub(crate) fn is_first(&self, ticket: Ticket) -> bool {
        self.places.front().is_some_and(|(first, _)| *first == ticket)
    }

    /// Gets in line at the end; who is in it already stays, and gets its former waker back.
    pub(crate) fn wait(
        &mut self,
        ticket: &mut Option<Ticket>,
        waker: LocalWaker,
    ) -> Option<LocalWaker> {
        match ticket.and_then(|ticket| self.place(ticket)) {
            Some(place) => self.places[place].1.replace(waker),
            None => {
                self.places.push_back((self.next, Some(waker)));
                *ticket = Some(self.next);
                self.next += 1;
                None
            }
        }
    }

    /// Leaves the line.
    pub(crate) fn leave(&mut self, ticket: Ticket) -> Option<LocalWaker> {
        let place = self.place(ticket)?;
        self.places.remove(place)?.1
    }

    /// Who is so far from the front, to be woken; none when it is woken already.
    pub(crate) fn waiter_at(&mut self, place: usize) -> Option<Waiter> {
        let (ticket, waker) = self.places.get_mut(place)?;
        waker.take().map(|waker| Waiter { ticket: *ticket, waker })
    }

    /// Sends all away, to be woken.
    pub(crate) fn all(&mut self) -> WakeAll {
        WakeAll::new(std::mem::take(&mut self.places))
    }

    fn place(&self, ticket: Ticket) -> Option<usize> {
        self.places.binary_search_by_key(&ticket, |(ticket, _)| *ticket).ok()
    }
}
