//! [`Ring`]: the latest values of a broadcast channel. Each is kept until all receivers have
//! received it.

use std::{collections::VecDeque, num::NonZeroUsize, rc::Rc};

/// ```text
///   numbers    7     8     9     10
///           ┌─────┬─────┬─────┬─────┐
///   first   │  2  │  2  │  3  │  3  │  end
///           └─────┴─────┴─────┴─────┘
///             receivers that have not received the value
/// ```
///
/// A receiver is represented by the number of the value that it receives next. The first value is
/// removed when all receivers have received it, or when there is no room for another value.
pub(super) struct Ring<T> {
    values: VecDeque<RingValue<T>>,
    capacity: NonZeroUsize,
    /// The number of the first value.
    first: u64,
}

/// A value, in an `Rc` so that it can be cloned while nothing is borrowed.
struct RingValue<T> {
    value: Rc<T>,
    /// The number of receivers that have not received it.
    awaited_by: usize,
}

impl<T> Ring<T> {
    pub(super) fn new(capacity: NonZeroUsize) -> Self {
        Self { values: VecDeque::new(), capacity, first: 0 }
    }

    /// Returns the number that the next value will get.
    pub(super) fn end(&self) -> u64 {
        self.first + self.values.len() as u64
    }

    /// Adds a value for this number of receivers. If there is no room, removes and returns the
    /// oldest value.
    pub(super) fn push(&mut self, value: T, receivers: usize) -> Option<Rc<T>> {
        let oldest = match self.values.len() < self.capacity.get() {
            true => None,
            false => self.pop(),
        };
        self.values.push_back(RingValue { value: Rc::new(value), awaited_by: receivers });
        oldest
    }

    /// Returns how many values a receiver has missed, and moves it to the first value that is left.
    pub(super) fn skip_missed(&self, next: &mut u64) -> u64 {
        let missed = self.first.saturating_sub(*next);
        *next += missed;
        missed
    }

    /// Returns the next value of a receiver, and counts it as received.
    pub(super) fn receive(&mut self, next: &mut u64) -> Option<Rc<T>> {
        let received = self.values.get_mut((*next - self.first) as usize)?;
        *next += 1;
        received.awaited_by -= 1;
        let value = Rc::clone(&received.value);
        // This value is the first then: a receiver that awaited an earlier value would await this
        // one, too.
        if received.awaited_by == 0 {
            drop(self.pop());
        }
        Some(value)
    }

    /// Removes a receiver at this position. Returns the values that no receiver awaits any more, to
    /// be dropped after every borrow has ended.
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
