//! What the two ends of a channel share.

use std::{cell::RefCell, collections::VecDeque, num::NonZeroUsize, rc::Rc};

use super::{Receiver, Sender};
use crate::waiters::Waiters;

/// ```text
///   send ─► sending: waiters ─► values: up to capacity ─► recv ─► receiving: waiters
/// ```
///
/// `room` counts the values a woken sender has been promised a place for, so that a send that comes
/// later cannot take it.
#[derive(Debug)]
pub(super) struct State<T> {
    pub(super) values: VecDeque<T>,
    pub(super) capacity: Option<NonZeroUsize>,
    pub(super) promised: usize,
    pub(super) senders: usize,
    pub(super) receiver_is_gone: bool,
    pub(super) sending: Waiters,
    pub(super) receiving: Waiters,
}

pub(super) type Shared<T> = Rc<RefCell<State<T>>>;

impl<T> State<T> {
    pub(super) fn channel(capacity: Option<NonZeroUsize>) -> (Sender<T>, Receiver<T>) {
        let state = Rc::new(RefCell::new(State {
            values: VecDeque::new(),
            capacity,
            promised: 0,
            senders: 1,
            receiver_is_gone: false,
            sending: Waiters::default(),
            receiving: Waiters::default(),
        }));
        (Sender::new(Rc::clone(&state)), Receiver::new(state))
    }

    /// Whether one more value may go in that nobody has been promised room for.
    pub(super) fn has_room(&self) -> bool {
        self.capacity.is_none_or(|capacity| self.values.len() + self.promised < capacity.get())
    }
}
