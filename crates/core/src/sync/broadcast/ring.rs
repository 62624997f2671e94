//! [`Ring`]: the latest values, each for as long as a receiver has not received it.

use std::{collections::VecDeque, num::NonZeroUsize, rc::Rc};

/// ```text
///   numbers    7     8     9     10          a receiver is a number: that of the value it receives
///           ┌─────┬─────┬─────┬─────┐        next. The first value goes when all have received it,
///   first   │  2  │  0  │  1  │  3  │  end   or when there is no room for another.
///           └─────┴─────┴─────┴─────┘
///             receivers that have not received it
/// ```
pub(super) struct Ring<T> {
    values: VecDeque<RingValue<T>>,
    capacity: NonZeroUsize,
    /// The number of the first value.
    first: u64,
}

/// A value, shared so that it can be cloned while nothing is borrowed.
struct RingValue<T> {
    value: Rc<T>,
    /// Receivers that have not received it.
    awaited_by: usize,
}

impl<T> Ring<T> {
    pub(super) fn new(capacity: NonZeroUsize) -> Self {
        Self { values: VecDeque::new(), capacity, first: 0 }
    }

    /// The number of the value that comes next.
    pub(super) fn end(&self) -> u64 {
        self.first + self.values.len() as u64
    }

    /// Adds a value for so many receivers; the oldest one goes if there is no room.
    pub(super) fn push(&mut self, value: T, receivers: usize) -> Option<Rc<T>> {
        let oldest = match self.values.len() < self.capacity.get() {
            true => None,
            false => self.pop(),
        };
        self.values.push_back(RingValue { value: Rc::new(value), awaited_by: receivers });
        oldest
    }

    /// How many values this receiver has missed. It goes on with the first that is left.
    pub(super) fn skip_missed(&self, next: &mut u64) -> u64 {
        let missed = self.first.saturating_sub(*next);
        *next += missed;
        missed
    }

    /// The next value of this receiver, which has received it by that.
    pub(super) fn receive(&mut self, next: &mut u64) -> Option<Rc<T>> {
        let received = self.values.get_mut((*next - self.first) as usize)?;
        *next += 1;
        received.awaited_by -= 1;
        let value = Rc::clone(&received.value);
        // All values before it are gone then: who awaits them awaits this one too.
        if received.awaited_by == 0 {
            drop(self.pop());
        }
        Some(value)
    }

    /// A receiver that was here goes. Returns values to be dropped once every borrow has ended.
    pub(super) fn leave(&mut self, mut next: u64) -> Vec<Rc<T>> {
        self.skip_missed(&mut next);
        for value in self.values.iter_mut().skip((next - self.first) as usize) {
            value.awaited_by -= 1;
        }
        let is_awaited = |value: &RingValue<T>| value.awaited_by > 0;
        let gone = self.values.iter().position(is_awaited).unwrap_or(self.values.len());
        (0..gone).filter_map(|_| self.pop()).collect()
    }

    fn pop(&mut self) -> Option<Rc<T>> {
        let value = self.values.pop_front()?;
        self.first += 1;
        Some(value.value)
    }
}
