//! What the two ends of a channel share.

use std::{cell::RefCell, collections::VecDeque, num::NonZeroUsize, rc::Rc};

use super::{Receiver, Sender};
use crate::sync::{line::Line, waiters::Waiter};

/// ```text
///   send ─► sending: a line ─► values: up to capacity ─► receiving: a line ─► recv
/// ```
///
/// While anybody is in line, room belongs to the first in it: a send that comes later gets in line.
/// So values go in in the order in which their sends began. It is the same with values and receives.
pub(super) struct State<T> {
    pub(super) values: VecDeque<T>,
    pub(super) capacity: Option<NonZeroUsize>,
    /// The senders and the sends that have not ended.
    pub(super) senders: usize,
    /// The receiver and the receives that have not ended.
    pub(super) receivers: usize,
    pub(super) sending: Line,
    pub(super) receiving: Line,
}

pub(super) type Shared<T> = Rc<RefCell<State<T>>>;

impl<T> State<T> {
    pub(super) fn channel(capacity: Option<NonZeroUsize>) -> (Sender<T>, Receiver<T>) {
        let state = Rc::new(RefCell::new(State {
            values: VecDeque::new(),
            capacity,
            senders: 1,
            receivers: 1,
            sending: Line::default(),
            receiving: Line::default(),
        }));
        (Sender::new(Rc::clone(&state)), Receiver::new(state))
    }

    /// Whether one more value may go in.
    pub(super) fn has_room(&self) -> bool {
        self.capacity.is_none_or(|capacity| self.values.len() < capacity.get())
    }

    /// Puts a value in; the receive that has it now: as many are woken as there are values.
    pub(super) fn put(&mut self, value: T) -> Option<Waiter> {
        self.values.push_back(value);
        self.receiving.waiter_at(self.values.len() - 1)
    }

    /// The first send in line, if there is room for it and it has not been woken.
    pub(super) fn next_to_send(&mut self) -> Option<Waiter> {
        if self.has_room() { self.sending.waiter_at(0) } else { None }
    }

    /// The first receive in line, if there is a value for it and it has not been woken.
    pub(super) fn next_to_receive(&mut self) -> Option<Waiter> {
        if self.values.is_empty() { None } else { self.receiving.waiter_at(0) }
    }
}
